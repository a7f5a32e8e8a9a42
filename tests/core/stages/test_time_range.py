"""A range of time: the rows in it are counted as if the input had no others."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError, DataError, SignalStream, TimeOrder
from stream_signal.command.candles import candles
from support.commands import run_command, run_in_process
from support.streams import BY_ROWS, by_blocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = 1_704_067_200
TEXTS: dict[str, Callable[[int], str]] = {
    "epochs": str,
    "ISO": lambda epoch: (
        f"2024-01-{1 + (epoch - START) // 86400:02}T{epoch % 86400 // 3600:02}:{epoch % 3600 // 60:02}Z"
    ),
    "mixed": lambda epoch: str(epoch) if epoch % 7 else f"{epoch}.0",
}


def file_of(form: str, rows: int = 600) -> list[str]:
    """Return the lines of a file whose times are written in a form."""
    header, *lines = b"".join(candles(rows, seed=1)).decode().splitlines()
    cells = [line.split(",", 1) for line in lines]
    return [header, *(f"{TEXTS[form](int(time))},{rest}" for time, rest in cells)]


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(300), by_blocks(65536)], ids=["rows", "small", "blocks"])
@pytest.mark.parametrize("form", TEXTS)
@given(first=st.integers(-5, 605), count=st.integers(1, 610), seed=st.integers(0, 9), shuffled=st.booleans())
def test_as_if_there_were_no_others(
    form: str, engine: dict[str, object], first: int, count: int, seed: int, *, shuffled: bool
) -> None:
    """Whatever the form and order of the times, the cuts and the engine: the counts are those of the rows alone."""
    since, until = START + 60 * first, START + 60 * (first + count)
    header, *lines = file_of(form)
    pairs = list(enumerate(lines))
    if shuffled:
        Random(seed).shuffle(pairs)
    alone = [line for at, line in pairs if first <= at < first + count]
    data = "".join(f"{line}\n" for line in (header, *(line for _, line in pairs))).encode()
    stream = SignalStream(Config(since=since, until=until), **engine)  # type: ignore[arg-type]
    cut = Random(seed).randrange(len(data))
    stream.feed(data[:cut])
    state = stream.state()
    resumed = SignalStream.from_state(Config(since=since, until=until), state, **engine)  # type: ignore[arg-type]
    resumed.feed(data[state.offset :])
    expected = SignalStream()
    expected.feed("".join(f"{line}\n" for line in (header, *alone)).encode())
    assert resumed.counts == expected.counts


def test_every_way_in(tmp_path: Path) -> None:
    """A file, a pipe, several processes, a newest-first file and one with a log give one answer."""
    lines = file_of("ISO", 3000)
    text = "".join(f"{line}\n" for line in lines)
    (tmp_path / "data.csv").write_text(text)
    (tmp_path / "newest.csv").write_text("".join(f"{line}\n" for line in (lines[0], *lines[:0:-1])))
    flags = ("--from", "2024-01-01T10:00Z", "--to", "2024-01-02", "--no-config")
    wanted = run_in_process("data.csv", *flags, cwd=tmp_path).record
    assert (wanted["rows_processed"], wanted["status"]) == (840, "success")
    for arguments, stdin in (
        (("-",), text.encode()),
        (("data.csv", "--jobs", "2"), b""),
        (("newest.csv", "--newest-first"), b""),
        (("data.csv", "--signals", "s.csv"), b""),
        (("data.csv", "--log-file", "run.log"), b""),
    ):
        done = run_command(*arguments, *flags, stdin=stdin, cwd=tmp_path)
        assert (done.code, done.stderr) == (0, "")
        assert {**done.record, "latency_ms": 0} == {**wanted, "latency_ms": 0}
    signals = (tmp_path / "s.csv").read_text().splitlines()
    assert (len(signals), signals[1].split(",")[1]) == (841, "2024-01-01T10:00Z")


def test_a_config_and_a_checkpoint(tmp_path: Path) -> None:
    """The range is a setting: YAML has it, with a date as it is, and a checkpoint belongs to one range."""
    (tmp_path / "data.csv").write_text("".join(f"{line}\n" for line in file_of("epochs", 3000)))
    (tmp_path / "c.yaml").write_text("seed: 1\nwindow: 5\nversion: v1\nsince: 2024-01-02\nuntil: 1704175200\n")
    done = run_in_process("data.csv", "--config", "c.yaml", "--checkpoint", "s.json", cwd=tmp_path)
    assert done.record["rows_processed"] == 360
    done = run_in_process("data.csv", "--from", "2024-01-02", "--checkpoint", "s.json", cwd=tmp_path)
    assert done.code == 1
    assert "it was saved with" in done.record["error_message"]


def test_no_full_range(tmp_path: Path) -> None:
    """A range without a row is an error that says so."""
    done = run_in_process("--from", "2025-01-01", stdin="\n".join(file_of("epochs")).encode(), cwd=tmp_path)
    assert done.record["error_message"] == "expected at least one row in the range of time, found none"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"since": "tomorrow"}, "since: expected a time such as"),
        ({"since": "03/04/2024"}, "since: expected a time such as"),
        ({"until": True}, "until: expected a time such as"),
        ({"since": "2024-01-02", "until": "2024-01-02"}, "until: expected a later time than that of `since`"),
    ],
)
def test_no_time(settings: dict[str, object], message: str) -> None:
    """What is no time, or may be two, is refused, and so is a range that ends before it begins."""
    with pytest.raises(ConfigError, match=message):
        Config(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("a,close\n1,2\n", "expected a timestamp column for --from and --to, found none that is known"),
        ("time,close\n60,1\nx,2\n", "expected a time for --from and --to in row 2, found 'x'"),
        (
            "time,close\n2024-01-05,1\n02/03/2024,1\n",
            "expected a time that is in the range or not in row 2, found '02/03/2024'",
        ),
    ],
)
def test_rows_that_cannot_be_told(data: str, message: str) -> None:
    """A row whose time cannot be read, or may be in the range or not, is an error; the rows before it are counted."""
    stream = SignalStream(Config(since="1970-01-01", until="2024-02-10"), [TimeOrder()])
    with pytest.raises(DataError) as refused:
        stream.feed(data.encode())
    assert str(refused.value) == message
    assert stream.rows == int("row 2" in message)
