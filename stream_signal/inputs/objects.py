"""What a caller in Python gives as a source: paths, files, text or binary, bytes, iterables of bytes, and tables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import InputError, reason
from stream_signal.inputs.plain import CHUNK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.stream import SignalStream

EXPECTED = "a path, a list of paths, a file, bytes, an iterable of bytes or a data frame"
# How to turn a data frame into bytes that Arrow cannot read, by the method that it has for it.
_AS_CSV = {"to_csv": "to_csv(index=False).encode()", "write_csv": "write_csv().encode()"}


def names_of(source: Any) -> tuple[str, ...] | None:
    """Return the paths that a source is, or None; InputError if it is CSV as a str.

    >>> names_of("a.csv"), names_of(["a.csv", "b.csv"]), names_of([b"close"]), names_of([])
    (('a.csv',), ('a.csv', 'b.csv'), None, None)
    """
    given = source if isinstance(source, (list, tuple)) else [source]
    if not given or not all(isinstance(path, (str, os.PathLike)) for path in given):
        return None
    paths = tuple(map(os.fsdecode, given))
    for path in paths:
        if "\n" in path and not os.path.exists(path):
            raise InputError("expected a path, found CSV as a str: encode it as UTF-8")
    return paths


def feed(stream: SignalStream, source: Any, config: Config) -> None:
    """Feed a stream with a source that has no path. Errors as of `chunks_of`, InputError if a table cannot be read."""
    if not hasattr(source, "__arrow_c_stream__"):
        for chunk in chunks_of(source):
            stream.feed(chunk)
        return
    from stream_signal.inputs.arrow import read_table

    for rows in read_table(source, config):
        if isinstance(rows, bytes):
            stream.feed(rows)
        else:
            stream.feed_batch(rows)


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
                advice = ": give paths alone, as a list"
            elif isinstance(chunk, (int, float)) or hasattr(chunk, "dtype"):
                advice = ": a RollingMean takes numbers"
            raise TypeError(f"expected {EXPECTED}, found {kind} of {item}{advice}")
        yield chunk  # type: ignore[misc, unused-ignore]
