"""Hints: what a refused file says to type next, and that typing it works."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalLines, SignalStream
from stream_signal.core.config import configured
from support.candle_csv import HEADER
from support.cases import ERRORS, PLAIN, SUCCESS, Case
from support.commands import COMMAND, metrics_of, run_command, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

# Candles without a header, their close between the low and the high.
ROWS = b"".join(b"%d,4.58,4.7,4.5,%.2f,1.5\n" % (1_700_000_000 + 60 * n, 4.58 + n / 100) for n in range(7))
THIRTY = [f"c{number}" for number in range(30)]
TWO = "time;close\n1;4.58\n2;"
LENIENT = "if such rows may count without a close: --bad-rows missing"


def hint_of(data: str | bytes, pieces: int | None = None, **settings: Any) -> str | None:
    """Return the hint of the error that refuses the data, fed in one piece or in pieces of so many bytes."""
    data = data.encode() if isinstance(data, str) else data
    stream = SignalStream(Config(**settings))
    with pytest.raises(DataError) as refused:  # noqa: PT012 - any of them may raise
        for at in range(0, len(data), pieces or len(data) or 1):
            stream.feed(data[at : at + (pieces or len(data))])
        stream.finish()
    return refused.value.hint


NO_COLUMN = [
    ("time,Price\n1,2\n", {}, "line 1 has the columns 'time' and 'Price': try --column Price"),
    ("time,last\n1,2\n", {}, "line 1 has the columns 'time' and 'last': try --column last"),
    ("time,Clsoe\n1,2\n", {}, "line 1 has the columns 'time' and 'Clsoe': try --column Clsoe"),
    (
        "close_time,Adj Close\n1,2\n",
        {},
        "line 1 has the columns 'close_time' and 'Adj Close': try --column 'Adj Close'",
    ),
    (
        "BTC close,ETH close\n1,2\n",
        {},
        "line 1 has the columns 'BTC close' and 'ETH close': either --column 'BTC close' or --column 'ETH close'",
    ),
    ("time,open\n1,2\n", {}, "line 1 has the columns 'time' and 'open': name one with --column"),
    ("time,open\n1,2\n", {"column": 3}, "line 1 has the columns 'time' and 'open': name one with --column"),
    ("Price\n1\n2\n", {}, "line 1 has the column 'Price': try --column Price"),
    ("x\n\ntime,Price\n1,2\n", {}, "line 3 has the columns 'time' and 'Price': try --column Price"),
    (
        ",".join(THIRTY) + "\n",
        {},
        f"line 1 has the columns {', '.join(map(repr, THIRTY[:12]))} and 18 more: name one with --column",
    ),
    ("time,close\n1,2\n", {"delimiter": ";"}, "line 1 has the column, with another delimiter: try --delimiter comma"),
    ("time close\n1 2\n", {}, "line 1 has spaces between its columns: try tr -s ' ' ',' < FILE | stream-signal"),
    (
        "a\nb\nc\nd\ne\nf\n" + PLAIN,
        {},
        (
            "at most 5 lines above the header are skipped: "
            "begin at its line, the N-th: try tail -n +N FILE | stream-signal"
        ),
    ),
    (
        "hello\n",
        {},
        "line 1 has one column, 'hello': expected names with comma, semicolon, tab or bar between them",
    ),
    (b"time,close\r1,2\r2,3\r", {}, "its lines end in CR alone: try tr '\\r' '\\n' < FILE | stream-signal"),
    (
        "<!DOCTYPE html>\n<html>\n",
        {},
        "this is HTML, as of an error or a login page: look at it, and download the file again",
    ),
    (
        '<?xml version="1.0"?>\n<Error/>\n',
        {},
        "this is XML, as of an error or a login page: look at it, and download the file again",
    ),
    (
        '[[1700000000000,"4","5","6","3","1"]]',
        {},
        "this is JSON: try jq -r '.[] | @csv' FILE | stream-signal --no-header --column 3",
    ),
    (
        '[\n{"time":1,\n"close":2}\n]\n',
        {},
        "this is JSON: try jq -r '.[] | [.close] | @csv' FILE | stream-signal --no-header --column 1",
    ),
    (
        '{"time":1,"close":2}\n',
        {},
        "this is JSON: try jq -r '[.close] | @csv' FILE | stream-signal --no-header --column 1",
    ),
    ('{"error":[]}\n', {}, "this is JSON: turn it into CSV, with `jq -r ... | @csv` for example"),
    (
        "[" + '[1700000000000,"4","6","3","5","1"],' * 6000,
        {},
        "this is JSON: try jq -r '.[] | @csv' FILE | stream-signal --no-header --column 5",
    ),
]

FLAT = b"".join(b"%d000,4.5,4.5,4.5,4.5,1\n" % (1_700_000_000 + 60 * n) for n in range(20))

DATA = [
    (FLAT + b"1700009999000,4,5,6,3,1\n", "line 1 looks like data: try --format bitfinex, or --no-header --column 3"),
    (FLAT + b"1700009999000,4,6,3,5,1\n", "line 1 looks like data: try --no-header --column 5"),
    (ROWS, "line 1 looks like data: try --no-header --column 5"),
    (b"\n" + ROWS, "line 2 looks like data: try --no-header --column 5"),
    (b"1;2\n", "line 1 looks like data: try --no-header --column N, the number of the close"),
    (b"2024-01-01;42.5\n", "line 1 looks like data: try --no-header --column 2"),
    (b"42.5\n42.6\n", "line 1 looks like data: try --no-header --column 1"),
    (b"2024-03-10;4,5;6,5;3,5;5,5;22\n", "line 1 looks like data: try --no-header --column 5 --decimal ,"),
    (
        b"BTC\n" + ROWS,
        "line 2 looks like data: try tail -n +2 FILE | stream-signal --no-header --column 5",
    ),
    (
        b"1700000000000,4,6,3,5,1,1700000059999,1,7,0.5,0.5,0\n",
        "line 1 looks like data: try --format binance, or --no-header --column 5",
    ),
    (
        b"1700000000,4,6,3,5,1,22\n",
        "line 1 looks like data: try --format kraken, or --no-header --column 5",
    ),
    (
        b"1700000000000,4,5,6,3,1\n",
        "line 1 looks like data: try --format bitfinex, or --no-header --column 3",
    ),
    (
        b"1700000000,3,6,4,5,1\n",
        "line 1 looks like data: try --format coinbase, or --no-header --column 5",
    ),
    (
        b"2024.03.10,00:00,4,6,3,5,22\n",
        "line 1 looks like data: try --format metatrader4, or --no-header --column 6",
    ),
    (
        b"20240310 170000;4;6;3;5;22\n",
        "line 1 looks like data: try --format histdata, or --no-header --column 5",
    ),
]

HEADS = [
    (PLAIN.replace("open", "Close"), {}, "try --column 2 or --column 5"),
    ("close;close2,close\n1;2,3\n", {}, "try --delimiter comma or --delimiter semicolon"),
    (
        "a;1,5\n",
        {"header": False, "column": 2},
        "try --delimiter semicolon, with --decimal , if the prices have a decimal comma",
    ),
    (ROWS, {"column": 5}, "line 1 looks like data: try --no-header --column 5"),
    ("1700000000,4,4,4,4,1\n", {"column": 3}, "line 1 looks like data: try --no-header --column 3"),
    (PLAIN, {"header": False, "column": 5}, "line 1 looks like a header: try --header true --column close"),
    ("a;b\n", {"header": False, "column": 3}, "line 1 looks like a header: try --header true"),
    ("1;2\n", {"header": False, "column": 3}, "line 1 has 2 fields: give the number of the close, --column"),
    (
        ROWS,
        {"format": "binance"},
        "it has another layout than --format binance: try --no-header --column 5",
    ),
]

BAD_ROWS = [
    (
        PLAIN[:-9],
        {},
        "the last line is torn: no newline ends it; get the whole file, or read it with --follow as it grows",
    ),
    (
        PLAIN + "1700000000,4,4,4,42,004.66,1\n",
        {},
        (
            "42,004.66 looks like one number with a thousands separator: "
            "put it in quotes and try --thousands , or write it without one"
        ),
    ),
    (
        HEADER + "1700000000,4,5,6,5,3,5,5,5,1\n",
        {},
        (
            "4,5 looks like one number with a decimal comma: "
            "put it in quotes, or use another delimiter, and try --decimal ,"
        ),
    ),
    (
        PLAIN[:-1] + PLAIN,
        {},
        "two rows seem to be joined, as by `cat` after a last line without a newline: give the files as paths",
    ),
    (
        PLAIN.replace("1.5\n", "1.5,\n"),
        {},
        "the row ends with a delimiter that the header does not have: remove it, or add it to the header",
    ),
    (PLAIN + "1,2,3,4,5,6,7\n", {}, LENIENT),
    (
        PLAIN + HEADER.replace("open", "Open"),
        {},
        "the line looks like another header: files with other columns have to be read on their own",
    ),
    (
        PLAIN + '1,2,3,4,"5"x,6\n',
        {},
        "a quoted field ends at its second quote: write a quote within it twice",
    ),
    (
        PLAIN + '1,2,3,4,"5,6\n',
        {},
        "a quote opens a field there and is not closed: close it, or double it if it is part of the text",
    ),
    (
        PLAIN + "x" * 131_073,
        {},
        "the line has no end, or the file is no CSV: look at it with `head -c 200`",
    ),
    (TWO + "n.a.\n", {}, LENIENT),
    (TWO + "42,5\n", {}, "'42,5' has a decimal comma: try --decimal ,"),
    (TWO + '"42,5"\n', {}, "'42,5' has a decimal comma: try --decimal ,"),
    (TWO + "42,004.66\n", {}, "'42,004.66' has a thousands separator: try --thousands ,"),
    (
        TWO + "42,004\n",
        {},
        "'42,004' has a decimal comma or a thousands separator: either --decimal , or --thousands ,",
    ),
    (
        TWO + "42.004,66\n",
        {},
        "'42.004,66' has a decimal comma and a thousands separator: try --decimal , --thousands .",
    ),
    (TWO + "42 004\n", {}, "'42 004' has spaces between groups of digits: try --thousands space"),
    (TWO + "42\u00a0004\n", {}, r"'42\xa0004' has spaces between groups of digits: try --thousands space"),
    (TWO, {"decimal": ","}, "'4.58' has a decimal point: try --decimal ."),
    (
        TWO + "42,5\n",
        {"thousands": ","},
        "'42,5' has a decimal comma: try --decimal , --thousands none",
    ),
    (
        TWO + "42'004.66\n",
        {},
        '"42\'004.66" has the thousands separator "\'": try tr -d "\'" < FILE | stream-signal',
    ),
    (TWO + "$42\n", {}, "'$42' has a sign that is no part of a number: remove it from the file"),
    (
        "17,4,6,3,5,1\n2024-01-01,4,6,3,5,1\n",
        {"header": False, "column": 1},
        "'2024-01-01' looks like a timestamp, so the close is in another column: try --column 5",
    ),
    ("", {}, "a command before the pipe may have failed, or the file is not written yet: --follow waits for its rows"),
    (HEADER, {}, "the file may not be written yet: --follow waits for its rows"),
    ("close\r1\r2\r", {"column": 1}, "its lines end in CR alone: try tr '\\r' '\\n' < FILE | stream-signal"),
]


@pytest.mark.parametrize(
    ("data", "settings", "hint"),
    [*NO_COLUMN, *((data, {}, hint) for data, hint in DATA), *HEADS, *BAD_ROWS],
    ids=lambda value: value[:30] if isinstance(value, (str, bytes)) else "",
)
def test_hint(data: str | bytes, settings: dict[str, Any], hint: str) -> None:
    """Each refusal says what the file seems to be, and what to type; so it does byte by byte."""
    assert hint_of(data, **settings) == hint
    if len(data) < 10_000:
        assert hint_of(data, 1, **settings) == hint


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.name)
def test_every_refusal_has_a_hint(case: Case) -> None:
    """No refusal of the table leaves the user without a next step, on one line."""
    hint = hint_of(case.data, **case.settings)
    assert hint
    assert "\n" not in hint


def test_a_header_that_comes_last(tmp_path: Path) -> None:
    """Read from its end without a header, a file that has one meets it last: the hint says so, and works."""
    (tmp_path / "data.csv").write_bytes(b"time,open,close\n3,1,5\n2,1,4\n1,1,3\n")
    done = run_in_process("data.csv", "--newest-first", "--no-header", "--column", "3", cwd=tmp_path)
    command = "stream-signal data.csv --newest-first --header true --column close"
    assert done.stderr.splitlines()[1:] == [
        "stream-signal: the line looks like a header",
        f"stream-signal: try {command}",
    ]
    assert run_in_process(*command.split()[1:], "--quiet", cwd=tmp_path).code == 0


CELLS = [
    "",
    "5",
    "4.58",
    "1,5",
    "1 234",
    "1'234",
    "1e5",
    "-",
    "close",
    "Price",
    "x" * 70,
    "\xff",
    "1700000000",
    "2024-03-10",
]
LINES = st.lists(st.sampled_from(CELLS), min_size=1, max_size=7)
SETTINGS: list[dict[str, Any]] = [
    {},
    {"column": "Price", "header": True},
    {"column": 5, "header": False},
    {"column": 2, "header": "auto"},
    {"column": 2, "header": False, "delimiter": ";"},
    {"column": 30, "header": False, "decimal": ","},
    {"format": "binance"},
    {"format": "metatrader4"},
]


@given(
    st.lists(LINES, max_size=4),
    st.sampled_from(",;\t "),
    st.sampled_from(["", "\n", "\r\n"]),
    st.sampled_from(SETTINGS),
)
def test_a_hint_never_fails(lines: list[list[str]], delimiter: str, end: str, settings: dict[str, Any]) -> None:
    """Whatever the lines and the settings are, a refusal is one of ours, and its hint is one line."""
    hint = None
    stream = SignalStream(configured({}, settings | {"window": 1}))
    try:
        stream.feed(b"\n".join(delimiter.join(line).encode("latin-1") for line in lines) + end.encode())
        stream.finish()
    except DataError as refused:
        hint = refused.hint
    assert "\n" not in (hint or "")


def typed(hint: str) -> list[list[str]]:
    """List the flags that a hint says to try, one list for each way."""
    return [re.sub("[\"']", "", way).split() for way in re.split(r",? or (?=--)", hint.rpartition("try ")[2])]


@pytest.mark.parametrize(
    ("data", "hint"), [case for case in DATA if "N," not in case[1] and "FILE" not in case[1]], ids=lambda _: ""
)
def test_what_it_says_works(data: bytes, hint: str, tmp_path: Path) -> None:
    """Each of the ways that a hint proposes reads the file, and reads the close that was guessed."""
    (tmp_path / "data.csv").write_bytes(data)
    answers = []
    for way in typed(hint):
        done = run_command("data.csv", *way, "--no-newest-first", cwd=tmp_path)
        assert done.code == 0, (way, done.stderr)
        answers.append(metrics_of(done.stdout))
    assert answers == [answers[0]] * len(answers)


FOREIGN = [
    (b"\x04\x22\x4d\x18\x64", "try lz4 -dc FILE | stream-signal"),
    (b"DBN\x02", "try dbn FILE --csv | stream-signal"),
    (b"SQLite format 3\x00", "export its table: sqlite3 -header -csv FILE 'SELECT ...'"),
    (PLAIN.encode("utf-16"), "try iconv -f utf-16 -t utf-8 FILE | stream-signal"),
    (PLAIN.encode("utf-32"), "try iconv -f utf-32 -t utf-8 FILE | stream-signal"),
    (PLAIN.encode("utf-16-le"), "it may be UTF-16: try iconv -f utf-16le -t utf-8 FILE | stream-signal"),
    (PLAIN.encode("utf-16-be"), "it may be UTF-16: try iconv -f utf-16be -t utf-8 FILE | stream-signal"),
    (b"a\x00b\n", "the file is damaged, or not a text file: look at it with `file` or `head -c 200`"),
]


@pytest.mark.parametrize(("data", "hint"), FOREIGN, ids=[hint for _, hint in FOREIGN])
def test_a_foreign_file_names_its_command(data: bytes, hint: str, tmp_path: Path) -> None:
    """On stderr, the second line is the command that reads the file, with its path as the shell has to have it."""
    for name, path in (("a.bin", "a.bin"), ("my file.bin", "'my file.bin'"), ("-x.bin", "./-x.bin")):
        (tmp_path / name).write_bytes(data)
        done = run_in_process("--input", f"./{name}" if name[0] == "-" else name, cwd=tmp_path)
        message, *said = done.stderr.splitlines()
        assert message.startswith("stream-signal: line 1: expected CSV in UTF-8, found ")
        shown = hint.replace("FILE", path) if " | " in hint and not ("'FILE'" in hint and "'" in path) else hint
        words, _, command = shown.rpartition(": try ") if ": try " in shown else ("", "", shown.removeprefix("try "))
        lines = [words] * bool(words) + [f"try {command}" if shown != command else command]
        assert said == [f"stream-signal: {line}" for line in lines]
    assert run_in_process(stdin=data, cwd=tmp_path).stderr.splitlines()[1] == f"stream-signal: {hint}"


COMPRESSED = [
    (gzip.compress(PLAIN.encode()), "try gzip -dc FILE | stream-signal"),
    (b"\x28\xb5\x2f\xfd\x00\x01", "try zstd -dc FILE | stream-signal"),
    (b"PK\x03\x04" + bytes(26) + b"data.csv", "try unzip -p FILE | stream-signal"),
    (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "it may be an Excel workbook: save the sheet as CSV in Excel"),
    (b"BZh91AY", "try bzip2 -dc FILE | stream-signal"),
    (b"\xfd7zXZ\x00", "try xz -dc FILE | stream-signal"),
    (b"PAR1\x15", "give the job its path, of a file that is not compressed"),
    (b"ARROW1\x00", "give the job its path, of a file that is not compressed"),
]


@pytest.mark.parametrize(("data", "hint"), COMPRESSED, ids=[hint for _, hint in COMPRESSED])
def test_a_stream_reads_nothing_compressed(data: bytes, hint: str) -> None:
    """The core, which is given bytes, refuses what the inputs would have decompressed, and says how to do it."""
    stream = SignalStream()
    with pytest.raises(DataError) as refused:
        stream.feed(data + b"\n")
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (PLAIN.encode("utf-16"), "try gzip -dc 'my file' | iconv -f utf-16 -t utf-8 | stream-signal"),
        (
            PLAIN.replace("\n", "\r").encode(),
            "its lines end in CR alone: try gzip -dc 'my file' | tr '\\r' '\\n' | stream-signal",
        ),
    ],
)
def test_the_hint_for_what_is_compressed(data: bytes, hint: str, tmp_path: Path) -> None:
    """The command of a hint begins with the one that decompresses the file, and it works."""
    (tmp_path / "my file").write_bytes(gzip.compress(data))
    *words, last = run_in_process("my file", cwd=tmp_path).stderr.splitlines()[1:]
    assert last == f"stream-signal: try {hint.rpartition('try ')[2]}"
    assert words in ([], ["stream-signal: its lines end in CR alone"])
    command = hint.rpartition("try ")[2].replace("stream-signal", COMMAND)
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert metrics_of(done.stdout) == SUCCESS


@pytest.mark.parametrize("data", [PLAIN.encode("utf-16"), PLAIN.encode("utf-16-le")], ids=["UTF-16", "UTF-16LE"])
def test_the_command_reads_it(data: bytes, tmp_path: Path) -> None:
    """The command of the hint, typed as it is, reads the file."""
    (tmp_path / "my file").write_bytes(data)
    hint = run_in_process("my file", cwd=tmp_path).stderr.splitlines()[-1]
    command = hint.rpartition("try ")[2].replace("stream-signal", COMMAND)
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert metrics_of(done.stdout) == SUCCESS


def test_the_second_file_is_named(tmp_path: Path) -> None:
    """With several inputs, the command has the path of the one that is refused."""
    (tmp_path / "a.csv").write_text(PLAIN)
    (tmp_path / "b.csv").write_bytes(PLAIN.encode("utf-16"))
    done = run_in_process("a.csv", "b.csv", cwd=tmp_path)
    assert done.stderr.splitlines()[1] == "stream-signal: try iconv -f utf-16 -t utf-8 b.csv | stream-signal"


def test_the_record_has_the_message_alone(tmp_path: Path) -> None:
    """The hint is on stderr and in the log, and not in the error record."""
    (tmp_path / "data.csv").write_bytes(ROWS)
    done = run_in_process("data.csv", "--log-file", "run.log", cwd=tmp_path)
    hint = "line 1 looks like data: try --no-header --column 5"
    assert done.record["error_message"] == "Missing required column: 'close'"
    assert done.stderr.splitlines() == [
        "stream-signal: Missing required column: 'close'",
        "stream-signal: line 1 looks like data",
        "stream-signal: try stream-signal data.csv --log-file run.log --no-header --column 5",
    ]
    failed = json.loads((tmp_path / "run.log").read_text().splitlines()[-1])
    assert (failed["event"], failed["hint"]) == ("job failed", hint)


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        (
            "tme",
            "that is the timestamp column (--time-column); the columns are 'time' and 'close': try --time-column time",
        ),
        (7, "that is the timestamp column (--time-column); the columns are 'time' and 'close'"),
    ],
)
def test_a_timestamp_column_that_is_not_there(column: str | int, hint: str) -> None:
    """A missing timestamp column is not taken for the close, and the columns are listed."""
    stream = SignalStream(Config(), [SignalLines(time_column=column)])
    with pytest.raises(DataError) as refused:
        stream.feed(b"time,close\n1,2\n")
    assert refused.value.hint == hint


def test_a_job_that_succeeds_loads_no_hints(tmp_path: Path) -> None:
    """What puts hints into words is imported by a failed job alone."""
    (tmp_path / "data.csv").write_text(PLAIN)
    script = (
        "import sys; from stream_signal.command.main import main; main(['data.csv']); "
        "print({'stream_signal.core.hints', 'difflib', 'shlex'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert done.stderr == b"set()\n"


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("time,close_btc,close_usdt", ["close_btc", "close_usdt"]),
        ("close_time,last", ["last"]),
        ("settlement_date,settle", ["settle"]),
    ],
)
def test_only_whole_words_tell_a_time(header: str, names: list[str]) -> None:
    """A name with the letters of a time in it, such as `usdt`, may be that of the close."""
    hint = hint_of(header + "\n" + ",".join("4" for _ in header.split(",")) + "\n")
    assert hint
    before = "try" if len(names) == 1 else "either"
    assert hint.partition(f": {before} ")[2] == " or ".join(f"--column {name}" for name in names)
