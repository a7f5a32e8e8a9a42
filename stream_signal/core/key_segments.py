"""Segments of keys: what is counted apart of a stream with keys, a segment for each.

    stream   A1 B7 | A2 B8 B9 | A3 ...        apart, in any process:  A2 | B8 B9
                     stretch                   joined, key by key:    A1+A2, B7+(B8 B9)

The windows of a key reach back over the start of a stretch, so its segment keeps the first closes of the key there.
`KeyHeads` collects them while `Keys` counts; each ends at a missing close, or where a row without a key empties every
window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.segment import Segment

if TYPE_CHECKING:
    from stream_signal.core.blocks.key_rings import Integers
    from stream_signal.core.keys import Keys
    from stream_signal.core.ticks import Close

# To join the segments of a key takes 40 µs, one process after another: with more keys, as long as to count the rows.
MOST_KEYS = 1_000


class KeySegments(NamedTuple):
    """What was counted apart for one window."""

    rows: int
    """of all keys, and those without one"""
    cleared: int
    """how often all windows were emptied"""
    segments: list[tuple[bytes, Segment]]
    """of each key, in the order in which they first came"""

    @classmethod
    def of(cls, keys: Keys) -> KeySegments:
        """Summarise what `keys` has counted since it was new, with its `heads`."""
        heads, segments = keys.heads, []
        for key, state in keys.state().items():
            if heads and state.rows:
                number = keys.number(key)
                head, broken = heads.closes[number], heads.all_broken or number in heads.broken
                counts, tail = (state.rows, heads.full[number], state.signals), (state.ring, state.places)
                segments.append((key, Segment.from_ends(keys.window, counts, head, tail, broken=broken)))
        return cls(keys.totals.rows, keys.cleared, segments)

    def fit(self, keys: Keys) -> bool:
        """Whether `keys` can take all of these."""
        return keys.has_room(len(key) for key, _ in self.segments if key not in keys)

    def add_to(self, keys: Keys) -> None:
        """Count these rows, after those that `keys` has counted."""
        for key, segment in self.segments:
            tally = keys.take(key)
            mean = keys.mean_of(tally)
            before = Segment(keys.window, 0, 0, 0, (), tuple(mean.held()), mean.places, broken=True)
            joined = before + segment
            tally.rows += joined.rows
            tally.signals += joined.signals
            keys.totals.signals += joined.signals
            keys.with_mean += joined.full
            mean.restore(list(joined.tail), joined.places)
            tally.cleared += self.cleared  # its window is what was left behind the last time
        keys.totals.rows += self.rows
        keys.cleared += self.cleared


class KeyHeads:
    """The first closes of each key, at most `wanted`, by its number, and how many of its rows end a full window."""

    def __init__(self, wanted: int) -> None:
        self.closes: list[list[tuple[int, int]]] = []
        self.full: list[int] = []
        self.broken: set[int] = set()
        self.all_broken = False
        self._wanted = wanted
        self._open: set[int] = set()

    def begin(self) -> None:
        """Begin the next key."""
        if self._wanted and not self.all_broken:
            self._open.add(len(self.closes))
        self.closes.append([])
        self.full.append(0)

    def see(self, number: int, close: Close, *, full: bool) -> None:
        """Take a close of a key."""
        self.full[number] += full
        if close is None:
            self.break_off(number)
        elif number in self._open:
            self._add(number, [close])

    def see_run(self, number: int, ticks: Integers, places: int, full: int) -> None:
        """Take an array of closes of a key, none of them missing."""
        self.full[number] += full
        if number in self._open:
            self._add(number, [(tick, places) for tick in ticks[: self._wanted].tolist()])

    def _add(self, number: int, closes: list[tuple[int, int]]) -> None:
        head = self.closes[number]
        head += closes[: self._wanted - len(head)]
        if len(head) == self._wanted:
            self._open.discard(number)

    def break_off(self, number: int) -> None:
        """Take a missing close of a key."""
        self._open.discard(number)
        self.broken.add(number)

    def break_all(self) -> None:
        """Take a row without a key."""
        self._open.clear()
        self.all_broken = True
