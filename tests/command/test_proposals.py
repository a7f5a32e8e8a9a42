"""What is proposed to be typed: whole command lines, which are typed here and give the right answer."""

from __future__ import annotations

import gzip
import os
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream_signal.command.flags import job_parser
from stream_signal.command.proposals import lines_of
from stream_signal.core.errors import Hint, Way
from stream_signal.hints.shell import text_of
from support import typing
from support.commands import COMMAND, run_in_process
from support.oracle import count

if TYPE_CHECKING:
    from collections.abc import Sequence

# Candles that move at every row, and those that are flat for as long as the first lines that a hint looks at.
MOVING = [(4.0 + n % 7, 9.0 + n % 5, 1.0 + n % 3 / 4, 3.0 + n * 11 % 17 / 3) for n in range(120)]
MOVING = [(one, max(one, high, last), min(one, low, last), round(last, 2)) for one, high, low, last in MOVING]
FLAT = [(5.0, 5.0, 5.0, 5.0)] * 400
CANDLES = [*FLAT, *MOVING]
CLOSES = [str(close) for *_, close in CANDLES]
MINUTES = range(1_700_000_000, 1_700_000_000 + 60 * len(CANDLES), 60)


def rate(closes: Sequence[str], window: int = 5) -> float:
    """Count the rate with fractions."""
    rows, signals = count(list(closes), window)
    return signals / rows


def lines(order: Sequence[int], form: str = "{time},{prices},1.5", candles: Sequence[Sequence[float]] = CANDLES) -> str:
    """Write candles with their prices, open, high, low and close, in an order."""
    rows = zip(MINUTES, candles, strict=False)
    return "".join(
        form.format(time=time, ms=time * 1000, prices=",".join(str(candle[at]) for at in order)) + "\n"
        for time, candle in rows
    )


def proposed(arguments: Sequence[str], folder: Path, stdin: bytes = b"") -> list[str]:
    """Run a command that fails; return the command lines that it proposes, the one to try first."""
    done = run_in_process(*arguments, stdin=stdin, cwd=folder)
    assert done.code in {1, 2}, done.stderr
    return typing.proposed(done.stderr)


def answer(command: str, folder: Path) -> dict[str, object]:
    """Type a command line; return its metrics."""
    done = typing.type_line(command, folder)
    assert done.code == 0, (command, done.stderr)
    return done.record


FIVE = ["3", "4.5", "2", "6", "5"]
COLUMN = "".join(f"{n},{close}\n" for n, close in enumerate(FIVE, start=1))
FEW_BAD = "close\n" + "".join(f"{n}\n" for n in range(40)).replace("\n7\n", "\nn.a.\n")
CASES = [
    ("time,Price\n" + COLUMN, (), ["--column Price"]),
    ("time,My Close\n" + COLUMN, (), ["--column 'My Close'"]),
    (COLUMN.replace(",", ";").replace(".", ","), ("--no-header", "--column", "2"), ["--decimal ,"]),
    ("".join(f"2024-01-0{line}\n" for line in COLUMN.splitlines()), (), ["--no-header --column 2"]),
    ("time;close\n" + COLUMN.replace(",", ";").replace(".", ","), (), ["--decimal ,"]),
    ("time;close\n" + COLUMN.replace(",", ";"), ("--delimiter", "comma"), ["--delimiter semicolon"]),
    ("time,close\n" + COLUMN, ("--no-header", "--column", "2"), ["--header true --column close"]),
    ("time,close\n" + COLUMN, ("--signals", "s.csv", "--time-column", "tme"), ["--time-column time"]),
    ("time,name,close\n" + COLUMN.replace(",", ",x,"), ("--key", "nme"), ["--key name"]),
]


@pytest.mark.parametrize(("data", "arguments", "flags"), CASES, ids=lambda _: "")
@pytest.mark.parametrize("name", ["a.csv", "it's a \x1b[31m.csv"])
def test_other_flags(data: str, arguments: tuple[str, ...], flags: list[str], name: str, tmp_path: Path) -> None:
    """The command line that was given comes back with its path and its flags, and with those that are missing."""
    (tmp_path / name).write_text(data)
    found = proposed([name, "--window", "2", *arguments, "--quiet"], tmp_path)
    assert [line.endswith(f" {one}") for line, one in zip(found, flags, strict=True)] == [True] * len(flags)
    assert [" --window 2 " in line and " --quiet" in line for line in found] == [True] * len(flags)
    assert answer(found[0], tmp_path)["value"] == rate(FIVE, 2)


def test_few_bad_rows(tmp_path: Path) -> None:
    """Bad rows that are few and apart may count without a close."""
    (tmp_path / "a.csv").write_text(FEW_BAD)
    [found] = proposed(["a.csv", "--window", "2", "--quiet"], tmp_path)
    assert found == "stream-signal a.csv --window 2 --quiet --bad-rows missing"
    assert answer(found, tmp_path)["rows_processed"] == 40


def test_a_last_line_that_is_no_row(tmp_path: Path) -> None:
    """A line of another kind below the rows is left out: it would count as one more row with --bad-rows missing."""
    (tmp_path / "a b.csv").write_text("time,close\n" + COLUMN + "5\n")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress((tmp_path / "a b.csv").read_bytes()))
    for name, before in (("a b.csv", "sed '$d' 'a b.csv'"), ("a.csv.gz", "gzip -dc a.csv.gz | sed '$d'")):
        [found] = proposed(["-qw", "2", name], tmp_path)
        assert found == f"{before} | stream-signal -qw 2"
        assert answer(found, tmp_path)["value"] == rate(FIVE, 2)


@pytest.mark.parametrize(
    "data",
    [
        "close\n" + "1\nn.a.\n" * 20,
        "close\n" + "1\n" * 90 + "n.a.\nn.a.\n" + "1\n" * 8,
        "time,close\n" + "1.5,2\n" * 3 + "1.5,2,x\n" * 200,
        "close\n" + "1.5 of 2\n" * 20,
    ],
    ids=["half", "in a row", "the rest", "all"],
)
def test_many_bad_rows(data: str, tmp_path: Path) -> None:
    """Where many rows are bad, or follow each other, the file is read in a wrong way: nothing hides that."""
    (tmp_path / "a.csv").write_text(data)
    done = run_in_process("a.csv", cwd=tmp_path)
    assert "--bad-rows" not in done.stderr
    assert done.stderr.splitlines()[-1].endswith(": the file seems to have another layout")


PIPES = [
    (("close\n" + "\n".join(FIVE)).replace("\n", "\r").encode(), "tr '\\r' '\\n' < {path} | "),
    (("time,close\n" + COLUMN).encode("utf-16"), "iconv -f utf-16 -t utf-8 {path} | "),
    (("time close\n" + COLUMN.replace(",", "  ")).encode(), "tr -s ' ' , < {path} | "),
    (("BTC\n" + lines((0, 1, 2, 3), candles=MOVING)).encode(), "tail -n +2 {path} | "),
    (("close\n" + "\n".join(f"1'00{each}" for each in FIVE) + "\n").encode(), 'tr -d "\'" < {path} | '),
]


@pytest.mark.parametrize(("data", "before"), PIPES, ids=[before for _, before in PIPES])
@pytest.mark.parametrize(
    ("name", "path"), [("a.csv", "a.csv"), ("my\ta.csv", r"$'my\x09a.csv'"), ("-a.csv", "./-a.csv")]
)
def test_a_command_before(data: bytes, before: str, name: str, path: str, tmp_path: Path) -> None:
    """A command that prints the rows comes before the job, which keeps its flags, and no longer names the input."""
    (tmp_path / name).write_bytes(data)
    [found] = proposed(["--window=2", "-q", "-o", "m.json", "--", name], tmp_path)
    assert found.startswith(f"{before.format(path=path)}stream-signal --window=2 -q -o m.json")
    found = found.replace(" -o m.json", "")
    closes = {"tail": [str(close) for *_, close in MOVING], "tr -d": [f"100{each}" for each in FIVE]}
    expected = next((each for start, each in closes.items() if before.startswith(start)), FIVE)
    assert answer(found, tmp_path)["value"] == rate(expected, 2)


@pytest.mark.parametrize("end", ["", "\n"], ids=["no last newline", "a last newline"])
@pytest.mark.parametrize("header", ["time,close\n", ""], ids=["a header", "none"])
def test_reversed_lines(end: str, header: str, tmp_path: Path) -> None:
    """A file whose lines are reversed by a command keeps each of its rows, with a last newline and without."""
    rows = [f"{close}0,{close}" for close in (6, 5, 4, 3, 2, 1)]
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress((header + "\n".join(rows) + end).encode()))
    flags = [] if header else ["--no-header", "--column", "2", "--time-column", "1"]
    [found] = proposed(["one.csv.gz", "--strict", *flags], tmp_path)
    metrics = answer(found, tmp_path)
    assert (metrics["rows_processed"], metrics["value"]) == (6, rate(["1", "2", "3", "4", "5", "6"]))


LAYOUTS = [
    ((0, 3, 1, 2), "{ms},{prices},1.5", "--format bitfinex"),
    ((2, 1, 0, 3), "{time},{prices},1.5", "--format coinbase --no-newest-first"),
    ((0, 1, 2, 3), "{ms},{prices},1.5,9,1,1,1,1,0", "--format binance"),
    ((0, 3, 1, 2), "{time},{prices},1.5,9", "--format kucoin --no-newest-first"),
    ((3, 1, 2, 0), "{time},9,{prices}", "--format gateio"),
    ((0, 1, 2, 3), "{ms},{prices},1.5,9,9", "--format bitget"),
]


@pytest.mark.parametrize(("order", "form", "flags"), LAYOUTS, ids=lambda _: "")
def test_a_known_format(order: tuple[int, ...], form: str, flags: str, tmp_path: Path) -> None:
    """Rows without a header are read by the known format that they have, with a doubt that proposes to say so."""
    (tmp_path / "a.csv").write_text(lines(order, form, MOVING))
    done = run_in_process("a.csv", "--window", "5", cwd=tmp_path)
    [line] = typing.proposed(done.stderr)
    assert line == f"stream-signal a.csv --window 5 {flags}"
    for read in done, typing.type_line(line, tmp_path):
        assert read.record["value"] == rate([str(close) for *_, close in MOVING])
    assert (read.code, read.stderr) == (0, "")
    assert proposed(["a.csv", "--window", "5", "--strict"], tmp_path) == [
        f"stream-signal a.csv --window 5 --strict {flags}"
    ]


def test_flat_rows(tmp_path: Path) -> None:
    """Where the first rows are flat, as many are looked at as it takes to tell the close, of up to a thousand."""
    for order, form, flags in [((0, 1, 2, 3), "{time},{prices},1.5", "--no-header --column 5"), *LAYOUTS]:
        (tmp_path / "a.csv").write_text(lines(order, form))
        done = run_in_process("a.csv", cwd=tmp_path)
        line = typing.proposed(done.stderr)[0]
        assert line == f"stream-signal a.csv {flags}"
        assert answer(line, tmp_path)["value"] == rate(CLOSES)
        assert done.code == 1 or done.record["value"] == rate(CLOSES)


@pytest.mark.parametrize("rows", [3, 6, 400, 2000])
def test_only_flat_rows(rows: int, tmp_path: Path) -> None:
    """Where more than one order of columns fits all that was looked at, none is to be tried first: each is named."""
    candles = [*FLAT * 5][:rows] + (MOVING if rows > 1000 else [])
    text = "".join(
        f"{60_000 * n + 1_700_000_000_000},{','.join(map(str, candle))},1.5\n" for n, candle in enumerate(candles)
    )
    (tmp_path / "a.csv").write_text(text)
    done = run_in_process("a.csv", cwd=tmp_path)
    assert done.stderr.splitlines()[1:] == [
        "stream-signal: line 1 looks like data, and the close may be in column 5 or 3",
        "stream-signal: either stream-signal a.csv --no-header --column 5",
        "stream-signal: or stream-signal a.csv --no-header --column 3",
    ]
    assert run_in_process(stdin=text.encode(), cwd=tmp_path).stderr == done.stderr.replace(" a.csv", "")


def test_open_or_close(tmp_path: Path) -> None:
    """An order that begins with the close is told from one that ends with it by where the next row opens."""
    closes = [5.0, 6.5, 4.0, 7.5, 3.0, 6.0, 5.5, 8.0, 4.5, 6.0, 7.0, 5.0]
    candles = list(zip([5.5, *closes], [9.0] * 12, [2.0] * 12, closes, strict=False))
    for order, column in (((3, 1, 2, 0), 3), ((0, 1, 2, 3), 6)):
        (tmp_path / "a.csv").write_text(lines(order, "{ms},1.5,{prices}", candles))
        [found] = proposed(["a.csv"], tmp_path)
        assert found == f"stream-signal a.csv --no-header --column {column}"
        assert answer(found, tmp_path)["value"] == rate([str(close) for close in closes])
    (tmp_path / "a.csv").write_text(lines((3, 1, 2, 0), "{ms},1.5,{prices}", candles[:3]))
    assert [line.rpartition(" ")[2] for line in proposed(["a.csv"], tmp_path)] == ["3", "6"]


def test_newest_first(tmp_path: Path) -> None:
    """Rows without a header whose times fall are proposed to be read from their end."""
    text = "".join(reversed(lines((0, 1, 2, 3), candles=MOVING).splitlines(keepends=True)))
    closes = [str(close) for *_, close in MOVING]
    for data, wanted in ((text, "stream-signal a.csv --no-header --column 5 --newest-first"), ("BTC\n" + text, None)):
        (tmp_path / "a.csv").write_text(data.rstrip("\n"))
        [found] = proposed(["a.csv"], tmp_path)
        assert found == wanted or (not wanted and found.startswith("tail -n +2 a.csv | awk "))
        assert answer(found, tmp_path)["value"] == rate(closes)


@pytest.mark.parametrize(
    "previous",
    ["PREV_CLOSE", "prev_close", "Previous Close", "Prev. Close", "pre_close", "prevclose", "PrevClose", "yest close"],
)
def test_the_previous_close(previous: str, tmp_path: Path) -> None:
    """The close of the day before is never read nor proposed, whatever else there is."""
    (tmp_path / "a.csv").write_text(f"time,{previous},CLOSE_PRICE\n" + COLUMN.replace(",", ",0,"))
    assert answer("stream-signal a.csv", tmp_path)["value"] == rate(FIVE)
    (tmp_path / "a.csv").write_text(f"time,{previous},volume\n" + COLUMN.replace(",", ",0,"))
    assert proposed(["a.csv"], tmp_path) == []


def test_another_layout(tmp_path: Path) -> None:
    """A format that does not fit goes, and what reads the file comes in its place."""
    (tmp_path / "a.csv").write_text(lines((0, 1, 2, 3), candles=MOVING))
    [found] = proposed(["--format", "binance", "a.csv", "--window", "5,20"], tmp_path)
    assert found == "stream-signal a.csv --window 5,20 --no-header --column 5"
    assert answer(found, tmp_path)["value"] == rate([str(close) for *_, close in MOVING])


def test_two_symbols(tmp_path: Path) -> None:
    """Two symbols in a series: one mean each is proposed, and one for all as the other way."""
    rows = "".join(f"{n},{name},{close}\n" for n, close in enumerate(FIVE) for name in ("BTC", "ETH"))
    (tmp_path / "a.csv").write_text("time,My Symbol,close\n" + rows)
    (tmp_path / "b.csv").write_text("time,Symbol,close\n" + rows)
    found = proposed(["b.csv", "--window", "2"], tmp_path)
    assert found == ["stream-signal b.csv --window 2 --key symbol", "stream-signal b.csv --window 2 --key none"]
    assert answer(found[0], tmp_path)["value"] == rate(FIVE, 2)


def test_without_the_config(tmp_path: Path) -> None:
    """A ./config.yaml that is wrong, or that of another program, can be ignored."""
    (tmp_path / "config.yaml").write_text("services: {}\n")
    (tmp_path / "a.csv").write_text("time,close\n" + COLUMN)
    [found] = proposed(["a.csv", "-w", "2"], tmp_path)
    assert found == "stream-signal a.csv -w 2 --no-config"
    assert answer(found, tmp_path)["value"] == rate(FIVE, 2)


def test_through_a_pipe(tmp_path: Path) -> None:
    """What reads a pipe is proposed as it stands behind the pipe: it reads the same bytes."""
    data = ("time,Price\n" + COLUMN).encode()
    for arguments, line in (
        ([], "stream-signal --column Price"),
        (["-"], "stream-signal - --column Price"),
        (["--input", "-", "-w", "2"], "stream-signal --input - -w 2 --column Price"),
    ):
        assert proposed(arguments, tmp_path, data) == [line]
        assert typing.type_line(line, tmp_path, data).record["rows_processed"] == 5
    data = data.replace(b"Price", b"close").replace(b"\n", b"\r")
    [line] = proposed(["-w", "2"], tmp_path, data)
    assert line == r"tr '\r' '\n' | stream-signal -w 2"
    assert typing.type_line(line, tmp_path, data).record["value"] == rate(FIVE, 2)


def test_one_of_several(tmp_path: Path) -> None:
    """A command that prints the rows of one of several inputs comes in its place."""
    (tmp_path / "a.csv").write_text("time,close\n1,1\n2,2\n")
    (tmp_path / "b b.csv").write_bytes(("time,close\n" + COLUMN).encode("utf-16"))
    (tmp_path / "c.csv").write_text("time,close\n6,6\n")
    for arguments, line in (
        (["a.csv", "b b.csv", "c.csv"], "stream-signal a.csv - c.csv"),
        (["--input", "a.csv", "--input", "b b.csv"], "stream-signal --input a.csv --input -"),
        (["--input=a.csv", "--input=b b.csv"], "stream-signal --input=a.csv --input=-"),
    ):
        [found] = proposed([*arguments, "-w", "2"], tmp_path)
        assert found == f"iconv -f utf-16 -t utf-8 'b b.csv' | {line} -w 2"
        assert answer(found, tmp_path)["value"] == rate(["1", "2", *FIVE, "6"][: 7 + ("c.csv" in arguments)], 2)


def test_what_cannot_be_typed(tmp_path: Path) -> None:
    """With a secret on the command line, or flags that a pipe cannot be read with, the words say what is missing."""
    data = "time,Price\n" + COLUMN
    (tmp_path / "a.csv").write_text(data)
    done = run_in_process("a.csv", "http://me:pw@127.0.0.1:1/b.csv", cwd=tmp_path)
    words = "line 1 has the columns 'time' and 'Price': try --column Price"
    assert done.stderr.splitlines()[1] == f"stream-signal: {words}"
    carriage_returns = data.replace("Price", "close").replace("\n", "\r").encode()
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", data.replace("Price", "close"))
        archive.writestr("b.csv", data.encode("utf-16"))
    command = "unzip -p two.zip b.csv | iconv -f utf-16 -t utf-8 | stream-signal --column Price"
    words = f"line 1 has the columns 'time' and 'Price': try {command}"
    assert run_in_process("two.zip", cwd=tmp_path).stderr.splitlines()[1] == f"stream-signal: {words}"
    hint = Hint("its lines end in CR alone", (Way(before=(("tr", "\\r", "\\n"),)),))
    assert lines_of(hint, job_parser(), ["https://example.com/a.csv"]) == [text_of(hint)]
    (tmp_path / "a.csv").write_bytes(carriage_returns)
    done = run_in_process("a.csv", "--checkpoint", "c.json", cwd=tmp_path)
    words = "its lines end in CR alone: try tr '\\r' '\\n' < a.csv | stream-signal"
    assert done.stderr.splitlines()[1] == f"stream-signal: {words}"


@pytest.mark.parametrize(
    ("arguments", "words", "command"),
    [
        (["candels", "--rows", "3"], "`candles`", "stream-signal candles --rows 3"),
        (["verfy", "a b.csv"], "`verify`", "stream-signal verify 'a b.csv'"),
        (["fromats"], "`formats`", "stream-signal formats"),
        (["versoin"], "`version`", "stream-signal version"),
        (["run", "a b.csv", "--window", "2"], "no command `run`", "stream-signal 'a b.csv' --window 2"),
    ],
)
def test_a_command_that_is_meant(arguments: list[str], words: str, command: str, tmp_path: Path) -> None:
    """A mistyped command, or one of another program, is understood, with all that followed it."""
    (tmp_path / "a b.csv").write_text("time,close\n" + COLUMN)
    done = run_in_process(*arguments, cwd=tmp_path)
    assert done.code in {1, 2}
    assert words in done.stderr
    assert done.stderr.splitlines()[-1] == f"stream-signal: try {command}"
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=os.environ | {"PATH": path}, check=True, capture_output=True
    )


@pytest.mark.parametrize(("word", "flag"), [("version", "--version"), ("help", "--help")])
def test_words_for_flags(word: str, flag: str, tmp_path: Path) -> None:
    """`version` and `help` do what the flags do, of the job and of a command; a file of that name is a file."""
    assert run_in_process(word, cwd=tmp_path) == run_in_process(flag, cwd=tmp_path)
    assert run_in_process("help", "candles", cwd=tmp_path) == run_in_process("candles", "--help", cwd=tmp_path)
    (tmp_path / word).write_text("close\n1\n2\n")
    assert run_in_process(word, cwd=tmp_path).record["rows_processed"] == 2


@pytest.mark.parametrize("name", ["candles.csv", "candles.parquet", "./candels", "none/candels", "verify.csv"])
def test_a_path_is_no_command(name: str, tmp_path: Path) -> None:
    """A path with an ending, or with a folder, that is not there is a missing file."""
    done = run_in_process(name, cwd=tmp_path)
    assert done.record["error_message"] == f"cannot read {name!r}: No such file or directory"
    assert "the command" not in done.stderr
    assert "there is no" in done.stderr.splitlines()[1]
