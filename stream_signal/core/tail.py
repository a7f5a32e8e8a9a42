"""Tail: the last rows of an input, kept as they came, for whoever has not seen all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.rows import Rows

if TYPE_CHECKING:
    from stream_signal.core.header import Header

# More than a row of candles has.
TAIL_BYTES = 4096


class Tail:
    r"""The rows that end in the last 4,096 bytes of an input, or those of its last batch.

    >>> from stream_signal.core.header import Header
    >>> tail = Tail()
    >>> tail.feed(b"time,close\n60,1\n120,2\n18")
    >>> tail.rows(Header(b"time,close", ("time", "close"), ",", 1, 2), torn=True).texts(0)
    [b'60', b'120']
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data = data
        self._batch: Rows | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._batch = None
        self._data = data[-TAIL_BYTES:] if len(data) >= TAIL_BYTES else (self._data + data)[-TAIL_BYTES:]

    def take(self, batch: Rows) -> None:
        """Take the rows of a batch, of which there are no bytes."""
        if len(batch):
            self._batch = batch

    def whole(self) -> bytes:
        """Return the bytes of whole lines."""
        return self._data[: self._data.rfind(b"\n") + 1]

    def rows(self, header: Header, *, torn: bool) -> Rows:
        """Return the rows, those of lines without their closes; if the end is `torn`, without one without a newline."""
        if self._batch is not None:
            return self._batch
        lines = (self.whole() if torn else self._data).split(b"\n")
        if len(self._data) == TAIL_BYTES:
            del lines[0]  # its first bytes are gone
        records: list[list[bytes]] = []
        for line in lines:
            try:
                fields = split_line(line.removesuffix(b"\r"), header.delimiter)
            except FieldError:
                records.clear()  # it may be part of a row of several lines, the last one before those that follow
                continue
            if len(fields) == header.width and line.removesuffix(b"\r") != header.line:
                records.append(fields)
        return Rows([None] * len(records), records=records)
