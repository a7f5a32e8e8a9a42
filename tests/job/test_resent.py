"""--resume-by time: a sender repeats what it likes, and each row counts once, or the job refuses."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream
from stream_signal.core.layout.layout import find_header
from stream_signal.job.resent import Repeats
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import Done, check_metrics, run_in_process, settings_yaml

if TYPE_CHECKING:
    from pathlib import Path

ARGUMENTS = ("--checkpoint", "state.json", "--resume-by", "time", "--signals", "s.csv", "--output", "m.json")


def rows(first: int, last: int) -> bytes:
    """Make the rows of a stream, by their numbers from 0."""
    return "".join(row(number, CLOSES[number]) + "\n" for number in range(first, last)).encode()


def send(folder: Path, data: bytes, *more: str) -> Done:
    """Send bytes through a pipe."""
    return run_in_process(*ARGUMENTS, *more, stdin=data, cwd=folder)


@pytest.mark.parametrize("header", [HEADER.encode(), b""], ids=["header", "no header"])
def test_repeated_from_anywhere(header: bytes, tmp_path: Path) -> None:
    """From the first row, from one in the middle, from the last one counted or after it: each row counts once."""
    assert send(tmp_path, HEADER.encode() + rows(0, 20)).code == 0
    for first, last in ((0, 30), (10, 40), (39, 50), (50, 60), (0, 60), (10, 40), (59, 70)):
        assert send(tmp_path, header + rows(first, last)).code == 0
    check_metrics(tmp_path, CLOSES[:70])
    assert run_in_process("--signals", "plain.csv", stdin=HEADER.encode() + rows(0, 70), cwd=tmp_path).code == 0
    assert (tmp_path / "s.csv").read_bytes() == (tmp_path / "plain.csv").read_bytes()


def test_a_last_row_without_its_newline(tmp_path: Path) -> None:
    """The last row of a pipe is one like the others, repeated or new."""
    assert send(tmp_path, (HEADER.encode() + rows(0, 20)).rstrip(b"\n")).code == 0
    assert send(tmp_path, rows(10, 20).rstrip(b"\n")).code == 0
    assert send(tmp_path, rows(19, 21).rstrip(b"\n")).code == 0
    assert send(tmp_path, rows(21, 22).rstrip(b"\n")).code == 0
    check_metrics(tmp_path, CLOSES[:22])


def test_the_first_new_row_has_no_close(tmp_path: Path) -> None:
    """A missing close right after what was repeated is a row like any other."""
    assert send(tmp_path, HEADER.encode() + rows(0, 20)).code == 0
    assert send(tmp_path, rows(10, 20) + f"{row(20, '')}\n{row(21, '7')}\n".encode()).code == 0
    check_metrics(tmp_path, [*CLOSES[:20], "", "7"])


def test_errors_have_their_line(tmp_path: Path) -> None:
    """An unreadable row is named by its line in what was sent."""
    assert send(tmp_path, HEADER.encode() + rows(0, 20)).code == 0
    for header in (HEADER.encode(), b""):
        done = send(tmp_path, header + rows(10, 25) + f"{row(25, 'x')}\n".encode())
        line = 16 + bool(header)
        assert f"line {line}: expected a decimal number in column 'close', found 'x'" in done.stderr


def test_without_a_header(tmp_path: Path) -> None:
    """Rows without a header are skipped by the timestamp column that was named."""
    (tmp_path / "config.yaml").write_text(settings_yaml(header=False, column=5))
    for first, last in ((0, 20), (5, 30)):
        assert send(tmp_path, rows(first, last), "--time-column", "1").code == 0
    check_metrics(tmp_path, CLOSES[:30])


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (
            [18, 17, 19, 20],
            "line 2: expected a timestamp after '1700001080', found '1700001020'; --resume-by time needs",
        ),
        ([18, 18, 19, 20], "line 2: expected a timestamp after '1700001080', found '1700001080'"),
        ([18, 19, 19, 20], "line 3: expected a timestamp after '1700001140', found '1700001140'"),
        (
            [17, 18, 20],
            "line 3: expected the timestamp '1700001140' of the last row counted, found '1700001200' after '170000",
        ),
    ],
)
def test_refused(sent: list[int], found: str, tmp_path: Path) -> None:
    """Timestamps that do not tell which row is which are refused, and nothing is counted."""
    assert send(tmp_path, HEADER.encode() + rows(0, 20)).code == 0
    saved = (tmp_path / "state.json").read_bytes()
    done = send(tmp_path, b"".join(rows(number, number + 1) for number in sent))
    assert done.code == 1
    assert found in done.stderr
    assert (tmp_path / "state.json").read_bytes() == saved


@pytest.mark.parametrize("time", [b"noon", b"", b"2024-01-01"])
def test_not_comparable(time: bytes, tmp_path: Path) -> None:
    """A timestamp that cannot be compared is refused, first or later."""
    assert send(tmp_path, HEADER.encode() + rows(0, 20)).code == 0
    odd = time + b",1,2,0.5,4,1\n"
    assert "a timestamp that can be compared with '1700001140'" in send(tmp_path, odd).stderr
    assert "expected a timestamp after '1700001140'" in send(tmp_path, rows(19, 20) + odd).stderr


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 1], [0, None, 1]], ids=["backwards", "twice", "missing"])
def test_a_checkpoint_of_times_out_of_order(order: list[int | None], tmp_path: Path) -> None:
    """Rows whose timestamps were not unique and in order cannot be skipped by them: the row number is named instead."""
    lines = [f"{row(number, '5')}\n" if number is not None else ",1,2,0.5,4,1\n" for number in order]
    assert send(tmp_path, (HEADER + "".join(lines)).encode()).code == 0
    done = send(tmp_path, HEADER.encode() + rows(0, 30))
    assert done.code == 1
    assert json.loads((tmp_path / "m.json").read_text())["error_message"] == (
        "checkpoint 'state.json': the timestamps of its rows are not known to be unique and in order; "
        "send the rows from row 4 on, without --resume-by"
    )


def test_only_for_a_pipe(tmp_path: Path) -> None:
    """A file needs no such thing."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("data.csv", *ARGUMENTS, cwd=tmp_path)
    assert (done.code, "--resume-by is for a pipe" in done.stderr) == (1, True)


@given(st.integers(0, 39), st.integers(1, 40), st.lists(st.integers(0, 3000), max_size=6), st.booleans(), st.booleans())
def test_cut_anywhere(first: int, count: int, cuts: list[int], header: bool, newline: bool) -> None:  # noqa: FBT001
    """Law 2: whatever the cuts, what passes are the rows after the last one counted."""
    data = HEADER.encode() * header + rows(first, first + count)
    data = data if newline else data.removesuffix(b"\n")
    found = find_header(HEADER.strip().encode(), 1, "close", None)
    assert found
    repeats = Repeats(Config(), found, row(39, "").split(",")[0].encode(), None)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [repeats.feed(data[start:end]) for start, end in pairwise(places)]
    seen = SignalStream()
    seen.feed(HEADER.encode() + (b"".join(pieces) + repeats.end()).removeprefix(HEADER.encode()))
    seen.end_input()
    assert seen.rows == max(0, first + count - 40)
