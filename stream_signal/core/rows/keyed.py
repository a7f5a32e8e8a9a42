"""The row engine for a stream with keys: each row is pushed into the window of its own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.keys import NO_KEY
from stream_signal.core.rows.engine import RowEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stream_signal.core.keys import Keys
    from stream_signal.core.observe import Observer, Row
    from stream_signal.core.observers.key_times import KeyTimes
    from stream_signal.core.rows.reader import RowReader
    from stream_signal.core.ticks import Close


class KeyedRowEngine(RowEngine):
    """Counts the rows that `reader` reads, whose label is the key, in `keys`, and shows each to the observers."""

    def __init__(
        self,
        reader: RowReader,
        keys: Keys,
        observers: Sequence[Observer] = (),
        look: KeyTimes | None = None,
        more: Sequence[Keys] = (),
    ) -> None:
        super().__init__(reader, keys.totals, observers, [each.totals for each in more])
        self._keys = keys
        self._more_keys = more
        self._look = look

    def _count(self, closes: Iterable[Close]) -> None:
        if self._row:
            self.count_and_show(closes, self._row)
            return
        push, reader, look, closes = self._push, self._reader, self._look, iter(closes)
        if look:
            for close in closes:  # the first of which may show that there is nothing to look at
                key = reader.label.key  # type: ignore[union-attr] # there is one once the rows have begun
                push(key, close)
                if not look.left:
                    break
                look.look(key, reader.text(look.position or 0), self._keys.totals.rows)
        for close in closes:
            push(reader.label.key, close)  # type: ignore[union-attr] # likewise

    @property
    def _push(self) -> Callable[[bytes | None, Close], object]:
        return self._push_to_all if self._more_keys else self._keys.push

    def _push_to_all(self, key: bytes | None, close: Close) -> None:
        self._keys.push(key, close)
        for each in self._more_keys:
            each.push(key, close)

    def count_and_show(self, closes: Iterable[Close], row: Row) -> None:
        """Count a row for each close, and show it to the observers as `row`, with its key."""
        keys, totals, reader, look = self._keys, self._keys.totals, self._reader, self._look
        for close in closes:
            key = row.key = reader.label.key  # type: ignore[union-attr] # likewise
            row.key_number = NO_KEY if key is None else keys.number(key)
            for own, seen in ((keys, row), *zip(self._more_keys, row.more, strict=True)):
                above = own.push(key, close)
                mean = own.mean_of(own.take(key)) if key is not None else own.totals.mean
                seen.fill(totals.rows, close, mean.total if mean.ready else None, mean.places, above=above)
            for show in self._show:
                show(row)
            if look and look.left:
                look.look(key, row.text(look.position or 0), totals.rows)
