"""Bytes cut anywhere -> whole lines: the next ones, and the last ones of an input.

The unfinished line is kept in pieces and joined once, so that a line that arrives byte by byte costs only its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.rows import Rows

if TYPE_CHECKING:
    from stream_signal.core.layout.layout import Layout

# More than a row of candles has.
TAIL_BYTES = 4096
# So many are kept before the first ones are dropped: to move them with each live row takes longer than to read it.
_MOST_BYTES = 8 * TAIL_BYTES


class LineSplitter:
    r"""Splits bytes into lines, without their newlines; `held` counts the bytes of the unfinished line.

    >>> lines = LineSplitter()
    >>> lines.split(b"one\ntw"), lines.split(b"o\n"), lines.held
    ([b'one'], [b'two'], 0)
    """

    __slots__ = ("_pieces", "held")

    def __init__(self) -> None:
        self.held = 0
        self._pieces: list[bytes] = []

    def split(self, piece: bytes) -> list[bytes]:
        """Take the next bytes; return the lines that they finish. Only the first can be longer than the piece."""
        lines = piece.split(b"\n")
        rest = lines.pop()
        if not lines:
            self._pieces.append(rest)
            self.held += len(rest)
            return lines
        if self.held:
            lines[0] = b"".join([*self._pieces, lines[0]])
        self._pieces = [rest]
        self.held = len(rest)
        return lines

    def rest(self) -> bytes:
        """Return the unfinished line, and forget it."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return rest


class Tail:
    r"""The rows that end in the last 4,096 bytes of an input, or those of its last batch, for whoever has not seen all.

    >>> from stream_signal.core.layout.layout import Layout
    >>> tail = Tail()
    >>> tail.feed(b"time,close\n60,1\n120,2\n18")
    >>> tail.rows(Layout(b"time,close", ("time", "close"), ",", 1, 2), torn=True).texts(0)
    [b'60', b'120']
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)
        self._batch: Rows | None = None
        self.left_out = 0  # bytes of the last lines, which are no rows

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._batch = None
        self._data += data[-TAIL_BYTES:]
        if len(self._data) > _MOST_BYTES:
            del self._data[:-TAIL_BYTES]

    def take(self, batch: Rows) -> None:
        """Take the rows of a batch, of which there are no bytes."""
        if len(batch):
            self._batch = batch

    def whole(self) -> bytes:
        """Return the bytes of whole lines."""
        data = self._last()
        return data[: max(data.rfind(b"\n") + 1 - self.left_out, 0)]

    def _last(self) -> bytes:
        return bytes(self._data[-TAIL_BYTES:])

    def rows(self, header: Layout, *, torn: bool) -> Rows:
        """Return the rows, those of lines without their closes; if the end is `torn`, without one without a newline."""
        if self._batch is not None:
            return self._batch
        last = self._last()
        lines = (self.whole() if torn else last[: max(len(last) - self.left_out, 0)]).split(b"\n")
        if len(self._data) >= TAIL_BYTES:
            del lines[0]  # its first bytes are gone
        records: list[list[bytes]] = []
        for line in lines:
            try:
                fields = split_line(line.removesuffix(b"\r"), header.delimiter)
            except FieldError:
                records.clear()  # it may be part of a row of several lines, the last one before those that follow
                continue
            if len(fields) == header.width and line.removesuffix(b"\r") not in {header.line, *header.below}:
                records.append(fields)
        return Rows([None] * len(records), records=records)
