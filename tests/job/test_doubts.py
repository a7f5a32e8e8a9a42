"""Doubts: said on stderr and in the log, silenced, made an error, and kept in the checkpoint."""

from __future__ import annotations

import gzip
import io
import json
import re
import signal
import subprocess
import time
import zipfile
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from stream_signal import DoubtError, DoubtWarning, run, signals
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, logged, run_in_process, settings_yaml
from support.doubtful import BAD, DOUBTFUL, NEWEST_FIRST, PLAIN, TWICE, candles_at, dated
from support.processes import append
from support.terminals import on_terminal
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def zipped(data: bytes) -> bytes:
    """Make a zip file of a file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", data)
    return file.getvalue()


def kinds(folder: Path) -> list[object]:
    """List the kinds of the doubts that a job has logged, and remove the log."""
    found = [event["kind"] for event in logged(folder, "doubt")]
    (folder / "run.log").unlink()
    return found


@pytest.mark.parametrize(("_", "kind", "data"), DOUBTFUL, ids=[case.name for case in DOUBTFUL])
def test_said(_: str, kind: str, data: bytes, tmp_path: Path) -> None:
    """One line on stderr and one event in the log; exit code and metrics are those of any job."""
    (tmp_path / "data.csv").write_bytes(data)
    quiet = run_in_process("data.csv", "--quiet", cwd=tmp_path)
    assert (quiet.code, quiet.stderr, quiet.record["status"]) == (0, "", "success")
    for inputs, stdin in (["data.csv"], b""), ([], data):
        done = run_in_process(*inputs, "--log-file", "run.log", stdin=stdin, cwd=tmp_path)
        said, *lines = done.stderr.splitlines()
        (doubt,) = logged(tmp_path, "doubt")
        assert (done.code, doubt["kind"], said) == (0, kind, f"stream-signal: {doubt['text']}")
        assert len(lines) == {"backwards": data == NEWEST_FIRST, "thousands": 2}.get(kind, 0)  # how to read it
        assert done.record | {"latency_ms": 0} == quiet.record | {"latency_ms": 0}
        (tmp_path / "run.log").unlink()
        assert run_in_process(*inputs, stdin=stdin, cwd=tmp_path).stderr.splitlines()[0] == said
    assert run_in_process("data.csv", "--log-file", "run.log", "-q", cwd=tmp_path).stderr == ""
    assert kinds(tmp_path) == [kind]


@pytest.mark.parametrize(("_", "kind", "data"), DOUBTFUL, ids=[case.name for case in DOUBTFUL])
def test_strict(_: str, kind: str, data: bytes, tmp_path: Path) -> None:
    """With --strict, the job fails with that text, in the record, on stderr and in the log."""
    done = run_in_process("--strict", "--quiet", "--log-file", "run.log", stdin=data, cwd=tmp_path)
    doubt, failed = logged(tmp_path, "doubt", "job failed")
    assert (done.code, done.record["error_message"], failed["error"]) == (1, doubt["text"], doubt["text"])
    assert done.stderr.splitlines()[0] == f"stream-signal: {doubt['text']}"
    assert (doubt["kind"], failed["kind"]) == (kind, "DoubtError")


@pytest.mark.parametrize(("_", "kind", "data"), DOUBTFUL, ids=[case.name for case in DOUBTFUL])
def test_from_python(_: str, kind: str, data: bytes) -> None:
    """`run` warns, with the line that called it, and has the texts in its metrics; if it is strict, it raises them."""
    with pytest.warns(DoubtWarning) as warned:
        metrics = run(data)
    assert tuple(str(warning.message) for warning in warned) == metrics.doubts
    assert (len(warned), warned[0].filename) == (1, __file__)
    assert "doubts" not in metrics.to_dict()
    with pytest.raises(DoubtError) as refused:
        run(data, strict=True)
    assert (str(refused.value),) == metrics.doubts
    assert kind  # which a job tells


def test_arrays() -> None:
    """`signals` warns of what is doubtful in closes, and in the times of a Series; if it is strict, it raises that."""
    pd = pytest.importorskip("pandas")
    times = pd.date_range("2024-01-01", periods=20, freq="min")
    closes = pd.Series(range(20), times, dtype=float)
    doubtful = [
        [1, 2],
        [1, None] * 5,
        [Decimal(1), None] * 5,
        [*range(10), None, None],
        closes[::-1],
        pd.concat([closes, closes[-1:]]),
    ]
    for values in doubtful:
        with pytest.warns(DoubtWarning) as warned:
            signals(values)
        assert (len(warned), warned[0].filename) == (1, __file__)
        with pytest.raises(DoubtError, match=re.escape(str(warned[0].message))):
            signals(values, strict=True)
    for plain in ([], [*range(10), None], closes, closes.reset_index(drop=True)[::-1]):
        assert len(signals(plain, strict=True)) == len(plain)


@pytest.mark.parametrize(("flags", "is_told"), [([], True), (["--quiet"], False), (["--config", "config.yaml"], False)])
def test_the_config_that_was_found(flags: list[str], is_told: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """Which config was found is a note: it is said on a terminal, and not where nobody looks."""
    (tmp_path / "config.yaml").write_text(settings_yaml(window=2))
    (tmp_path / "data.csv").write_bytes(PLAIN)
    assert run_in_process("data.csv", *flags, cwd=tmp_path).stderr == ""
    with on_terminal(tmp_path, "data.csv", "--no-progress", *flags) as (process, shown):
        process.communicate()
        assert shown.screen()[:-1] == ["stream-signal: settings of config.yaml; --no-config leaves them out"] * is_told


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    """They are a doubt; preambles, repeated headers and few missing closes are only logged."""
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing"))
    data = b"https://example.com\n" + BAD + HEADER.encode() + row(300, "").encode() + b"\n"
    run_in_process("--log-file", "run.log", stdin=data, cwd=tmp_path)
    assert kinds(tmp_path) == ["bad_rows"]
    done = run_in_process("--strict", stdin=b"\n# x\n" + PLAIN + HEADER.encode() + row(300, "").encode(), cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")


def test_no_doubt(tmp_path: Path) -> None:
    """Nothing is doubted in candles in order, with short gaps or none, days of stocks, nor without timestamps."""
    short_gaps = candles_at(*range(150), *range(160, 300))
    days = dated(*(str(date.fromordinal(day)) for day in range(738_886, 739_000) if day % 7 not in {6, 0}))
    alone = b"close\n" + "\n".join(CLOSES).encode()
    for data in (
        PLAIN,
        short_gaps,
        days,
        alone,
        dated("01/02/2024", "02/03/2024", "03/04/2024", "04/05/2024", "05/06/2024"),
    ):
        for flags in ([], ["--strict"]):
            done = run_in_process(*flags, stdin=data, cwd=tmp_path)
            assert (done.code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("pack", "flags", "advice"),
    [
        (gzip.compress, [], "decompress it to a file, and read that with --newest-first"),
        (zipped, [], "decompress it to a file, and read that with --newest-first"),
        (bytes, ["--checkpoint", "c.json"], "--checkpoint needs the rows in order of time: sort them first"),
    ],
    ids=["gzip", "zip", "a checkpoint"],
)
def test_newest_first_is_not_advised_where_it_is_refused(
    pack: Callable[[bytes], bytes], flags: list[str], advice: str, tmp_path: Path
) -> None:
    """Where an input cannot be read from its end, the doubt says what else to do."""
    (tmp_path / "data").write_bytes(pack(NEWEST_FIRST))
    done = run_in_process("data", *flags, cwd=tmp_path)
    assert done.stderr.startswith("stream-signal: newest first: 299 of 299 (100 %)")
    assert done.stderr.splitlines()[0].endswith(f"; {advice}")
    for line in proposed(done.stderr):
        again = type_line(line, tmp_path)
        assert (again.code, again.stderr) == (0, "")
    assert run_in_process("data", *flags, "--newest-first", cwd=tmp_path).code != 0


def test_oldest_first_read_from_the_end(tmp_path: Path) -> None:
    """An oldest-first file that is read with --newest-first is a doubt that says to leave it out."""
    (tmp_path / "data.csv").write_bytes(PLAIN)
    done = run_in_process("data.csv", "--newest-first", cwd=tmp_path)
    assert "; the file is oldest first, and `newest_first` reads it from its end\n" in done.stderr
    assert run_in_process("data.csv", "--newest-first", "--no-newest-first", cwd=tmp_path).stderr == ""


def test_settings_in_python(tmp_path: Path) -> None:
    """A doubt from Python names the settings to change, and no flag of the command."""
    (tmp_path / "data.csv").write_bytes(PLAIN)
    symbols = b"Name,time,close\n" + b"".join(b"%c,%d,1\n" % (name, 60 * at) for name in b"AB" for at in range(20))
    for config, source, ending in (
        ({"newest_first": True}, tmp_path / "data.csv", "; set newest_first=False"),
        ({}, symbols, "; set key='Name' or key='none'"),
        ({}, NEWEST_FIRST, "; sort the rows, or let `newest_first` read the file from its end"),
    ):
        with pytest.warns(DoubtWarning) as warned:
            metrics = run(source, config)
        texts = [str(warning.message) for warning in warned]
        assert (texts[0].endswith(ending), "--" in texts[0], metrics.doubts) == (True, False, tuple(texts))
        with pytest.raises(DoubtError, match=re.escape(ending)):
            run(source, config, strict=True)


def test_the_files_in_the_wrong_order(tmp_path: Path) -> None:
    """The last timestamp of a file and the first of the next are compared, however long the files are."""
    for name, first in (("jan.csv", 0), ("feb.csv", 20_000)):
        (tmp_path / name).write_bytes(candles_at(*range(first, first + 20_000)))
    assert run_in_process("jan.csv", "feb.csv", "--strict", cwd=tmp_path).code == 0
    done = run_in_process("feb.csv", "jan.csv", cwd=tmp_path)
    assert "first: row 20001: '1700000000' after '1702399940'" in done.stderr
    assert done.code == 0


def test_every_row(tmp_path: Path) -> None:
    """A doubt beyond the first 10,000 rows is noticed with --strict, with a log and with signals."""
    data = candles_at(*range(15_000), 14_990)
    assert run_in_process(stdin=data, cwd=tmp_path).stderr == ""
    for flags in (["--signals", "s.csv"], ["--log-file", "run.log"]):
        assert "out of order: 1 of 15000" in run_in_process(*flags, stdin=data, cwd=tmp_path).stderr
    assert run_in_process("--strict", stdin=data, cwd=tmp_path).code == 1


@pytest.mark.parametrize(
    ("header", "is_note"),
    [
        (b"time,close", True),
        (b"time,close,volume,symbol", True),
        (b"id,close,qty,quoteQty,time,isBuyerMaker,isBestMatch", True),
        (b"time,open,close", False),
        (b"time,close,anfangs,spitze,boden", False),  # nobody knows what they are
        ("날짜,시가,close".encode(), False),
        ("Дата;Макс.;close".encode(), False),
        (b"Datum;Tief;close", False),
    ],
)
def test_trades(header: bytes, is_note: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Where no row has an open, a high or a low, timestamps that repeat are a note; where one may, they are a doubt."""
    mark = b";" if b";" in header else b","
    names = header.split(mark)
    at = next(at for at, name in enumerate(names) if name in {b"time", b"Datum", "날짜".encode(), "Дата".encode()})
    days = [*range(10, 29), 28]
    cells = [[b"2024-01-%d" % day if place == at else b"7" for place in range(len(names))] for day in days]
    data = b"\n".join([header, *map(mark.join, cells), b""])
    done = run_in_process("--log-file", "run.log", stdin=data, cwd=tmp_path)
    (told,) = logged(tmp_path, "doubt", "note")
    assert (told["event"], told["kind"]) == ("note" if is_note else "doubt", "repeated")
    assert ("the same timestamp twice: 1 of 19" in done.stderr) != is_note
    assert run_in_process("--strict", stdin=data, cwd=tmp_path).code == (0 if is_note else 1)


@pytest.mark.parametrize("pipe", [False, True])
def test_a_checkpoint_keeps_a_doubt(pipe: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """The rows of a doubtful answer are saved, and so is the doubt: the next run has it, and fails with --strict."""
    (tmp_path / "data.csv").write_bytes(TWICE)
    inputs = [] if pipe else ["data.csv"]
    text = "the same timestamp twice: 1 of "
    first = run_in_process(*inputs, "--checkpoint", "state.json", "--strict", stdin=TWICE, cwd=tmp_path)
    assert (first.code, text in first.record["error_message"]) == (1, True)
    assert json.loads((tmp_path / "state.json").read_bytes())["saved"]["state"]["rows"] == 301
    for number, (flags, code) in enumerate((([], 0), (["--log-file", "run.log"], 0), (["--strict"], 1), (["-q"], 0))):
        new = row(301 + number, "5") + "\n"
        append(tmp_path / "data.csv", new)
        done = run_in_process(*inputs, *flags, "--checkpoint", "state.json", stdin=new.encode(), cwd=tmp_path)
        assert (done.code, text in done.stderr) == (code, flags != ["-q"])


def test_a_row_sent_again(tmp_path: Path) -> None:
    """The first row of a pipe is compared with the last one before the checkpoint, also after many rows."""
    minutes = range(12_000)
    assert run_in_process("--checkpoint", "state.json", stdin=candles_at(*minutes), cwd=tmp_path).stderr == ""
    done = run_in_process("--checkpoint", "state.json", stdin=(row(11_999, "4") + "\n").encode(), cwd=tmp_path)
    assert "first: row 12001: '1700719940' after '1700719940'" in done.stderr


def test_followed(tmp_path: Path) -> None:
    """With --follow, a doubt is said when it is noticed, and once."""
    path = tmp_path / "data.csv"
    path.write_bytes(PLAIN)
    command = [COMMAND, "data.csv", "--follow", "--output", "m.json"]
    with (tmp_path / "err").open("wb") as err, subprocess.Popen(command, cwd=tmp_path, stderr=err) as process:
        append(path, row(299, "4") + "\n")
        while not (tmp_path / "err").read_bytes().count(b"\n"):
            time.sleep(0.01)
        append(path, row(299, "4") + "\n" + row(300, "4") + "\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert (tmp_path / "err").read_bytes() == (
        b"stream-signal: the same timestamp twice: 1 of 300 (0.333 %) equals the one before it; "
        b"first: row 301: '1700017940' after '1700017940'\n"
    )


def test_too_many_bad_rows(tmp_path: Path) -> None:
    """More than half of the rows, or than the share that is set, are refused at the end; half of them are not."""
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing", window=2))
    half = candle_csv(["1", "2", "x", "y"])
    message = (
        "expected at most 0.5 of the rows bad (`max_bad`), found 3 of 5 rows that could not be read; "
        "first: line 4: expected a decimal number in column 'close', found 'x'"
    )
    assert run_in_process("--quiet", stdin=half, cwd=tmp_path).code == 0
    done = run_in_process(stdin=half + b"9,z\n", cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, message)
    assert "--max-bad 0.6 lets so many be bad" in done.stderr
    assert run_in_process("--max-bad", "0.6", "--quiet", stdin=half + b"9,z\n", cwd=tmp_path).code == 0
    assert run_in_process("--max-bad", "0.4", stdin=half, cwd=tmp_path).code == 1
    (tmp_path / "config.yaml").write_text("seed: 42\nwindow: 2\nversion: v1\nbad_rows: missing\nmax_bad: 0.6\n")
    assert run_in_process("--quiet", stdin=half + b"9,z\n", cwd=tmp_path).code == 0


def test_no_window_because_of_bad_rows(tmp_path: Path) -> None:
    """If bad rows are why no window was full, the job fails; if there were not rows enough, it is a doubt."""
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing", window=4))
    done = run_in_process(stdin=candle_csv(["1", "2", "3", "x"] * 5), cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"].startswith(
        "expected a window of 4 rows that can be read, found none in 20 rows, of which 5 could not be read"
    )
    assert "a shorter --window needs fewer rows without one of them" in done.stderr
    for closes in (["1", "2", "x"], ["1", "2", "3", ""] * 5 + ["x"]):
        assert run_in_process("--quiet", stdin=candle_csv(closes), cwd=tmp_path).code == 0
