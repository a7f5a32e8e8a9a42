"""Newest-first files are read from their ends: the answer of the reversed file, and line numbers of the file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stream_signal import Config, DataError, DoubtWarning, InputError, SignalLines, SignalStream, run
from stream_signal.core.config import DELIMITERS
from stream_signal.core.quotes import FieldError, QuotedRecords
from stream_signal.inputs.backwards import BackwardsSource
from stream_signal.inputs.events import Begin
from support.candle_csv import CLOSES, HEADER, candle_csv, row
from support.commands import COMMAND, logged, metrics_of, run_command, run_in_process, settings_yaml
from support.memory import MEASURE, MEGABYTE
from support.strategies import candle_files, close_lists, windows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stream_signal.inputs.events import Event

URL = b"https://www.CryptoDataDownload.com\n"
BOM = b"\xef\xbb\xbf"
QUOTED = "expected the quotes of a line closed in a file that is read from its end (newest first), found "
TOO_LONG = "expected a line of at most 131072 bytes, found a longer one"
SORT = "; sort the file by time"


def reverse(text: bytes, head: int) -> bytes:
    """Reverse the lines of a text, except the byte order mark and the first `head`."""
    mark, text = (BOM, text[len(BOM) :]) if text.startswith(BOM) else (b"", text)
    lines = text.removesuffix(b"\n").split(b"\n") if text else []
    return mark + b"".join(line + b"\n" for line in [*lines[:head], *lines[head:][::-1]])


def result(events: Iterable[Event], config: Config) -> dict[str, Any]:
    """Feed the events; return all that can be observed afterwards."""
    lines = SignalLines("csv")
    stream = SignalStream(config, [lines])
    error = None
    try:
        for event in events:
            if isinstance(event, bytes):
                stream.feed(event)
            elif isinstance(event, Begin):
                stream.begin_input(None, event.size, event.line_of)
            else:
                stream.end_input()
        stream.finish()
    except DataError as failure:
        error = failure
    return {
        "counts": (stream.rows, stream.signals),
        "lines": lines.take(),
        "line": error and error.line,
        "error": error and (type(error), error.expected, error.found),
        "repairs": stream.repairs.counts,
        "places": {kind: [(place.line, place.text) for place in found] for kind, found in stream.repairs.first.items()},
    }


class Text(NamedTuple):
    """A newest-first file, how many lines it has and how many of them stay at its beginning, and how to read it."""

    data: bytes
    lines: int
    head: int
    config: Config


def is_open(line: bytes) -> bool:
    """Whether the line leaves a quote open, by one of the delimiters."""
    with suppress(FieldError):
        return any(QuotedRecords(mark).read(line.removesuffix(b"\r")) is None for mark in DELIMITERS)
    return False


@st.composite
def texts(draw: st.DrawFn) -> Text:
    """Draw a file whose lines close their quotes: every kind of line, preambles, a mark, with a header or without."""
    data, head, has_header = draw(candle_files()), 0, draw(st.booleans())
    if any(map(is_open, data.split(b"\n"))):
        data = data.replace(b'"', b"")
    if has_header:
        above = draw(st.lists(st.sampled_from(["https://example.com", "BTC/USD 1m", "", "\r"]), max_size=5))
        data, head = "".join(line + "\n" for line in above).encode() + data, len(above) + 1
    else:
        first, newline, rest = data.partition(b"\n")[2].partition(b"\n")
        data = first.replace(b"\0", b"") + newline + rest  # the first line shows what is binary data
    data = draw(st.sampled_from([b"", BOM])) + data
    bad_rows, window = draw(st.sampled_from(["error", "missing"])), draw(windows)
    column = "close" if has_header else 5
    config = Config(column=column, header=has_header, bad_rows=bad_rows, window=window)
    return Text(data, len(data.removesuffix(b"\n").split(b"\n")), head, config)


def in_file(found: dict[str, Any], text: Text) -> dict[str, Any]:
    """Give what was found in the reversed text the line numbers of the text as it is."""

    def line_of(number: int) -> int:
        return number if number <= text.head else text.lines - (number - text.head - 1)

    line = found["line"] and line_of(found["line"])
    if found["error"]:  # which may name the first bad row, by its line
        kind, expected, what = found["error"]
        what = re.sub(r"first: line (\d+)", lambda match: f"first: line {line_of(int(match[1]))}", what)
        found = found | {"error": (kind, expected, what)}
    places = {kind: [(line_of(at), what) for at, what in places] for kind, places in found["places"].items()}
    return found | {"line": line, "places": places}


@given(texts(), st.integers(0, 3000))
def test_the_answer_of_the_reversed_file(tmp_path_factory: pytest.TempPathFactory, text: Text, more_bytes: int) -> None:
    """For any file whose lines close their quotes, in chunks of any size, all that can be observed is the same."""
    assume(text.head or b"\0" not in text.data)  # a first line of binary data is refused, whichever way it is read
    path = tmp_path_factory.mktemp("backwards") / "data.csv"
    path.write_bytes(text.data)
    chunk_bytes = max(map(len, text.data.split(b"\n"))) + 2 + more_bytes
    source = BackwardsSource((str(path),), text.config, chunk_bytes=chunk_bytes)
    forward = result([Begin("-"), reverse(text.data, text.head)], text.config)
    assert result(source.events(0, 0, None), text.config) == in_file(forward, text)


@given(st.data(), close_lists, st.sampled_from([b"", BOM]), st.booleans())
def test_several_files(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    closes: list[str],
    mark: bytes,
    has_header: bool,  # noqa: FBT001 - drawn
) -> None:
    """One text in several files, with or without headers of their own, is read from the end of the last file."""
    rows = [line + b"\n" for line in candle_csv(closes, header=False).splitlines()]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    folder, names = tmp_path_factory.mktemp("several"), list[str]()
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        names.append(str(folder / f"{len(names)}.csv"))
        has_own = has_header and (len(names) == 1 or data.draw(st.booleans()))
        own = mark + URL + HEADER.encode() if has_own else b""
        (folder / names[-1]).write_bytes(own + b"".join(rows[start:end]))
    config = Config(window=data.draw(windows), header=has_header, column=5, time_column=1)
    source = BackwardsSource(tuple(names), config, chunk_bytes=data.draw(st.integers(200, 500)))
    found = result(source.events(0, 0, None), config)
    forward = result([Begin("-"), HEADER.encode() * has_header + b"".join(reversed(rows))], config)
    assert (found["counts"], found["lines"], found["error"]) == (forward["counts"], forward["lines"], None)


def test_the_command(tmp_path: Path) -> None:
    """A large file of CryptoDataDownload gives the metrics, the signals and the log of the same rows in order."""
    closes = [f"{42000 + number * 7919 % 101}.{number % 10}" for number in range(40_000)]
    ordered = candle_csv(closes, line_end="\r\n")
    (tmp_path / "ordered.csv").write_bytes(ordered)
    (tmp_path / "newest.csv").write_bytes(URL + reverse(ordered, 1).removesuffix(b"\r\n"))
    wanted = run_command("ordered.csv", "--signals", "wanted.csv", cwd=tmp_path)
    found = run_command("newest.csv", "--newest-first", "--signals", "found.csv", "--log-file", "run.log", cwd=tmp_path)
    assert (found.code, found.stderr) == (0, "")
    assert metrics_of(found.stdout) == metrics_of(wanted.stdout)
    assert (tmp_path / "found.csv").read_bytes() == (tmp_path / "wanted.csv").read_bytes()
    (repairs,) = logged(tmp_path, "repairs")
    assert repairs == {
        "event": "repairs",
        "preamble_lines": 1,
        "first": {"preamble_lines": ["line 1: 'https://www.CryptoDataDownload.com'"]},
    }
    assert logged(tmp_path, "times", "newest first") == []


@pytest.mark.parametrize("bad_rows", ["error", "missing"])
def test_line_numbers(bad_rows: str, tmp_path: Path) -> None:
    """Errors and repairs have the name of their file, and the line number in it."""
    lines = candle_csv(CLOSES).decode().splitlines(keepends=True)
    lines[7], lines[290] = row(6, "x") + "\n", "\n"
    (tmp_path / "a.csv").write_text("".join(lines))
    (tmp_path / "b.csv").write_text("".join(lines[1:100]))
    (tmp_path / "config.yaml").write_text(settings_yaml(bad_rows=bad_rows))
    done = run_command("a.csv", "b.csv", "--newest-first", "--log-file", "run.log", cwd=tmp_path)
    problem = "expected a decimal number in column 'close', found 'x'"
    if bad_rows == "error":
        assert done.record["error_message"] == f"b.csv: line 7: {problem}"
        return
    (repairs,) = logged(tmp_path, "repairs")
    assert repairs["first"] == {
        "bad_rows": [f"b.csv: line 7: {problem}", f"a.csv: line 8: {problem}"],
        "blank_lines": ["a.csv: line 291"],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + row(0, '"1') + "\n", f"line 2: {QUOTED}'1700000000,1.0,2.0,0.5,\"1,1.5'{SORT}"),
        (HEADER + (row(0, "1") + "\n") * 50_000 + row(0, '"1'), f"line 50002: {QUOTED}"),
        (HEADER + (row(0, "1") + "\n") * 50_000 + '"\n' + (row(0, "1") + "\n") * 50_000, f"line 50002: {QUOTED}'\"'"),
    ],
    ids=["in a short file", "in the last line", "in the middle"],
)
def test_open_quotes(text: str, message: str, tmp_path: Path) -> None:
    """A quote that its line does not close is refused by its line: the field may go on in the next one."""
    (tmp_path / "data.csv").write_text(text)
    done = run_in_process("data.csv", "--newest-first", cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"].startswith(message)
    assert done.record["error_message"].endswith(SORT)
    assert "give --no-newest-first" in done.stderr.splitlines()[1]


@pytest.mark.parametrize("lines", [[HEADER], [URL.decode(), HEADER.replace("close", '"close"')], []])
def test_quoted_fields(lines: list[str], tmp_path: Path) -> None:
    """Rows with quoted fields are read from the end of a file, below a header with quotes, too, and without one."""
    rows = [row(minute, f'"{minute % 5 * minute}.5"') + "\n" for minute in range(60)]
    flags = [] if lines else ["--no-header", "--column", "5"]
    (tmp_path / "newest.csv").write_text("".join([*lines, *rows[::-1]]))
    (tmp_path / "ordered.csv").write_text("".join([*lines, *rows]))
    done = run_in_process("newest.csv", "--newest-first", *flags, cwd=tmp_path)
    assert metrics_of(done.stdout) == metrics_of(run_in_process("ordered.csv", *flags, cwd=tmp_path).stdout)


def test_quotes_before_the_first_row(tmp_path: Path) -> None:
    """A quote left open at the beginning of the first file is refused before a row of the last file is written."""
    (tmp_path / "a.csv").write_text(HEADER + row(0, '"1') + "\n")
    (tmp_path / "b.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("a.csv", "b.csv", "--newest-first", "--signals", "s.csv", cwd=tmp_path)
    assert done.code == 1
    assert done.record["error_message"].startswith(f"a.csv: line 2: {QUOTED}")
    assert (tmp_path / "s.csv").read_bytes() == b""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "expected at least one row, found an empty input"),
        (b"\n\r\n", "expected at least one row, found an empty input"),
        (BOM, "expected at least one row, found an empty input"),
        (HEADER.encode(), "expected at least one row, found only a header"),
        (HEADER.encode().rstrip(), "expected at least one row, found only a header"),
        (b"a,b\n1,2\n", "Missing required column: 'close'"),
        (b'\x04\x22\x4d\x18"\n', "line 1: expected CSV in UTF-8, found an lz4 file"),
        (candle_csv(CLOSES)[:-5], "line 301: expected 6 fields, found 5"),
        (
            b"x" * 131_073 + b"\n" + candle_csv(CLOSES),
            f"line 1: {TOO_LONG}",
        ),
        (
            candle_csv(CLOSES) + b"x" * 131_073 + b"\n" + candle_csv(CLOSES),
            f"line 302: {TOO_LONG}",
        ),
        (
            candle_csv(CLOSES) + b"x" * 1_600_000 + b"\n" + candle_csv(CLOSES),
            f"line 302: {TOO_LONG}",
        ),
    ],
    ids=[
        "empty",
        "blank lines",
        "a byte order mark",
        "a header",
        "a header without a newline",
        "no such column",
        "lz4",
        "torn",
        "a long first line",
        "a long line",
        "a line of three chunks",
    ],
)
def test_errors(text: bytes, message: str, tmp_path: Path) -> None:
    """What cannot be read has the same error as when it is read from its beginning."""
    (tmp_path / "data.csv").write_bytes(text)
    for arguments in ["data.csv"], ["data.csv", "--newest-first"]:
        done = run_in_process(*arguments, cwd=tmp_path)
        assert (done.code, done.record["error_message"]) == (1, message)


def test_another_header(tmp_path: Path) -> None:
    """Each file is checked before the first row: its header must be that of the first file."""
    (tmp_path / "a.csv").write_bytes(candle_csv(CLOSES))
    (tmp_path / "b.csv").write_bytes(candle_csv(CLOSES).replace(b"open", b"Open"))
    done = run_in_process("a.csv", "b.csv", "--newest-first", "--signals", "s.csv", cwd=tmp_path)
    assert done.record["error_message"].startswith("b.csv: line 1: expected the header of the first input")
    assert (tmp_path / "s.csv").read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pipe", "'pipe' from its end (newest first): it is not a file; save it to a file first"),
        (".", "'.' from its end (newest first): it is not a file; save it to a file first"),
        ("none.csv", "'none.csv': No such file"),
        ("-", "stdin from its end (newest first): it is not a file, or another process has read a part of it; save it"),
        ("/proc/self/stat", "'/proc/self/stat' from its end (newest first): its size is unknown; save it"),
    ],
)
def test_no_end_to_read_from(name: str, reason: str, tmp_path: Path) -> None:
    """What has no end to read from is refused in words, and nothing is waited for."""
    if name.startswith("/proc") and not os.path.exists(name):
        pytest.skip("needs /proc")
    os.mkfifo(tmp_path / "pipe")
    done = run_command(name, "--newest-first", stdin=candle_csv(CLOSES), cwd=tmp_path)
    _, hint = done.stderr.splitlines()
    assert done.code == 1
    assert ("give --no-newest-first" in hint) == (name != "none.csv")
    assert done.record["error_message"].startswith(f"cannot read {reason}")


def test_stdin_that_is_a_file(tmp_path: Path) -> None:
    """`< file` is as good as a path; what another process has begun to read is refused."""
    (tmp_path / "data.csv").write_bytes(reverse(candle_csv(CLOSES), 1))
    (tmp_path / "ordered.csv").write_bytes(candle_csv(CLOSES))
    wanted = run_command("ordered.csv", cwd=tmp_path)
    script = f'"{COMMAND}" --newest-first < data.csv; (head -c 1 > rest; "{COMMAND}" --newest-first) < data.csv'
    done = subprocess.run(script, shell=True, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    found, refused = done.stdout.splitlines()
    assert metrics_of(found) == metrics_of(wanted.stdout)
    assert b"cannot read stdin from its end" in refused


@pytest.mark.parametrize("change", ["appended", "truncated"])
def test_a_file_that_changes(change: str, tmp_path: Path) -> None:
    """A file whose size changes while it is read from its end is an error."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    events = BackwardsSource((str(path),), Config(), chunk_bytes=1000).events(0, 0, None)
    taken = [next(events) for _ in range(4)]
    assert isinstance(taken[-1], bytes)
    with path.open("ab") as file:
        file.truncate(os.path.getsize(path) + (1 if change == "appended" else -1))
    with pytest.raises(InputError, match="its size changed while it was read from its end"):
        list(events)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--follow"], "--newest-first reads a file from its end, which is not known with --follow"),
        (["--checkpoint", "state.json"], "--newest-first cannot be used with --checkpoint"),
    ],
)
def test_flags_that_exclude_it(flags: list[str], complaint: str, folder: Path) -> None:
    """--follow and --checkpoint exclude it, as a flag and as a key of the config."""
    done = run_in_process("data.csv", "--newest-first", *flags, cwd=folder)
    assert (done.code, done.stdout) == (2, b"")
    assert complaint in done.stderr
    (folder / "config.yaml").write_text(settings_yaml(newest_first=True))
    done = run_in_process("data.csv", *flags, cwd=folder)
    assert done.code == 1
    assert done.record["error_message"].startswith("newest_first: ")
    assert "give --no-newest-first" in done.stderr.splitlines()[1]
    assert not (folder / "state.json").exists()


def test_the_key_and_its_flags(tmp_path: Path) -> None:
    """The flags win over the key of the config."""
    (tmp_path / "data.csv").write_bytes(candle_csv([str(number) for number in range(9)]))
    (tmp_path / "config.yaml").write_text(settings_yaml(newest_first=True))
    for flags, value in ([], 0.0), (["--no-newest-first"], 5 / 9), (["--newest-first"], 0.0):
        assert run_in_process("data.csv", *flags, cwd=tmp_path).record["value"] == value


def test_from_python(tmp_path: Path) -> None:
    """`run` reads a path from its end, and refuses bytes, which are not a file."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv([str(number) for number in range(9, 0, -1)]) + b"1,2\n")
    with pytest.raises(DataError, match=r"^line 11: expected 6 fields, found 2$"):
        run(path, Config(newest_first=True))
    path.write_bytes(candle_csv([str(number) for number in range(9, 0, -1)]))
    with pytest.warns(DoubtWarning, match="oldest first"):
        assert run(path, Config(newest_first=True)).value == 5 / 9
    with pytest.raises(InputError, match=r"^newest_first: expected the path of a file, found bytes$"):
        run(path.read_bytes(), Config(newest_first=True))


def test_bounded(tmp_path: Path) -> None:
    """Memory does not grow with the file, give or take a megabyte, once all that waits to be compared is there."""
    peaks = []
    small_pages = {**os.environ, "NUMPY_MADVISE_HUGEPAGE": "0"}  # others are of 2 MiB, wherever an array begins
    for times in (60, 200):
        with (tmp_path / "data.csv").open("wb") as file:
            file.write(HEADER.encode())
            for _ in range(times):
                file.write(candle_csv(CLOSES, header=False) * 70)
        command = [sys.executable, "-c", MEASURE, COMMAND, "data.csv", "--newest-first", "--quiet"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True, env=small_pages)
        assert metrics_of(done.stdout)["rows_processed"] == len(CLOSES) * 70 * times
        peaks.append(int(done.stderr) * 1024)
    assert peaks[1] < peaks[0] + MEGABYTE
