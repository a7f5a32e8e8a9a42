"""The row engine for a stream with keys: each row is pushed into the window of its own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.rows.engine import RowEngine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.keys import Keys
    from stream_signal.core.observe import Observer, Row
    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.ticks import Close


class KeyedRowEngine(RowEngine):
    """Counts the rows that `reader` reads, whose label is the key, in `keys`, and shows each to the observers."""

    def __init__(
        self, reader: RowReader, keys: Keys, observers: Sequence[Observer] = (), look: KeyTimes | None = None
    ) -> None:
        super().__init__(reader, keys.totals, observers)
        self._keys = keys
        self._look = look

    def _count(self, closes: Iterable[Close]) -> None:
        if self._row:
            self.count_and_show(closes, self._row)
            return
        push, reader, look, closes = self._keys.push, self._reader, self._look, iter(closes)
        if look:
            for close in closes:  # the first of which may show that there is nothing to look at
                key = reader.label.key  # type: ignore[union-attr] # there is one once the rows have begun
                push(key, close)
                if not look.left:
                    break
                look.look(key, reader.text(look.position or 0), self._keys.totals.rows)
        for close in closes:
            push(reader.label.key, close)  # type: ignore[union-attr] # likewise

    def count_and_show(self, closes: Iterable[Close], row: Row) -> None:
        """Count a row for each close, and show it to the observers as `row`, with its key."""
        keys, totals, reader, look = self._keys, self._keys.totals, self._reader, self._look
        for close in closes:
            key = row.key = reader.label.key  # type: ignore[union-attr] # likewise
            above = keys.push(key, close)
            mean = keys.mean_of(keys.take(key)) if key is not None else totals.mean
            total = mean.total if mean.ready else None
            row.fill(totals.rows, close, total, mean.places, above=above)
            for show in self._show:
                show(row)
            if look and look.left:
                look.look(key, row.text(look.position or 0), totals.rows)
