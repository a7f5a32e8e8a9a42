"""Zstandard: from the standard library (Python 3.14), or from the package `zstandard` (the extra `zstd`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

# `zstd --ultra -22` needs a window of 2^27 bytes (128 MiB); for more, `zstd -d` wants --long, too.
_WINDOW_BITS = 27
# A block takes at least 4 bytes and expands to at most 128 KiB: so much expands to at most 32 MiB.
_SLICE_BYTES = 1024


def zstandard() -> tuple[Callable[[], Any], tuple[type[Exception], ...]]:
    """Return what begins to decompress a frame, and the errors that it raises for damaged data."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        options = {zstd.DecompressionParameter.window_log_max: _WINDOW_BITS}
        return lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError,)
    try:
        import zstandard as package
    except ImportError:
        needs = "Zstandard needs a package before Python 3.14"
        raise InputError(f"{needs}: pip install 'stream-signal[zstd]'") from None
    decompressor = package.ZstdDecompressor(max_window_size=1 << _WINDOW_BITS)
    return lambda: _Frame(decompressor.decompressobj()), (package.ZstdError,)


class _Frame:
    """One frame, as the standard library has it: the package does not limit what comes out at once."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._data, self._at = b"", 0  # what goes in, and how much of it has
        self._held, self._taken = b"", 0  # what came out, and how much of it was returned

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""
        return bool(self._stream.eof) and self._taken == len(self._held)

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without more bytes."""
        return self._at >= len(self._data) and self._taken == len(self._held)

    @property
    def unused_data(self) -> bytes:
        """What follows its end."""
        return bytes(self._stream.unused_data) + self._data[self._at :]

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take the next bytes, if it needs some; return at most `max_length` of what they expand to."""
        if data:
            self._data, self._at = data, 0
        while self._taken == len(self._held) and self._at < len(self._data) and not self._stream.eof:
            part = self._data[self._at : self._at + _SLICE_BYTES]
            self._at += len(part)
            self._held, self._taken = self._stream.decompress(part), 0
        piece = self._held[self._taken : self._taken + max_length]
        self._taken += len(piece)
        return piece
