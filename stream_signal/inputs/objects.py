"""What a caller in Python gives as a source: files, text or binary, bytes and iterables of bytes, in chunks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import InputError, reason
from stream_signal.inputs.plain import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXPECTED = "a path, a file, bytes or an iterable of bytes"
# How to turn a data frame into bytes, by the method that pandas or polars has for it.
_AS_CSV = {"to_csv": "to_csv(index=False).encode()", "write_csv": "write_csv().encode()"}


_SEVERAL = ": to read several files, feed the bytes of each to a SignalStream, and call its end_input() after each"


def chunks_of(source: Any) -> Iterable[bytes]:
    """Return the bytes of a source that is not a path; TypeError says what to use instead if it has none.

    A file opened in text mode gives its text as UTF-8. InputError if a file cannot be read.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return [bytes(source)]
    if hasattr(source, "read"):
        return _read(source)
    kind = type(source).__name__
    for method, call in _AS_CSV.items():
        if hasattr(source, method):
            raise TypeError(f"expected {EXPECTED}, found {kind}: use .{call}")
    try:
        return _each(iter(source), kind)
    except TypeError:
        raise TypeError(f"expected {EXPECTED}, found {kind}") from None


def _read(file: Any) -> Iterator[bytes]:
    name = getattr(file, "name", type(file).__name__)
    while True:
        try:
            data = file.read(CHUNK_BYTES)
            if isinstance(data, str):
                data = data.encode("utf-8", "surrogateescape")
        except (OSError, ValueError, EOFError) as error:  # of text that cannot be decoded, too
            raise InputError(f"cannot read {name!r}: {reason(error)}") from error
        if data is None:
            raise InputError(f"cannot read {name!r}: it does not block, and has no bytes yet")
        if not len(data):
            return
        yield data


def _each(chunks: Iterator[Any], kind: str) -> Iterator[bytes]:
    for chunk in chunks:
        if not isinstance(chunk, (bytes, bytearray, memoryview)):
            item = type(chunk).__name__
            advice = ""
            if isinstance(chunk, str) and "\n" in chunk:
                advice = ": encode each"
            elif isinstance(chunk, (str, os.PathLike)) and kind != "dict":
                advice = _SEVERAL
            elif isinstance(chunk, (int, float)) or hasattr(chunk, "dtype"):
                advice = ": a RollingMean takes numbers"
            raise TypeError(f"expected {EXPECTED}, found {kind} of {item}{advice}")
        yield chunk  # type: ignore[misc, unused-ignore]
