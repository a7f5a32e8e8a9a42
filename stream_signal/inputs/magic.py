"""Which format an input has, by its first bytes; never by its name."""

from __future__ import annotations

GZIP, BZIP2, XZ, ZSTD, ZIP = "gzip", "bzip2", "xz", "Zstandard", "zip"
PARQUET, ARROW, ARROW_STREAM = "Parquet", "Arrow", "Arrow stream"
COLUMNAR = frozenset({PARQUET, ARROW, ARROW_STREAM})
_MAGIC = {
    b"\x1f\x8b": GZIP,
    b"BZh": BZIP2,
    b"\xfd7zXZ\x00": XZ,
    b"\x28\xb5\x2f\xfd": ZSTD,
    **{bytes([first]) + b"*M\x18": ZSTD for first in range(0x50, 0x60)},  # a frame to skip, as pzstd begins with
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,  # without a member
    b"PAR1": PARQUET,
    b"ARROW1": ARROW,
    b"\xff\xff\xff\xff": ARROW_STREAM,
}
_BEGINNINGS = tuple(_MAGIC)
MAGIC_BYTES = max(map(len, _BEGINNINGS))


def find_format(start: bytes) -> str | None:
    """Return the name of the format that begins so; None if it is to be read as it is.

    >>> find_format(b"BZh91AY"), find_format(b"timestamp,close")
    ('bzip2', None)
    """
    if not start.startswith(_BEGINNINGS):
        return None
    return next(name for magic, name in _MAGIC.items() if start.startswith(magic))


def may_begin(start: bytes) -> bool:
    """Whether the next bytes have to tell the format: all of these could be the beginning of one.

    >>> may_begin(b""), may_begin(b"B"), may_begin(b"Bid")
    (True, True, False)
    """
    return len(start) < MAGIC_BYTES and any(magic.startswith(start) and magic != start for magic in _BEGINNINGS)
