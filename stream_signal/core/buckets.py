"""Buckets: the small picture of one series, in at most so many buckets.

The place of a row is its time, in nanoseconds since 1970, or where there are no times its number, from 0. A bucket has
the rows of one stretch of places: of a day, halved or doubled some times, or of a power of two of rows. The step
doubles once more buckets than `most` have rows. Two buckets are merged by what they know of their rows: which is first,
which is last, how many there are. So the buckets depend on the rows alone, not on where they were cut, and buckets of
later rows that were counted apart can be joined to them. Rows that are lists are put into them here, arrays by
`core.blocks.buckets`.

The JSON of a bucket comes from a checkpoint, which may be damaged or made up: every part of it is checked.
"""

from __future__ import annotations

from collections import Counter
from itertools import compress, pairwise
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import MAX_DIGITS, bounded, natural
from stream_signal.core.seam import mean_of
from stream_signal.core.steps import DAY_NANOSECONDS
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stream_signal.core.layout.layout import Position
    from stream_signal.core.rows import Means, Rows
    from stream_signal.core.seam import FirstOf, OfWindow

# A timestamp of any common form is shorter.
_TIME_CHARACTERS = 64
# The finest step in time is a day halved so many times, 20 microseconds.
DAY_BITS = 32
# A row without a time has the place of the row before it: that of the first rows of a part is unknown until it is
# joined.
UNKNOWN = -(2**63)
# No place is further from 0.
FURTHEST = 2**63 - 1


class Bucket(NamedTuple):
    """Some rows of one series."""

    start: int
    """the least of their places"""
    time: str
    """the timestamp of the first row"""
    begin: int
    """the number of the first row, and of the last"""
    end: int
    rows: int
    missing: int
    """how many closes are missing"""
    closes: tuple[int, ...] | None
    """the number of the row of the first close, that close, the same of the last one, the lowest and the highest; None
    if all are missing, or left out because the rows are of many keys"""
    means: tuple[float | None, ...]
    """for each window, the mean at the last row, None if it is not full"""
    signals: tuple[int, ...]
    """for each window"""

    def merged(self, other: Bucket) -> Bucket:
        """Return a bucket with other rows of the same series, too, which may be earlier ones."""
        # Fields by name would take three times as long, and thousands of buckets are merged when the step doubles.
        start, time, begin, end, rows, missing, closes, means, signals = self
        start_too, time_too, begin_too, end_too, rows_too, missing_too, closes_too, means_too, signals_too = other
        if begin_too < begin:
            begin, time = begin_too, time_too
        if end_too > end:
            end, means = end_too, means_too
        if closes is None:
            closes = closes_too
        elif closes_too is not None:
            opened, first, closed, last, low, high = closes
            opened_too, first_too, closed_too, last_too, low_too, high_too = closes_too
            if opened_too < opened:
                opened, first = opened_too, first_too
            if closed_too > closed:
                closed, last = closed_too, last_too
            closes = opened, first, closed, last, min(low, low_too), max(high, high_too)
        counts = rows + rows_too, missing + missing_too
        added = tuple(map(add, signals, signals_too))
        return Bucket(min(start, start_too), time, begin, end, *counts, closes, means, added)

    def moved(self, rows: int, factor: int) -> Bucket:
        """Return it behind so many rows, with its closes scaled."""
        start, time, begin, end, count, missing, closes, means, signals = self
        if closes:
            opened, first, closed, last, low, high = closes
            closes = opened + rows, first * factor, closed + rows, last * factor, low * factor, high * factor
        return Bucket(start, time, begin + rows, end + rows, count, missing, closes, means, signals)


class Buckets:
    """At most `most` buckets, of time if they are `timed`; the finest step was doubled `level` times.

    `rows_seen` counts the rows in them. The closes are ticks with `places` decimals; if `keyed`, there are none.
    """

    def __init__(self, windows: int, most: int, *, keyed: bool = False, timed: bool = False) -> None:
        self.timed = timed
        self.level = 0
        self.rows_seen = 0
        self.places = 0
        self.windows = windows
        self.keyed = keyed
        self._most = most
        self._of: dict[int, Bucket] = {}  # by their numbers
        self._late: list[tuple[Any, Any, Any]] = []

    def __getstate__(self) -> dict[str, Any]:
        """Return it for a pickle, where a named tuple takes five times as long as a plain one."""
        return vars(self) | {"_of": list(map(tuple, self._of.values()))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._of = {self.number(saved[0]): Bucket(*saved) for saved in state["_of"]}

    def limit(self, most: int) -> None:
        """Keep at most `most` buckets from now on."""
        self._most = most
        self.make_room()

    def number(self, place: int) -> int:
        """Return the number of the bucket that a place belongs to."""
        if self.timed and place != UNKNOWN:
            return (place << DAY_BITS) // DAY_NANOSECONDS >> self.level
        return place if place == UNKNOWN else place >> self.level

    def place(self, number: int) -> int:
        """Return the first place of the bucket with a number."""
        first = number << self.level
        return -(-first * DAY_NANOSECONDS >> DAY_BITS) if self.timed else first

    def make_room(self, numbers: Iterable[int] = ()) -> int:
        """Double the step until there are few enough buckets, those of these `numbers` included; return how often."""
        known = self._of.keys() - {UNKNOWN}
        known.update(numbers)
        by = _doublings(known, self._most) if len(known) > self._most else 0
        self.double(by)
        return by

    def has_room(self, count: int) -> bool:
        """Whether there are few enough buckets with so many more."""
        return len(self._of) + count <= self._most

    def double(self, times: int) -> None:
        """Double the step so many times."""
        if times:
            self.level += times
            before, self._of = self._of.values(), {}
            self._merge(before)

    def add(self, buckets: Iterable[Bucket], rows: int, places: int) -> None:
        """Add buckets of so many rows that come next; their closes have so many places."""
        most = max(places, self.places)
        self.scale(most)
        by = 10 ** (most - places)
        self._merge(buckets if by == 1 else [bucket.moved(0, by) for bucket in buckets])
        self.rows_seen += rows
        if not self.has_room(0):
            self.make_room()

    def scale(self, places: int, rows: int = 0) -> None:
        """Give all closes so many places, and count so many rows before all."""
        if rows or places > self.places:
            by = 10 ** (places - self.places)
            self._of = {number: bucket.moved(rows, by) for number, bucket in self._of.items()}
            self.places = places

    def _merge(self, buckets: Iterable[Bucket]) -> None:
        kept = self._of
        for bucket in buckets:
            number = self.number(bucket.start)
            kept[number] = kept[number].merged(bucket) if number in kept else bucket

    def see(
        self, rows: Rows, windows: Sequence[Means], time: Position | None, where: Sequence[int] | None
    ) -> list[int | None]:
        """Add rows that are lists, with what the windows show of them; return their closes at one scale.

        `where` has the place of each, None if that is its number.
        """
        places = max([self.places, *(close[1] for close in rows.closes if close)])
        ticks = [None if close is None else close[0] * 10 ** (places - close[1]) for close in rows.closes]
        if where is None:
            where = range(self.rows_seen, self.rows_seen + len(rows))
        of_number: dict[int, list[int]] = {}
        for at, place in enumerate(where):
            of_number.setdefault(self.number(place), []).append(at)
        times = times_in(rows, time, [positions[0] for positions in of_number.values()])
        buckets, first = [], self.rows_seen + 1
        for positions, text in zip(of_number.values(), times, strict=True):
            present = [at for at in positions if ticks[at] is not None]
            closes = None if self.keyed or not present else _closes_of(present, ticks, first)
            buckets.append(
                Bucket(
                    *(min(where[at] for at in positions), text, first + positions[0], first + positions[-1]),
                    *(len(positions), len(positions) - len(present), closes),
                    tuple(None if self.keyed else _mean_at(means, positions[-1]) for means in windows),
                    tuple(sum(means.above[at] for at in positions) for means in windows),
                )
            )
        self.add(buckets, len(rows), places)
        return ticks

    def note_late(self, rows: FirstOf, places: Any) -> None:
        """Note rows whose windows begin before the first row, of some rows that have these places.

        What they show is known once the buckets are joined to others.
        """
        at, series, ranks = rows
        if len(at):
            self._late.append(
                (series, ranks, [places[each] for each in at] if isinstance(places, list) else places[at])
            )

    def settle(self, seam: Sequence[OfWindow], of_means: int = 0) -> None:
        """Count the signals of the rows whose windows begin before the first row, and take over their means.

        `of_means` is the number of the series whose means the buckets have.
        """
        for series, ranks, places in self._late:
            listed = places if isinstance(places, list) else places.tolist()
            for window in range(self.windows):
                flags = seam[window].above(series, ranks)
                for number, count in Counter(map(self.number, compress(listed, flags))).items():
                    bucket = self._of[number]
                    signals = [*bucket.signals]
                    signals[window] += count
                    self._of[number] = bucket._replace(signals=tuple(signals))
        self._late = []
        if not self.keyed:
            longest = max(of_window.window for of_window in seam)
            for number, bucket in self._of.items():
                if bucket.end >= longest:
                    continue
                shown = [of_window.mean(of_means, bucket.end - 1) for of_window in seam[: self.windows]]
                means = tuple(mean if new is None else new for mean, new in zip(bucket.means, shown, strict=True))
                self._of[number] = bucket._replace(means=means)

    def join(self, later: Buckets, last: int) -> None:
        """Add the buckets of rows that were counted apart and come next; `last` is the place of the last row here."""
        level, places = max(self.level, later.level), max(self.places, later.places)
        self.double(level - self.level)
        later.double(level - later.level)
        later.scale(places, self.rows_seen)
        buckets = [each._replace(start=last) if each.start == UNKNOWN else each for each in later]
        self.add(buckets, later.rows_seen, places)

    def __iter__(self) -> Iterator[Bucket]:
        """Yield the buckets in the order of their places."""
        return iter([self._of[number] for number in sorted(self._of)])

    def __len__(self) -> int:
        return len(self._of)

    def columns(self, first: int = 1) -> dict[str, list[Any]]:
        """Return them as columns, as `Overview.columns` does; `first` is the number of the first row."""
        buckets = list(self)
        columns: dict[str, list[Any]] = {
            "row": [first - 1 + bucket.begin for bucket in buckets],
            "end": [first - 1 + bucket.end for bucket in buckets],
            "time": [bucket.time for bucket in buckets],
            "rows": [bucket.rows for bucket in buckets],
            "missing": [bucket.missing for bucket in buckets],
            "signals": [[bucket.signals[window] for bucket in buckets] for window in range(self.windows)],
        }
        if not self.keyed:
            for name, at in (("first", 1), ("last", 3), ("low", 4), ("high", 5)):
                columns[name] = [
                    None if bucket.closes is None else decimal(bucket.closes[at], self.places) for bucket in buckets
                ]
            columns["means"] = [[bucket.means[window] for bucket in buckets] for window in range(self.windows)]
        return columns

    def snapshot(self) -> dict[str, Any]:
        """Return what `restore` needs in another process, as values that JSON can hold."""
        return {"level": self.level, "places": self.places, "buckets": list(map(list, self))}

    def restore(self, saved: Any) -> None:
        """Resume from a snapshot; raise ValueError, TypeError or LookupError if it is not one."""
        if "size" in saved:
            saved = _newer(saved)
        level, places = natural(saved["level"], 63), natural(saved["places"], 2 * MAX_DIGITS)
        self.level, self.places = level, places
        for fields in saved["buckets"]:
            bucket = self._bucket_in(fields)
            if self._of.setdefault(self.number(bucket.start), bucket) is not bucket:
                raise ValueError("expected one bucket of each number")
        if len(self._of) > self._most:
            raise ValueError("expected the buckets of an overview")
        self.rows_seen = sum(bucket.rows for bucket in self._of.values())

    def _bucket_in(self, saved: Any) -> Bucket:
        """Read one of JSON."""
        start, time, begin, end, rows, missing, closes, means, signals = saved
        if not len(means) == len(signals) == self.windows or max([missing, *signals]) > rows or not 0 < begin <= end:
            raise ValueError("counts that contradict each other")
        if closes is not None:
            if self.keyed or len(closes) != 6:
                raise ValueError("expected four closes, or none of keys")
            closes = (natural(closes[0]), ticks_in(closes[1]), natural(closes[2]), *map(ticks_in, closes[3:]))
        return Bucket(
            *(bounded(start, -FURTHEST, FURTHEST), text_in(time), natural(begin), natural(end)),
            *(natural(rows), natural(missing), closes),
            tuple(None if mean is None else _mean_in(mean) for mean in means),
            tuple(map(natural, signals)),
        )


def _newer(saved: Any) -> dict[str, Any]:
    """Return a snapshot of version 0.2.0, whose buckets had a number of rows each, in the form of today."""
    size = natural(saved["size"])
    buckets = []
    for at, (time, rows, missing, closes, means, signals) in enumerate(saved["buckets"]):
        begin, end = at * size + 1, at * size + natural(rows)
        first, last, low, high = closes
        prices = None if first is None else [begin, first, end, last, low, high]
        buckets.append([begin - 1, time, begin, end, rows, missing, prices, means, signals])
    return {"level": size.bit_length() - 1, "places": saved["places"], "buckets": buckets}


def _doublings(numbers: Iterable[int], most: int) -> int:
    """Return how often the step has to double until so many numbers, divided by it, are no more than `most`.

    >>> _doublings([0, 1, 2, 3, 8], 3), _doublings([0, 1, 2, 3, 8], 2), _doublings([5], 2)
    (1, 2, 0)
    """
    # Two neighbours are in one bucket once all bits in which they differ are shifted out.
    bits = [one ^ other for one, other in pairwise(sorted(numbers))]
    differ = sorted((64 if each < 0 else each.bit_length() for each in bits), reverse=True)
    return differ[most - 1] if len(differ) >= most else 0


def _closes_of(present: Sequence[int], ticks: Sequence[int | None], first: int) -> tuple[int, ...]:
    """Return the closes of a bucket of the rows at some positions, of which all have one; `first` is the first row."""
    closes: list[int] = [ticks[at] for at in present]  # type: ignore[misc]
    return first + present[0], closes[0], first + present[-1], closes[-1], min(closes), max(closes)


def _mean_at(means: Means, at: int) -> float | None:
    if not means.full[at]:
        return None
    return mean_of(means.sums[at], means.window, means.places[at])


def times_in(rows: Rows, position: Position | None, places: Sequence[int]) -> list[str]:
    """Return the timestamps, as they are shown, of those of the rows that have these places among them."""
    if position is None:
        return [""] * len(places)
    texts = rows.texts_at(position, places)
    return [text.strip(b" ").decode(errors="replace")[:_TIME_CHARACTERS] for text in texts]


def decimal(ticks: int, places: int) -> str:
    """Write ticks as a decimal number, without zeros at the end of its decimals.

    >>> decimal(4200450, 2), decimal(-5, 3), decimal(500, 2)
    ('42004.5', '-0.005', '5')
    """
    digits = str(abs(ticks)).rjust(places + 1, "0")
    whole, part = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return ("-" if ticks < 0 else "") + (f"{whole}.{part}" if part else whole)


def ticks_in(saved: Any) -> int:
    """Return the ticks of a close; ValueError if they are none."""
    return bounded(saved, 1 - 10 ** (3 * MAX_DIGITS), 10 ** (3 * MAX_DIGITS) - 1)


def text_in(saved: Any) -> str:
    """Return a text; ValueError if it is none."""
    if not isinstance(saved, str) or len(saved) > 3 * MAX_DIGITS:
        raise ValueError("expected a text")
    return saved


def _mean_in(saved: Any) -> float:
    if type(saved) not in {int, float} or not isfinite(saved):
        raise ValueError("expected a mean")
    return float(saved)
