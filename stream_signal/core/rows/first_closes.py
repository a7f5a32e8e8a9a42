"""FirstCloses: the closes at the start of a run of rows, which windows that begin before the run reach into."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from stream_signal.core.repairs import Repairs
from stream_signal.core.rows.reader import RowReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.header import Header


class FirstCloses:
    r"""The first closes of whole lines, at most `count`, and none after a missing one; the bytes are cut anywhere.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.header import find_header
    >>> first = FirstCloses(Config(), find_header(b"time,close", 1, "close", None), 4)
    >>> first.feed(b"60,4.5"), first.feed(b"8\n120,4.59\n180,\n240,4.6\n")
    (None, None)
    >>> first.closes
    [(458, 2), (459, 2)]
    """

    def __init__(self, config: Config, header: Header, count: int) -> None:
        self.closes: list[tuple[int, int]] = []
        self._reader = RowReader(config)
        self._reader.resume(header, offset=1, line=0, repairs=Repairs())
        self._wanted = count

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._wanted:
            found = list(islice(self._run_of(data), self._wanted))
            self._wanted -= min(len(found), self._wanted)
            self.closes += found

    def _run_of(self, data: bytes) -> Iterator[tuple[int, int]]:
        for close in self._reader.closes(data):
            if close is None:
                self._wanted = 0
                return
            yield close
