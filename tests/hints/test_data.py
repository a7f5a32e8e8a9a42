"""Hints: what a refused or a doubtful file says to type next, and that typing it reads the right closes.

The texts stand once, in `golden.txt`, which `pytest --golden` writes anew.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import struct
import subprocess
import sys
import tarfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalLines, SignalStream
from stream_signal.command.flags import job_parser, parse, settings_of
from stream_signal.core.config import configured
from stream_signal.core.errors import StreamSignalError
from stream_signal.hints.data import HINTS, hint_of
from stream_signal.hints.shell import text_of
from support.archives import zipped
from support.candle_csv import HEADER
from support.cases import ERRORS, PLAIN, Case
from support.commands import run_in_process
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from collections.abc import Iterable

GOLDEN = Path(__file__).parent / "golden.txt"
FLAGS = ["--signals", "s.csv"]
# Candles without a header, their close between the low and the high.
ROWS = b"".join(b"%d,4.58,4.7,4.5,%.2f,1.5\n" % (1_700_000_000 + 60 * n, 4.58 + n / 100) for n in range(7))
CLOSES = "4.58 4.59 4.60 4.61 4.62 4.63 4.64"
FLAT = b"".join(b"%d000,4.5,4.5,4.5,4.5,1\n" % (1_700_000_000 + 60 * n) for n in range(20))
FALLING = [b'%d,"%d"\n' % (1_700_000_000 - 60 * n, n) for n in range(7)]
PLAIN_CLOSES = " ".join(line.split(",")[4] for line in PLAIN.splitlines()[1:])
THIRTY = ",".join(f"c{number}" for number in range(30))
TWO = "time;close\n1;4.58\n2;"
FOUR = "time,close\n" + "".join(f"{1_700_000_000 + 60 * n},{n}\n" for n in range(40))
ANY = "?"  # what else is wrong
TOOL = "!"  # what another program makes of it


class Told(NamedTuple):
    """An input that is refused or doubtful, the flags that it is read with, and the closes that each way reads."""

    data: str | bytes
    flags: str = ""
    closes: tuple[str, ...] = ()
    name: str = "a.csv"

    @property
    def arguments(self) -> list[str]:
        """What is typed."""
        return [self.name, *FLAGS, *self.flags.split()]

    @property
    def bytes(self) -> bytes:
        """What is in the file."""
        return self.data.encode() if isinstance(self.data, str) else self.data


def name_of(told: Told) -> str:
    """Name a case by how its input begins, or by the file if that is compressed."""
    return f"{told.bytes[:48]!r} {told.flags}".rstrip() if told.name == "a.csv" else told.name


NO_COLUMN = [
    Told("time,Price\n1,2\n", "", ("2",)),
    Told("time,last\n1,2\n", "", ("2",)),
    Told("time,Clsoe\n1,2\n", "", ("2",)),
    Told("close_time,Adj Close\n1,2\n", "", ("2",)),
    Told("BTC close,ETH close\n1,2\n", "", ("1", "2")),
    Told("time,open\n1,2\n"),
    Told("time,open\n1,2\n", "--column 3"),
    Told("Price\n1\n2\n", "", ("1 2",)),
    Told("x\n\ntime,Price\n1,2\n", "", ("2",)),
    Told("time,Last,Settle,vwap\n4,5,6,7\n", "", ("5", "6")),
    Told("Gmt time,CloseBid,CloseAsk\n4,5,6\n", "", ("5", "6")),
    Told(
        "wann,auf,hoch,tief,zu\n" + ROWS.decode().replace(",1.5\n", "\n"), "", (CLOSES, "4.58 " * 7)
    ),  # by what the cells are
    Told("time,close_btc,close_usdt\n4,5,6\n", "", ("5", "6")),  # a part of a name is no time
    Told("close_time,last\n4,5\n", "", ("5",)),
    Told("settlement_date,settle\n4,5\n", "", ("5",)),
    Told(THIRTY + "\n"),
    Told("time,close\n1,2\n", "--delimiter ;", ("2",)),
    Told("time close\n1 2\n", "", ("2",)),
    Told("a\nb\nc\nd\ne\nf\n" + PLAIN),
    Told("hello\n"),
    Told(b"time,close\r1,2\r2,3\r", "", ("2 3",)),
    Told("<!DOCTYPE html>\n<html>\n"),
    Told('<?xml version="1.0"?>\n<Error/>\n'),
    Told("<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>\n"),
    Told("<html><body><table><tr><th>close</th></tr><tr><td>1</td></tr></table></body></html>\n", "", (TOOL,)),
    Told("Too Many Requests\n"),
    Told("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "", (TOOL,)),
    Told('[[1700000000000,"4","5","6","3","1"]]', "", ("5",)),
    Told('[\n{"time":1,\n"close":2}\n]\n', "", ("2",)),
    Told('{"time":1,"close":2}\n', "", ("2",)),
    Told('{"code":"0","data":[{"time":1,"close":2}]}\n', "", ("2",)),
    Told('{"result":{"XX-1":[[1700000000000,"4","5","6","3","1"]],"last":1}}', "", ("5",)),
    Told('{"t":[1,2],"chart":[{"x":{"close":[1.5]}}]}\n'),
    Told("[\n [\n  1700000000000,\n  4,\n  5,\n  6,\n  3,\n  1\n ]\n]\n"),
    Told('[\n {\n  "close": 2,\n' + '  "x": 1,\n' * 9 + '  "y": 1\n }\n]\n', "", ("2",)),
    Told('{"error":[]}\n'),
    Told('{"code":-1003,"msg":"Too many requests; current limit is 1200 request weight per minute."}'),
    Told('{"chart":{"result":null,"error":{"code":"Not Found",\n"description":"No data found"}}}\n'),
    Told('"time,close"\r\n"1,2"\r\n"2,""3"""\r\n', "", ("2 3",)),
    Told("日期,模型,價格\n1,2,3\n".encode("big5"), "", (ANY,)),
    Told("Дата;Цена моя\n1;2\n".encode("cp1251"), "", (ANY,)),
    Told(
        "[" + '[1700000000000,"4","6","3","5","1"],' * 5999 + '[1700000000000,"4","6","3","5","1"]]', "", ("5 " * 6000,)
    ),
]
NO_HEADER = [
    Told(FLAT + b"1700009999000,4,5,6,3,1\n", "", ("4.5 " * 20 + "5", "4.5 " * 20 + "5")),
    Told(FLAT + b"1700009999000,4,6,3,5,1\n", "", ("4.5 " * 20 + "5",)),
    Told(FLAT, "", ("4.5 " * 20, "4.5 " * 20)),
    Told(ROWS, "", (CLOSES,)),
    Told(b"\n" + ROWS, "", (CLOSES,)),
    Told(b"1;2\n"),
    Told(b"2024-01-01;42.5\n", "", ("42.5",)),
    Told(b"42.5\n42.6\n", "", ("42.5 42.6",)),
    Told(b"2024-03-10;4,5;6,5;3,5;5,5;22\n", "", ("5.5",)),
    Told(b"BTC\n" + ROWS, "", (CLOSES,)),
    Told(b"".join(ROWS.splitlines(keepends=True)[::-1]), "", (CLOSES,)),
    Told(b"BTC\n" + b"".join(ROWS.splitlines(keepends=True)[::-1]), "", (CLOSES,)),
    Told(b"1700000000000,4,6,3,5,1,1700000059999,1,7,0.5,0.5,0\n", "", ("5", "5")),
    Told(b"1700000000,4,6,3,5,1,22\n", "", ("5", "5")),
    Told(b"1700000000000,4,5,6,3,1\n", "", ("5", "5")),
    Told(b"1700000000,3,6,4,5,1\n", "", ("5", "5")),
    Told(b"2024.03.10,00:00,4,6,3,5,22\n", "", ("5", "5")),
    Told(b"20240310 170000;4;6;3;5;22\n", "", ("5", "5")),
]
HEADS = [
    Told("time,Close,x,close\n1,2,3,4\n", "", ("2", "4")),
    Told("close;close2,close\n1;2,3\n", "", (ANY, "1")),
    Told("a;1,5\n", "--no-header --column 2", ("1.5",)),
    Told("3,4;5\n", "--no-header --column 2", ("5",)),
    Told("a|1;5\n", "--no-header --column 2", (ANY, ANY)),
    Told(ROWS, "--column 5", (CLOSES,)),
    Told("1700000000,4,4,4,4,1\n", "--column 3", ("4",)),
    Told(PLAIN, "--no-header --column 5", (PLAIN_CLOSES,)),
    Told("a;b\n", "--no-header --column 3", (ANY,)),
    Told("1;2\n", "--no-header --column 3"),
    Told(ROWS, "--format binance", (CLOSES,)),
    Told("3\n4\n", "--column 4", ("3 4",)),
]
BAD_ROWS = [
    Told(PLAIN[:-9], "", (PLAIN_CLOSES.rpartition(" ")[0],)),
    Told(PLAIN + "1700000000,4,4,4,42,004.66,1\n"),
    Told(HEADER + "1700000000,4,5,6,5,3,5,5,5,1\n"),
    Told(PLAIN[:-1] + PLAIN),
    Told("time,close\n1,1.5,\n"),
    Told(PLAIN + HEADER.replace("open", "Open")),
    Told(PLAIN + '1,2,3,4,"5"x,6\n'),
    Told(PLAIN + '1,2,3,4,"5,6\n'),
    Told(PLAIN + "x" * 131_073),
    Told(FOUR + "40\n", "", (" ".join(map(str, range(40))),)),
    Told(FOUR.replace(",7\n", ",n.a.\n"), "", (" ".join(str(n) if n != 7 else "nan" for n in range(40)),)),
    Told(FOUR.replace(",7\n", ",n.a.\n").replace(",8\n", ",n.a.\n")),
    Told(TWO + "42,5\n"),  # no setting reads both rows
    Told(TWO.replace("4.58", "4,58") + '"42,5"\n', "", ("4.58 42.5",)),
    Told(TWO.replace("4.58", "7") + "42,004\n", "", ("7 42.004", "7 42004")),
    Told(TWO.replace("4.58", "7") + "42.004,66\n", "", ("7 42004.66",)),
    Told(TWO + "42 004\n", "", ("4.58 42004",)),
    Told(TWO + "42\u00a0004\n", "", ("4.58 42004",)),
    Told(TWO, "--decimal ,", (ANY,)),
    Told(TWO.replace("4.58", "7") + "42,5\n", "--thousands ,", ("7 42.5",)),
    Told(TWO + "42'004.66\n", "", ("4.58 42004.66",)),
    Told(TWO + "42%\n"),
    Told(TWO + "(37.63)\n3;($1.50)\n", closes=("4.58 -37.63 -1.50",)),
    Told(TWO + "37.63-\n", closes=("4.58 -37.63",)),
    Told("17,4,6,3,5,1\n2024-01-01,4,6,3,5,1\n", "--no-header --column 1", ("5 5",)),
    Told(""),
    Told(HEADER),
    Told("close\r1\r2\r", "--column 1", ("1 2",)),
    Told("close\n1\nx\n3\nx\n", "--bad-rows missing --max-bad 0.4", (ANY, "1 nan 3 nan")),
    Told("close\n1\n2\nx\n" * 6, "--bad-rows missing --window 3", (ANY,)),
]
OTHERS = [
    Told("time,close\n1,2\n", "--time-column tme", ("2",)),
    Told("time,close\n1,2\n", "--time-column 7"),
    Told("time,time,close\n1,2,3\n", "--time-column time", ("3", "3")),
    Told("time,name,close\n1,A,2\n", "--key nme", ("2",)),
    Told("time,Ticker,close\n1,A,2\n", "--key symbol", ("2",)),
    Told("key,key,close\n1,A,2\n", "--key key", ("2", "2")),
    Told("key,close\nA,1\nB,2\nA,3\n", "--key key --grouped", ("1 2 3",)),
    Told("key,close\nA,1\nB,2\n", "--key key --max-keys 1"),
    Told("time,Ticker,close\n1,BTC,2\n1,ETH,3\n", "", ("2 3", "2 3")),
    Told(f"symbol,close\n{'K' * 2000},1\n", "", ("1",)),
    Told('close\n"3\n"\n1\n', "--newest-first"),
]
# A frame of one block, stored as it is.
LZ4 = bytes.fromhex("04224d18604082") + struct.pack("<I", 2**31 + len(PLAIN)) + PLAIN.encode() + bytes(4)


def tar(*names: str, pax: bool = False) -> bytes:
    """Return a tar archive of candles by these names; one that ends with a slash is a folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT if pax else tarfile.USTAR_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.pax_headers = {"mtime": "1.5"} if pax else {}
            member.type, member.size = (tarfile.DIRTYPE, 0) if name.endswith("/") else (tarfile.REGTYPE, len(PLAIN))
            archive.addfile(member, None if name.endswith("/") else io.BytesIO(PLAIN.encode()))
    return file.getvalue()


FOREIGN = [
    Told(tar("data/btc.csv"), "", (PLAIN_CLOSES,)),
    Told(tar("data/", "data/btc.csv")),
    Told(gzip.compress(tar("btc.csv"), mtime=0), "", (PLAIN_CLOSES,), "btc.tar.gz"),
    Told(b"\x89HDF\r\n\x1a\n\0", "", (TOOL,)),
    Told(LZ4, "", (PLAIN_CLOSES,)),
    Told(b"DBN\x02", "", (TOOL,)),
    Told(b"SQLite format 3\x00"),
    Told(b"Rar!\x1a\x07\x01\x00", "", (TOOL,)),
    Told(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "", (TOOL,), "a.xls"),
    Told(zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "", (TOOL,), "a.xlsx"),
    Told(zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "", (TOOL,), "a.ods"),
    Told(gzip.compress(tar("./a.csv", pax=True), mtime=0), "", (PLAIN_CLOSES,), "pax.tar.gz"),
    Told(PLAIN.encode("utf-16"), "", (PLAIN_CLOSES,)),
    Told(PLAIN.encode("utf-32"), "", (PLAIN_CLOSES,)),
    Told(PLAIN.encode("utf-16-le"), "", (PLAIN_CLOSES,)),
    Told(PLAIN.encode("utf-16-be"), "", (PLAIN_CLOSES,)),
    Told(b"a\x00b\n"),
    Told(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x05\x78"),
    Told(b"%PDF-1.7\r%\xe2\r\n"),
    Told(b"\x01\x02\r\n\0\r\n" * 9),
    Told(gzip.compress(PLAIN.encode("utf-16"), mtime=0), "", (PLAIN_CLOSES,), "utf-16.gz"),
    Told(gzip.compress(PLAIN.replace("\n", "\r").encode(), mtime=0), "", (PLAIN_CLOSES,), "cr.gz"),
]
SEVEN = "".join(f"{1_700_000_000 + 60 * n},{n}\n" for n in range(7))
DOUBTS = [
    Told("time,close\n" + "".join(SEVEN.splitlines(keepends=True)[::-1]), "", ("0 1 2 3 4 5 6",)),
    Told("time,close\n" + SEVEN, "--newest-first", ("0 1 2 3 4 5 6",)),
    Told(b"time,close\n" + b"".join(FALLING), "", ("6 5 4 3 2 1 0",)),
    Told(b"BTC\n# x\ntime,close\n" + b"".join(FALLING), "", ("6 5 4 3 2 1 0",)),
    Told(b"".join(FALLING), "--no-header --column 2 --time-column 1", ("6 5 4 3 2 1 0",)),
    Told(bz2.compress(b"time,close\n" + b"".join(FALLING)), "", ("6 5 4 3 2 1 0",), "a.bz2"),
    Told(lzma.compress(b"time,close\n" + b"".join(FALLING)), "--strict", ("6 5 4 3 2 1 0",), "a.xz"),
    Told(b"time,close\n\n" + b"".join(FALLING), "", ("6 5 4 3 2 1 0",)),
    Told("time,close\n1,2\n"),
]
# Files that ask for one thing after another: the first line to type has them all.
GERMAN = "".join(f"{20 - n:02}.01.2024;{1 + n // 4}.{n:03},50\n" for n in range(7))
AMERICAN = "".join(f'"01/{20 - n:02}/2024","{n // 4},{n:03}.5",x\n'.replace('"0,', '"') for n in range(7))
STEPS = [
    Told("time;Kurs\n1;4,58 €\n2;4,59 €\n", "", ("4.58 4.59",)),
    Told("Datum;Kurs\n" + GERMAN, "", ("2006.5 2005.5 2004.5 1003.5 1002.5 1001.5 1000.5",)),
    Told('"Date","Price","x"\n' + AMERICAN, "", ("1006.5 1005.5 1004.5 3.5 2.5 1.5 0.5",)),
    Told("Datum;Börse;Kurs\n1.1.2024;x;4,5\n2.1.2024;x;5,5\n".encode("cp1252"), "", ("4.5 5.5",)),
    Told("Datum;Börse;Kurs\n2.1.2024;x;5,5\n1.1.2024;x;4,5\n".encode("cp1252"), "", ("4.5 5.5",)),
    Told("time;Price\n1;4,5\n2;4.5\n"),  # no setting reads both
]
# A pipe has no end to be read from; and what was compressed in it, nobody knows later on.
NOT_FROM_A_PIPE = [told for told in (*OTHERS, *DOUBTS, *FOREIGN) if told.name != "a.csv" or "newest" in told.flags]
NOT_FROM_A_PIPE += STEPS  # it cannot be read again
ALL = [*NO_COLUMN, *NO_HEADER, *HEADS, *BAD_ROWS, *OTHERS, *FOREIGN, *DOUBTS, *STEPS]


def written(path: Path) -> list[Fraction | None]:
    """Read the closes that the signals have."""
    with (path / "s.csv").open(newline="") as file:
        texts = [line["close"] for line in csv.DictReader(file)]
    return [None if text in {"", "nan"} else Fraction(text) for text in texts]


def test_texts(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each case says on stderr what the golden file has, in words and in whole command lines."""
    found = []
    for told in ALL:
        (tmp_path / told.name).write_bytes(told.bytes)
        lines = run_in_process(*told.arguments, cwd=tmp_path).stderr.replace(str(tmp_path), "").splitlines()
        found.append("\n    ".join([name_of(told), *lines]) + "\n")
    if request.config.getoption("--golden"):
        GOLDEN.write_text("".join(found))
    assert "".join(found) == GOLDEN.read_text()


@pytest.mark.parametrize("told", ALL, ids=name_of)
@pytest.mark.parametrize("pipe", [False, True], ids=["file", "pipe"])
def test_what_is_proposed_works(told: Told, pipe: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Each command line on stderr, typed as it stands, reads the right closes, of the file and of the same pipe."""
    stdin, arguments = (told.bytes, told.arguments[1:]) if pipe else (b"", told.arguments)
    (tmp_path / told.name).write_bytes(told.bytes)
    lines = proposed(run_in_process(*arguments, stdin=stdin, cwd=tmp_path).stderr)
    if pipe and told in NOT_FROM_A_PIPE:
        return
    assert len(lines) == len(told.closes) or pipe
    for line, closes in zip(lines, told.closes, strict=False):
        (tmp_path / "s.csv").unlink(missing_ok=True)
        if closes == TOOL or (pipe and "--bad-rows missing" in line):  # how many rows are bad, a pipe does not tell
            continue
        done = type_line(line, tmp_path, stdin)
        if closes != ANY:
            assert done.code == 0, (line, done.stderr)
            assert written(tmp_path) == [None if text == "nan" else Fraction(text) for text in closes.split()], line


def hint_in(data: bytes, pieces: int, flags: Iterable[str]) -> str | None:
    """Return the hint of the error that refuses the data, fed in pieces of so many bytes; None if there is none."""
    config = configured({}, settings_of(parse(job_parser(), list(flags))))
    stream = SignalStream(config)
    try:
        for at in range(0, len(data), pieces):
            stream.feed(data[at : at + pieces])
        stream.finish()
    except StreamSignalError as error:
        hint = hint_of(error, config)
        return hint and text_of(hint)
    return None


@pytest.mark.parametrize("told", [told for told in ALL if len(told.bytes) < 10_000], ids=name_of)
def test_byte_by_byte(told: Told) -> None:
    """The hint does not depend on where the bytes are cut."""
    flags = told.flags.split()
    assert hint_in(told.bytes, 1, flags) == hint_in(told.bytes, len(told.bytes) or 1, flags)


def test_every_kind_of_clue_is_typed() -> None:
    """Each kind of clue that the core gives has a hint, and is that of a case above."""
    kinds = set()
    for told in ALL:
        config = configured({}, settings_of(parse(job_parser(), told.flags.split())))
        stream = SignalStream(config, [SignalLines(time_column=config.time_column)])
        try:
            stream.feed(told.bytes)
            stream.finish()
        except StreamSignalError as error:
            kinds |= {error.clue[0]} if error.clue else set()
    assert kinds == set(HINTS)


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.name)
def test_every_refusal_has_a_hint(case: Case) -> None:
    """No refusal of the table leaves the user without a next step, on one line."""
    config = Config(**case.settings)
    stream = SignalStream(config)
    with pytest.raises(DataError) as refused:  # noqa: PT012 - either may raise
        stream.feed(case.data)
        stream.finish()
    hint = hint_of(refused.value, config)
    assert hint
    assert "\n" not in text_of(hint)


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
    config = configured({}, settings | {"window": 1})
    stream = SignalStream(config)
    try:
        stream.feed(b"\n".join(delimiter.join(line).encode("latin-1") for line in lines) + end.encode())
        stream.finish()
    except DataError as refused:
        hint = hint_of(refused, config)
    assert not hint or "\n" not in text_of(hint)


KINDS = [
    (gzip.compress(PLAIN.encode()), "a gzip file"),
    (b"\x28\xb5\x2f\xfd\x00\x01", "a Zstandard file"),
    (b"PK\x03\x04" + bytes(26) + b"data.csv", "a zip file"),
    (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "an Excel workbook"),
    (b"BZh91AY", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"PAR1\x15", "a Parquet file"),
    (b"ARROW1\x00", "an Arrow file"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS, ids=[kind for _, kind in KINDS])
def test_a_stream_reads_nothing_compressed(data: bytes, kind: str) -> None:
    """The core, which is given bytes, refuses what the inputs would have decompressed, and there is a hint for each."""
    stream = SignalStream()
    with pytest.raises(DataError) as refused:
        stream.feed(data + b"\n")
    assert refused.value.clue == ("foreign", {"kind": kind})
    assert hint_of(refused.value)


def test_a_job_that_succeeds_loads_no_hints(tmp_path: Path) -> None:
    """What puts hints into words is imported by a failed job alone."""
    (tmp_path / "data.csv").write_text(PLAIN)
    unwanted = ["core.layout.guess", "hints.data", "hints.doubts"]
    script = (
        "import sys; from stream_signal.command.main import main; main(['data.csv']); "
        f"print({{'difflib', 'shlex', *('stream_signal.' + name for name in {unwanted})}} & set(sys.modules), "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert done.stderr == b"set()\n"
