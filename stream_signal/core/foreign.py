"""Files that are no CSV, known by their first bytes, and the command that turns each into CSV.

Only what is no text at all is refused here. JSON and HTML are text: they are refused like any text without the column,
and `hints` says what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import DataError, shown

if TYPE_CHECKING:
    from stream_signal.core.advice import Advice


class _Foreign(NamedTuple):
    kind: str
    """as the message names it"""
    command: str
    """prints it as CSV, {} is the file; empty if there is none"""
    advice: str = ""
    """what to do instead"""


_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_BY_PATH = "give the job its path, of a file that is not compressed"
_NO_TEXT = "it is no text: name the file that has the rows, or export the table as CSV"
NOT_TEXT = "the file is damaged, or not a text file: look at it with `file` or `head -c 200`"
_FOREIGN = {
    b"\x1f\x8b": _Foreign("a gzip file", "gzip -dc {}"),
    b"\x28\xb5\x2f\xfd": _Foreign("a Zstandard file", "zstd -dc {}"),
    b"PK\x03\x04": _Foreign("a zip file", "unzip -p {}"),
    b"BZh": _Foreign("a bzip2 file", "bzip2 -dc {}"),
    b"\xfd7zXZ\x00": _Foreign("an xz file", "xz -dc {}"),
    b"\x04\x22\x4d\x18": _Foreign("an lz4 file", "lz4 -dc {}"),
    b"7z\xbc\xaf\x27\x1c": _Foreign("a 7z file", "7z x -so {}"),
    b"PAR1": _Foreign("a Parquet file", "", _BY_PATH),
    b"ARROW1": _Foreign("an Arrow file", "", _BY_PATH),
    b"SQLite format 3\x00": _Foreign(
        "an SQLite database", "", "export its table: sqlite3 -header -csv FILE 'SELECT ...'"
    ),
    **{b"DBN" + bytes([version]): _Foreign("a Databento file", "dbn {} --csv") for version in range(1, 9)},
    b"\x89PNG": _Foreign("a PNG picture", "", _NO_TEXT),
    b"GIF8": _Foreign("a GIF picture", "", _NO_TEXT),
    b"\xff\xd8\xff": _Foreign("a JPEG picture", "", _NO_TEXT),
    b"%PDF-": _Foreign("a PDF file", "", _NO_TEXT),
    b"\x7fELF": _Foreign("a program", "", _NO_TEXT),
    _OLD_EXCEL: _Foreign("an Excel file", "", "save the sheet as CSV in Excel"),
    b"\xff\xfe\x00\x00": _Foreign("UTF-32 text", "iconv -f utf-32 -t utf-8 {}"),
    b"\xff\xfe": _Foreign("UTF-16 text", "iconv -f utf-16 -t utf-8 {}"),
    b"\xfe\xff": _Foreign("UTF-16 text", "iconv -f utf-16 -t utf-8 {}"),
}
# What the first entry of a zip file is called if it is a workbook.
_WORKBOOK = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")


def refuse_foreign(line: bytes, number: int) -> None:
    """Raise DataError if the first line shows that this is not UTF-8 text at all; its hint is the command to type."""
    for magic, (kind, command, advice) in _FOREIGN.items():
        if line.startswith(magic):
            hint = _by_command("", command) if command else advice
            if magic == b"PK\x03\x04" and line[30:].startswith(_WORKBOOK):
                hint = f"it may be an Excel workbook: {_FOREIGN[_OLD_EXCEL].advice}"
            raise DataError(number, "CSV in UTF-8", kind).with_hint(hint)
    if b"\x00" in line:
        hint = NOT_TEXT
        for first, encoding in ((1, "utf-16le"), (0, "utf-16be")):
            if len(line) > 3 and not line[first::2].strip(b"\x00") and line[1 - first :: 2].strip(b"\x00"):
                hint = _by_command("it may be UTF-16", f"iconv -f {encoding} -t utf-8 {{}}")
        raise DataError(number, "CSV in UTF-8", f"binary data: {shown(line)}").with_hint(hint)


def _by_command(text: str, command: str) -> Advice:
    from stream_signal.core.advice import FILE, Advice, Way

    return Advice.of(text, Way(command=command.format(FILE)))
