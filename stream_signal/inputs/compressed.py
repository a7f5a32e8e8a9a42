"""gzip, bzip2, xz and Zstandard: what is compressed, as the bytes that were.

Such a file is one or more streams (gzip calls them members, Zstandard frames), each complete in itself; `cat a.gz b.gz`
is one, too. Each has to be whole, and nothing but padding may follow the last one. Zeros may, where the format knows
them: after gzip, as on a tape, and after xz.

Memory: what comes out at once is at most CHUNK_BYTES, however much the bytes expand to, and the formats whose streams
say how much memory they need are refused above _MOST_MEMORY.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.errors import InputError, shown
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, unreadable
from stream_signal.inputs.probe import BZIP2, GZIP, MAGIC_BYTES, XZ, ZSTD, find_format

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from stream_signal.inputs.events import Patience
    from stream_signal.inputs.plain import Opened


class Codec(NamedTuple):
    """How one format is decompressed."""

    name: str
    begin: Callable[[], Any]
    """makes what decompresses one stream, as `bz2.BZ2Decompressor` does"""
    errors: tuple[type[Exception], ...]
    """what damaged data raises"""
    padding: bytes = b""
    """what may follow a stream, any number of times"""


# How much of a file is decompressed at once: candles expand to about four times as much, a chunk.
RAW_BYTES = 256 * 1024
# Of what should not be there, as in a message.
_SHOWN_BYTES = 20
_CUT = "the file is cut off or damaged: get it again"
# `xz -9` needs 65 MiB and `zstd --ultra -22` 128 MiB to decompress; more than that takes an option there, too.
_MOST_MEMORY = 136 * 1024 * 1024
_WINDOW_BITS = 27
DEFLATE = "deflate"
"""the format of a member of a zip file"""


def decompress(source: Opened, name: str, start: bytes, patience: Patience) -> Iterator[bytes]:
    """Yield what is in a compressed source, `start` of which was read already, in chunks of at most CHUNK_BYTES.

    If nothing arrives for the seconds that `patience` returns, IDLE is yielded. InputError if the source is cut off or
    damaged, or goes on with something else.
    """
    return _Decompression(source, find_codec(name), patience).chunks(start)


class _Decompression:
    """Decompresses one source."""

    def __init__(self, source: Opened, codec: Codec, patience: Patience) -> None:
        self._source = source
        self._codec = codec
        self._patience = patience
        self._read = 0  # bytes of the source

    def chunks(self, data: bytes) -> Iterator[bytes]:
        """Yield the chunks of all streams, of which `data` are the first bytes."""
        codec, self._read = self._codec, len(data)
        while data:
            if find_format(data) != codec.name:
                expected = f"expected the end, or more {codec.name} data, after byte {self._read - len(data)}"
                raise unreadable(self._source.name, f"{expected}, found {shown(data[:_SHOWN_BYTES])}")
            data = yield from self._stream(data)
            while len(data := data.lstrip(codec.padding)) < MAGIC_BYTES and (piece := (yield from self._more())):
                data += piece

    def _stream(self, data: bytes) -> Generator[bytes, None, bytes]:
        """Yield the chunks of one stream; return what was read beyond its end."""
        stream, name, hint = self._codec.begin(), self._codec.name, _CUT
        if self._source.name == STDIN:
            hint = "the command before the pipe may have failed, or its file is cut off or damaged"
        while not stream.eof:
            if not data and stream.needs_input:
                data = yield from self._more()
                if not data:
                    raise unreadable(self._source.name, f"its {name} data ends too early, at byte {self._read}", hint)
            try:
                chunk = stream.decompress(data, CHUNK_BYTES)
            except self._codec.errors as error:
                why = f"its {name} data is damaged before byte {self._read} ({error})"
                raise unreadable(self._source.name, why, hint) from error
            data = b""
            if chunk:
                yield chunk
        return bytes(stream.unused_data)

    def _more(self) -> Generator[bytes, None, bytes]:
        data = yield from self._source.next(RAW_BYTES, self._patience)
        self._read += len(data)
        return data


def find_codec(name: str) -> Codec:
    """Return how a format is decompressed; InputError if that takes a package that is not installed."""
    if name == GZIP:
        return Codec(GZIP, lambda: _Inflate(16 + zlib.MAX_WBITS), (zlib.error,), b"\0")
    if name == DEFLATE:
        return Codec(DEFLATE, lambda: _Inflate(-zlib.MAX_WBITS), (zlib.error,))
    if name == BZIP2:
        import bz2

        return Codec(BZIP2, bz2.BZ2Decompressor, (OSError, ValueError))
    if name == XZ:
        import lzma

        return Codec(XZ, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MOST_MEMORY), (lzma.LZMAError,), b"\0")
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        try:
            from backports import zstd
        except ImportError:
            needs = "Zstandard needs a package before Python 3.14"
            raise InputError(f"{needs}: pip install 'stream-signal[zstd]'") from None
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _WINDOW_BITS}
    return Codec(ZSTD, lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError,))


class _Inflate:
    """One stream of gzip or deflate, by the number that zlib has for its format."""

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        """What follows its end."""
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take the next bytes, if it needs some; return at most `max_length` of what they expand to."""
        piece = self._stream.decompress(data or self._stream.unconsumed_tail, max_length)
        # Of a full piece, the rest may still be inside zlib.
        self.needs_input = not self._stream.unconsumed_tail and len(piece) < max_length
        return piece
