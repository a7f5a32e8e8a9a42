"""Compressed files and archives for tests: each format by its name, of one stream or of several."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

if sys.version_info >= (3, 14):
    from compression import zstd

    _zstd: Callable[[bytes], bytes] = zstd.compress
else:

    def _zstd(data: bytes) -> bytes:
        zstd = pytest.importorskip("backports.zstd")
        return cast("bytes", zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}))


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "Zstandard": _zstd,
}
# Those of the members of a zip file.
ZIP_METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make a zip file of members, in their order; a name that ends with a slash is a folder."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return into.getvalue()
