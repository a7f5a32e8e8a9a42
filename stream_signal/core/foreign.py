"""Files that are no CSV, known by their first bytes, and the command that turns each into CSV.

Only what is no text at all is refused here. JSON and HTML are text: they are refused like any text without the column,
and `hints` says what they are.
"""

from __future__ import annotations

from typing import NamedTuple

from stream_signal.core.errors import DataError, shown
from stream_signal.core.printable import typed, typed_path

# Stands for the path of the input in a command; the job, which knows it, puts it in.
FILE = "FILE"
INTO_THE_JOB = " | stream-signal"


class _Foreign(NamedTuple):
    kind: str
    """as the message names it"""
    command: str
    """prints it as CSV; or what to do instead, if there is no such command"""
    advice: str = ""


_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_BY_PATH = "give the job its path, of a file that is not compressed"
_FOREIGN = {
    b"\x1f\x8b": _Foreign("a gzip file", f"gzip -dc {FILE}"),
    b"\x28\xb5\x2f\xfd": _Foreign("a Zstandard file", f"zstd -dc {FILE}"),
    b"PK\x03\x04": _Foreign("a zip file", f"unzip -p {FILE}"),
    b"BZh": _Foreign("a bzip2 file", f"bzip2 -dc {FILE}"),
    b"\xfd7zXZ\x00": _Foreign("an xz file", f"xz -dc {FILE}"),
    b"\x04\x22\x4d\x18": _Foreign("an lz4 file", f"lz4 -dc {FILE}"),
    b"7z\xbc\xaf\x27\x1c": _Foreign("a 7z file", f"7z x -so {FILE}"),
    b"PAR1": _Foreign("a Parquet file", "", _BY_PATH),
    b"ARROW1": _Foreign("an Arrow file", "", _BY_PATH),
    b"SQLite format 3\x00": _Foreign(
        "an SQLite database", "", "export its table: sqlite3 -header -csv FILE 'SELECT ...'"
    ),
    **{b"DBN" + bytes([version]): _Foreign("a Databento file", f"dbn {FILE} --csv") for version in range(1, 9)},
    _OLD_EXCEL: _Foreign("an Excel file", "", "save the sheet as CSV in Excel"),
    b"\xff\xfe\x00\x00": _Foreign("UTF-32 text", f"iconv -f utf-32 -t utf-8 {FILE}"),
    b"\xff\xfe": _Foreign("UTF-16 text", f"iconv -f utf-16 -t utf-8 {FILE}"),
    b"\xfe\xff": _Foreign("UTF-16 text", f"iconv -f utf-16 -t utf-8 {FILE}"),
}
# What the first entry of a zip file is called if it is a workbook.
_WORKBOOK = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")


def refuse_foreign(line: bytes, number: int) -> None:
    """Raise DataError if the first line shows that this is not UTF-8 text at all; its hint is the command to type."""
    for magic, (kind, command, advice) in _FOREIGN.items():
        if line.startswith(magic):
            hint = f"try {command}{INTO_THE_JOB}" if command else advice
            if magic == b"PK\x03\x04" and line[30:].startswith(_WORKBOOK):
                hint = f"it may be an Excel workbook: {_FOREIGN[_OLD_EXCEL].advice}"
            raise DataError(number, "CSV in UTF-8", kind).with_hint(hint)
    if b"\x00" in line:
        hint = "the file is damaged, or not a text file: look at it with `file` or `head -c 200`"
        for first, encoding in ((1, "utf-16le"), (0, "utf-16be")):
            if len(line) > 3 and not line[first::2].strip(b"\x00") and line[1 - first :: 2].strip(b"\x00"):
                hint = f"it may be UTF-16: try iconv -f {encoding} -t utf-8 {FILE}{INTO_THE_JOB}"
        raise DataError(number, "CSV in UTF-8", f"binary data: {shown(line)}").with_hint(hint)


def with_path(hint: str, path: str, printing: str | None = None) -> str:
    """Put the path of the input, as a shell reads it, into the command of a hint; `-` is stdin, which has none.

    `printing` is the command that prints what the job reads, if the file itself is compressed.

    >>> with_path("try lz4 -dc FILE | stream-signal", "jan.csv.lz4")
    'try lz4 -dc jan.csv.lz4 | stream-signal'
    >>> with_path("try iconv -f utf-16 -t utf-8 FILE | stream-signal", "jan.csv.gz", "gzip -dc jan.csv.gz")
    'try gzip -dc jan.csv.gz | iconv -f utf-16 -t utf-8 | stream-signal'
    """
    if printing and f" {FILE}{INTO_THE_JOB}" in hint:
        start, _, command = hint.partition(INTO_THE_JOB)[0].removesuffix(FILE).rpartition("try ")
        return f"{start}try {printing} | {command.rstrip(' <')}{INTO_THE_JOB}{hint.partition(INTO_THE_JOB)[2]}"
    if path == "-" or INTO_THE_JOB not in hint or (f"'{FILE}'" in hint and typed(path) != path):
        return hint
    return hint.replace(FILE, typed_path(path))
