"""Files that are no CSV, known by their first bytes.

Only what is no text at all is refused here. JSON and HTML are text: they are refused like any text without the column.
`hints.data` says what to do about each.
"""

from __future__ import annotations

from stream_signal.core.errors import DataError, shown

BINARY = "binary data"
TAR = "a tar archive"
_ZIP = b"PK\x03\x04"
_FOREIGN = {
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
    _ZIP: "a zip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x04\x22\x4d\x18": "an lz4 file",
    b"7z\xbc\xaf\x27\x1c": "a 7z file",
    b"Rar!\x1a\x07": "a RAR file",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    **{b"DBN" + bytes([version]): "a Databento file" for version in range(1, 9)},
    b"\x89PNG": "a PNG picture",
    b"GIF8": "a GIF picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"%PDF-": "a PDF file",
    b"\x7fELF": "a program",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\xff\xfe\x00\x00": "UTF-32 text",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
# What the first entry of a zip file is called if it is a workbook.
_WORKBOOK = (b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/")


# Of the first member of a tar archive, which is 512 bytes; its name comes first.
_TAR_MARK, _TAR_MARK_AT, _TAR_NAME_BYTES = b"ustar", 257, 100


def foreign_kind(start: bytes) -> str | None:
    """Return what an input is that begins so, if that is not UTF-8 text at all."""
    kind = next((kind for magic, kind in _FOREIGN.items() if start.startswith(magic)), None)
    if start[_TAR_MARK_AT:].startswith(_TAR_MARK):
        return TAR
    return kind or (BINARY if b"\x00" in start else None)


def refuse_foreign(line: bytes, number: int) -> None:
    """Raise DataError if the first line shows that this is not UTF-8 text at all."""
    kind = foreign_kind(line)
    if kind == TAR:
        member = line[:_TAR_NAME_BYTES].rstrip(b"\x00").decode("utf-8", "replace")
        raise DataError(number, "CSV in UTF-8", kind).with_clue("tar", member=member)
    if kind and kind != BINARY:
        is_workbook = line.startswith(_ZIP) and line[30:].startswith(_WORKBOOK)
        clue = "an Excel workbook" if is_workbook else kind
        raise DataError(number, "CSV in UTF-8", kind).with_clue("foreign", kind=clue)
    if kind:
        for first, end in ((1, "little"), (0, "big")):
            if len(line) > 3 and not line[first::2].strip(b"\x00") and line[1 - first :: 2].strip(b"\x00"):
                kind = f"UTF-16, {end} end first"
        raise DataError(number, "CSV in UTF-8", f"{BINARY}: {shown(line)}").with_clue("foreign", kind=kind)
