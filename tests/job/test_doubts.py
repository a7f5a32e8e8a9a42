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
from typing import TYPE_CHECKING

import pytest

from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, logged, run_in_process, settings_yaml
from support.processes import append
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAIN = candle_csv(CLOSES)
LINES = PLAIN.splitlines(keepends=True)
NEWEST_FIRST = b"".join([LINES[0], *reversed(LINES[1:])])
TWICE = PLAIN + LINES[-1]
BAD = PLAIN.replace(b",4.0,", b",4:0,").replace(b",5.0,", b",5:0,")


def candles_at(*minutes: int) -> bytes:
    """Make a file with a row at each of these minutes."""
    return (HEADER + "".join(row(minute, "4.5") + "\n" for minute in minutes)).encode()


def dated(*times: str) -> bytes:
    """Make a file with a row for each of these timestamps."""
    return ("date;close\n" + "".join(f"{time};4.5\n" for time in times)).encode()


BY_PATH = "--newest-first reads the file from its end"
FROM_A_PIPE = "save the rows to a file, and read that with --newest-first"


def zipped(data: bytes) -> bytes:
    """Make a zip file of a file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data.csv", data)
    return file.getvalue()


def quoted(data: bytes) -> bytes:
    """Quote the last field of each line."""
    return re.sub(rb"([^,\n]+)\n", rb'"\1"\n', data)


DOUBTS = [
    (
        "backwards",
        NEWEST_FIRST,
        (
            "newest first: 299 of 299 (100 %) timestamps are earlier than the one before, so the mean uses future "
            f"prices; {BY_PATH}"
        ),
    ),
    (
        "backwards",
        candles_at(*range(60), 50, 51),
        (
            "out of order: 1 of 61 (1.64 %) timestamps are earlier than the one before; "
            "first: row 61: '1700003000' after '1700003540'; sort the rows, or name the files in the order of time"
        ),
    ),
    (
        "repeated",
        TWICE,
        (
            "the same timestamp twice: 1 of 300 (0.333 %) equals the one before it; "
            "first: row 301: '1700017940' after '1700017940'"
        ),
    ),
    (
        "gaps",
        candles_at(*range(50), *range(60, 100)),
        "1 of 89 steps are longer than 60 s: a window is a number of rows, not a time",
    ),
    (
        "not_compared",
        dated("1 Jan 2024", "2 Jan 2024", "yesterday", "3 Jan 2024", "4 Jan 2024"),
        "1 timestamps could not be compared; first: row 3: 'yesterday'",
    ),
    (
        "day_or_month",
        dated("10/01/2024", "11/01/2024", "12/01/2024", "01/02/2024", "02/02/2024"),
        (
            "day and month could be either, and the order of the rows depends on which is first; "
            "first: row 4: '01/02/2024' after '12/01/2024'; write dates as 2024-12-31"
        ),
    ),
    (
        "never_full",
        candles_at(1, 2, 3),
        "no window was ever full, so no row could signal: a window has 5 rows, the data has 3",
    ),
    (
        "never_full",
        candle_csv([*"123", ""] * 5),
        "no window was ever full, so no row could signal: a window has 5 rows, 5 of 20 rows have no close",
    ),
]
IDS = [f"{kind} {number}" for number, (kind, _, _) in enumerate(DOUBTS)]


@pytest.mark.parametrize(("kind", "data", "text"), DOUBTS, ids=IDS)
def test_said(kind: str, data: bytes, text: str, tmp_path: Path) -> None:
    """One line on stderr and one event in the log; exit code and metrics are those of any job."""
    (tmp_path / "data.csv").write_bytes(data)
    quiet = run_in_process("data.csv", "--quiet", cwd=tmp_path)
    assert (quiet.code, quiet.stderr, quiet.record["status"]) == (0, "", "success")
    for inputs, stdin in (["data.csv"], b""), ([], data):
        done = run_in_process(*inputs, stdin=stdin, cwd=tmp_path)
        said, *lines = done.stderr.splitlines()
        assert (done.code, said) == (0, f"stream-signal: {text if inputs else text.replace(BY_PATH, FROM_A_PIPE)}")
        assert len(lines) == (data == NEWEST_FIRST)  # how to read it
        assert done.record | {"latency_ms": 0} == quiet.record | {"latency_ms": 0}
    said = run_in_process("data.csv", "--log-file", "run.log", cwd=tmp_path).stderr.splitlines()[0]
    assert said == f"stream-signal: {text}"
    assert run_in_process("data.csv", "--log-file", "run.log", "-q", cwd=tmp_path).stderr == ""
    assert logged(tmp_path, "doubt") == [{"event": "doubt", "kind": kind, "text": text}] * 2


@pytest.mark.parametrize(("kind", "data", "text"), DOUBTS, ids=IDS)
def test_strict(kind: str, data: bytes, text: str, tmp_path: Path) -> None:
    """With --strict, the job fails with that text, in the record, on stderr and in the log."""
    done = run_in_process("--strict", "--quiet", "--log-file", "run.log", stdin=data, cwd=tmp_path)
    text = text.replace(BY_PATH, FROM_A_PIPE)
    assert (done.code, done.record["error_message"]) == (1, text)
    assert done.stderr.splitlines()[0] == f"stream-signal: {text}"
    assert [event["kind"] for event in logged(tmp_path, "doubt", "job failed")] == [kind, "DoubtError"]


def test_rows_that_cannot_be_read(tmp_path: Path) -> None:
    """Their share and the first of them are said; preambles, repeated headers and missing closes are only logged."""
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows="missing"))
    data = b"https://example.com\n" + BAD + HEADER.encode() + row(300, "").encode() + b"\n"
    bad = BAD.count(b":0,")
    done = run_in_process(stdin=data, cwd=tmp_path)
    share = f"{100 * bad / 301:.3g}"
    assert done.stderr == (
        f"stream-signal: {bad} of 301 rows ({share} %) could not be read and count without a close; "
        "first: line 3: expected a decimal number in column 'close', found '4:0'\n"
    )
    done = run_in_process("--strict", stdin=b"\n# x\n" + PLAIN + HEADER.encode() + row(300, "").encode(), cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")


def test_no_doubt(tmp_path: Path) -> None:
    """Nothing is doubted in candles in order, few gaps or none, nor in a file without timestamps."""
    few_gaps = candles_at(*range(150), *range(160, 300))
    alone = b"close\n" + "\n".join(CLOSES).encode()
    for data in (PLAIN, few_gaps, alone, dated("01/02/2024", "02/03/2024", "03/04/2024", "04/05/2024", "05/06/2024")):
        for flags in ([], ["--strict"]):
            done = run_in_process(*flags, stdin=data, cwd=tmp_path)
            assert (done.code, done.stderr) == (0, "")
    assert run_in_process("--log-file", "run.log", stdin=few_gaps, cwd=tmp_path).stderr == ""
    assert logged(tmp_path, "gaps") == [{"event": "gaps", "steps": 289, "longer": 1, "usual_seconds": 60.0}]


@pytest.mark.parametrize(
    ("pack", "flags", "advice"),
    [
        (gzip.compress, [], "decompress it to a file, and read that with --newest-first"),
        (zipped, [], "decompress it to a file, and read that with --newest-first"),
        (quoted, [], "sort the rows by time, or remove the quotes and give --newest-first"),
        (bytes, ["--checkpoint", "c.json"], "--checkpoint needs the rows in order of time: sort them first"),
    ],
    ids=["gzip", "zip", "quotes", "a checkpoint"],
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
    assert "; the file is oldest first: leave out --newest-first, or give --no-newest-first\n" in done.stderr
    assert run_in_process("data.csv", "--newest-first", "--no-newest-first", cwd=tmp_path).stderr == ""


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
    done = run_in_process(stdin=half + b"z\n", cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, message)
    assert "--max-bad 0.6 lets so many be bad" in done.stderr
    assert run_in_process("--max-bad", "0.6", "--quiet", stdin=half + b"z\n", cwd=tmp_path).code == 0
    assert run_in_process("--max-bad", "0.4", stdin=half, cwd=tmp_path).code == 1
    (tmp_path / "config.yaml").write_text("seed: 42\nwindow: 2\nversion: v1\nbad_rows: missing\nmax_bad: 0.6\n")
    assert run_in_process("--quiet", stdin=half + b"z\n", cwd=tmp_path).code == 0


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
