"""Panel: the series of all keys and windows. It counts rows, and says which of them signal.

    windows    5           20                 rows     A  B  A  A  C
    A        Series      Series               push     A1 B1 A2 A3 C1    each row into the series of its key,
    B        Series      Series                                          once for each window
    C        Series      Series

No key is one key, and one window a list of one. There are three ways to push: a loop over a list; arrays of one series
(`core.blocks.rolling`); arrays of many (`core.blocks.rings`). Arrays whose sums may not fit into int64 come back to the
loop. Reading the panel changes nothing.

A row whose key could not be read may belong to any series, so it empties every window: that is noted in O(1), and each
window is emptied when its next row comes. Memory is a window for each key; if the keys are grouped, it is one window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import MOST_JOINED_KEYS
from stream_signal.core.rows import Seen
from stream_signal.core.series.series import WindowSeries
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.segments import ArraySegments
    from stream_signal.core.rows import Means, Rows
    from stream_signal.core.seam import OfWindow
    from stream_signal.core.series.grouping import Grouping
    from stream_signal.core.series.segment import Segments


class Counts(NamedTuple):
    """The answer: `rows` read, `signals` among them, and `value`, signals / rows as the nearest float64."""

    rows: int
    signals: int
    value: float


class Panel:
    """Counts the rows of each series.

    `grouping` names the keys and says to which series a row belongs, `windows` how many rows a full window has. If it
    `joins`, its `segments` can be added to another panel. `rows` counts all rows.

    >>> from stream_signal.core.rows import Rows
    >>> from stream_signal.core.series.grouping import KeyColumn
    >>> from stream_signal.core.series.keys import Keys
    >>> keys = Keys(most=10)
    >>> panel = Panel(KeyColumn(keys, "symbol"), [2])
    >>> numbers = [keys.take(key) for key in (b"A", b"B", b"A", b"B")]
    >>> panel.push(Rows([(close, 0) for close in (1, 9, 2, 8)], numbers))
    >>> panel.counts().signals, panel.by_key()
    (1, {'A': Counts(rows=2, signals=1, value=0.5), 'B': Counts(rows=2, signals=0, value=0.0)})
    """

    def __init__(self, grouping: Grouping, windows: Sequence[int], *, joins: bool = False) -> None:
        self.rows = 0
        self.keys = grouping.keys
        self.has_keys = grouping.has_keys
        self.windows = [WindowSeries(window, grouping.keys, joins=joins) for window in windows]

    def push(self, rows: Rows) -> None:
        """Count rows that nobody looks at."""
        if not rows.is_array or self._push_arrays(rows, shown=False) is None:
            rows = rows.as_lists()
            for window in self.windows:
                window.push(rows)
        self.rows += rows.count

    def see(self, rows: Rows, *, windows: bool = True) -> tuple[Rows, Seen]:
        """Count rows; return what the panel shows of them, and the rows, as lists where sums do not fit into int64.

        What the `windows` show is left out where nobody looks at it.
        """
        seen = Seen(self.rows + 1, [], self.keys.names if self.has_keys else None)
        if not windows:
            self.push(rows)
            return rows, seen
        means = self._push_arrays(rows, shown=True) if rows.is_array else None
        if means is None:
            rows = rows.as_lists()
            means = [window.see(rows) for window in self.windows]
        seen.windows = means
        self.rows += rows.count
        return rows, seen

    def _push_arrays(self, rows: Any, *, shown: bool) -> list[Means] | None:
        from stream_signal.core.blocks.rings import push_arrays

        return push_arrays(self.windows, rows, shown=shown)

    def counts(self) -> Counts | None:
        """Return the answer for the first window, None before the first row."""
        return _counts(self.rows, self.windows[0].signals) if self.rows else None

    @property
    def key_count(self) -> int | None:
        """How many keys have come; None if there are none to count."""
        return len(self.keys) if self.has_keys else None

    def by_key(self) -> dict[str, Counts] | None:
        """Return the counts of each key that has rows, in the order in which they came; None without keys."""
        return self._by_key(0) if self.has_keys else None

    def _by_key(self, window: int) -> dict[str, Counts]:
        names = zip(self.keys.names, self.windows[window].counts(), strict=True)
        return {key.decode(): _counts(rows, signals) for key, (rows, _, signals) in names if rows}

    def by_window(self) -> dict[int, Counts]:
        """Return the counts of each further window, of none before the first row."""
        return {window.window: _counts(self.rows, window.signals) for window in self.windows[1:] if self.rows}

    def by_key_and_window(self) -> dict[str, dict[int, Counts]]:
        """Return the counts of each further window for each key, of no key if there is no such window."""
        if not self.has_keys or len(self.windows) == 1:
            return {}
        by_window = {window.window: self._by_key(at) for at, window in enumerate(self.windows) if at}
        return {key: {size: counts[key] for size, counts in by_window.items()} for key in self._by_key(0)}

    def has_long_rings(self, most: int) -> bool:
        """Whether the windows of keys are longer than `most`."""
        return self.has_keys and max(window.window for window in self.windows) > most

    @property
    def longest(self) -> int:
        """The rows of the longest series."""
        return max((rows for rows, *_ in self.windows[0].counts()), default=0)

    @property
    def may_join(self) -> bool:
        """Whether segments can be added to it, in less time than to count their rows."""
        return not self.keys.grouped and len(self.keys) <= MOST_JOINED_KEYS

    def segments(self) -> Segments | ArraySegments:
        """Return what was counted, as segments; to be joined to rows before, the panel has to have been made for it.

        Those of many keys are arrays where their windows are.
        """
        if self.windows[0].rings:
            from stream_signal.core.blocks.segments import ArraySegments

            arrays = ArraySegments.of(self.windows, self.rows)
            if arrays:
                return arrays
        return self._as_objects()

    def _as_objects(self) -> Segments:
        from stream_signal.core.series.segment import Segments

        by_key = zip(*(window.segments() for window in self.windows), strict=True)
        series = dict(zip(self.keys.names, map(list, by_key), strict=True))
        full = [window.full_before for window in self.windows]
        return Segments(self.rows, full, series, self.windows[0].cleared)

    def state(self) -> Segments:
        """Return what `restore` needs in another process."""
        return self._as_objects()._replace(cleared=0)

    def restore(self, state: Segments) -> None:
        """Continue from what was saved; ValueError if it is the state of a stream with other windows, or other keys."""
        if self.has_keys == (state.series.keys() == {b""}) and state.series:
            raise ValueError(f"expected the state of a stream {'with' if self.has_keys else 'without'} keys")
        if {len(self.windows)} != {len(state.full), *map(len, state.series.values())}:
            raise ValueError("expected the state of each window")
        for key in state.series if self.has_keys else ():  # all of them, though a stream may take fewer by now
            self.keys.restore(key)
        self.add(state)

    def fits(self, segments: Segments | ArraySegments) -> bool:
        """Whether it has room for all keys of these."""
        return self.keys.has_room(len(key) for key in segments.keys if key not in self.keys)

    def add(self, segments: Segments | ArraySegments, *, shown: bool = False) -> Sequence[OfWindow]:
        """Count the rows of segments, which come next; return what is across the seam, if that is to be shown."""
        from stream_signal.core.seam import WindowSeam
        from stream_signal.core.series.segment import Segments

        if isinstance(segments, Segments):
            by_window = [WindowSeam(window.window) for window in self.windows]
            numbers = self.keys.numbers(segments.keys)
            for at, (number, series) in enumerate(zip(numbers, segments.series.values(), strict=True)):
                for window, segment, of_window in zip(self.windows, series, by_window, strict=True):
                    across = window.add(number, segment, segments.cleared, shown=shown)
                    if across:
                        of_window.series[at] = across
            seam: Sequence[OfWindow] = by_window
        else:
            seam = segments.add_to(self.windows, shown=shown)
        for window, full in zip(self.windows, segments.full, strict=True):
            window.cleared += segments.cleared
            window.full_before = None if window.full_before is None or full is None else window.full_before + full
        self.rows += segments.rows
        return seam


def _counts(rows: int, signals: int) -> Counts:
    return Counts(rows, signals, signals / rows)
