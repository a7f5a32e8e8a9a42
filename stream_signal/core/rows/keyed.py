"""The row engine for a stream with keys: each row is pushed into the window of its own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.rows.engine import RowEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.keys import Keys
    from stream_signal.core.observe import Observer, Row
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.ticks import Close


class KeyedRowEngine(RowEngine):
    """Counts the rows that `reader` reads, whose label is the key, in `keys`, and shows each to the observers."""

    def __init__(self, reader: RowReader, keys: Keys, observers: Sequence[Observer] = ()) -> None:
        super().__init__(reader, keys.totals, observers)
        self._keys = keys

    def _count(self, closes: Iterable[Close]) -> None:
        if self._row:
            self.count_and_show(closes, self._row)
            return
        push, reader = self._keys.push, self._reader
        for close in closes:
            push(reader.label.key, close)  # type: ignore[union-attr] # there is one once the rows have begun

    def count_and_show(self, closes: Iterable[Close], row: Row) -> None:
        """Count a row for each close, and show it to the observers as `row`, with its key."""
        keys, totals, reader = self._keys, self._keys.totals, self._reader
        for close in closes:
            key = row.key = reader.label.key  # type: ignore[union-attr] # likewise
            above = keys.push(key, close)
            mean = keys.tallies[key].mean if key is not None else totals.mean
            total = mean.total if mean.ready else None
            row.fill(totals.rows, close, total, mean.places, above=above)
            for show in self._show:
                show(row)
