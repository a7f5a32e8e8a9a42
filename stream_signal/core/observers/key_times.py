"""KeyTimes: the order of the timestamps of a stream with keys: each key has a `TimeOrder` of its own.

It sees all rows, as an observer, or the first ones of each input, as a `FirstLook` does. What the keys have found is
added up: a doubt is about all of them. Timestamps are compared in bulk, because the rows of one key are far apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.errors import shown
from stream_signal.core.findings import BACKWARDS
from stream_signal.core.observe import Observer
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.steps import are_gaps
from stream_signal.core.time_column import find_time

if TYPE_CHECKING:
    from stream_signal.core.batch import Batch
    from stream_signal.core.header import Header
    from stream_signal.core.observers.time_order import Step
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.series.grouping import Grouping
    from stream_signal.core.time_column import Position, TimeColumn

# Those of later keys are not compared: an order takes a kilobyte or more.
MOST_KEYS = 10_000
_BATCH_ROWS = 20_000
# More than a row of candles has.
_TAIL_BYTES = 4096


class KeyStep(NamedTuple):
    """A step of one key."""

    key: bytes
    step: Step

    def __str__(self) -> str:
        return f"{shown(self.key)}, {self.step}"


class KeySteps:
    """The steps of all keys; each has its own usual one, and `usual` is that of the first."""

    def __init__(self, count: int, usual: int | None, longer: int) -> None:
        self.count = count
        self.usual = usual
        self.longer = longer


class _Sum(NamedTuple):
    """What one key, or all of them, add to the totals."""

    pairs: int = 0
    steps: int = 0
    longer: int = 0


class KeyTimes(Observer):
    """Compares each timestamp with the one before of the same key, of the first 10,000 keys.

    `time_column` is as in `TimeOrder`. If `rows` is given, only so many rows of each input are seen, and `wants` is how
    many of them remain; 0 if there is no timestamp column, or all rows are seen.

    >>> times = KeyTimes()
    >>> for row, (key, time) in enumerate([(b"A", b"60"), (b"B", b"60"), (b"B", b"120"), (b"A", b"60")], start=1):
    ...     times.take(key, time, row)
    >>> times.counts, str(times.first["repeated"]), times.pairs
    ({'repeated': 1}, "'A', row 4: '60' after '60'", 2)
    """

    sees_windows = False
    name = "time_order"
    or_else = ", or than the usual step of their key"

    def __init__(self, time_column: TimeColumn | None = None, rows: int | None = None) -> None:
        self.time_column = time_column
        self.position: Position | None = None
        self.wants = 0
        self._rows = rows
        self._header: Header | None = None
        self._grouping: Grouping | None = None
        self._orders: dict[bytes, TimeOrder] = {}
        self._waiting: dict[bytes, tuple[list[bytes], list[int]]] = {}  # timestamps, and the numbers of their rows
        self._size = 0  # how many they are
        self._last = b""
        self._tail = b""  # the last bytes of the input, if not all rows are seen
        self._doubtful: set[bytes] = set()  # keys that may have counts
        self._changed: set[bytes] = set()  # keys to add up anew
        self._sums: dict[bytes, _Sum] = {}
        self._sum = _Sum()

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        self._header = header
        self.position = find_time(header, self.time_column)
        if self.position is not None:
            self.wants = self._rows or 0

    def group_by(self, grouping: Grouping) -> None:
        """Be told what reads the keys, to read those at the end of an input of which not all rows are seen."""
        self._grouping = grouping

    def see(self, rows: Rows, seen: Seen) -> None:
        """Take the timestamps of rows, all or the first ones."""
        keys = seen.keys(rows)
        if self.position is None or keys is None:
            return
        most = None
        if self._rows:
            most = min(self.wants, len(rows))
            self.wants -= most
        take = self.take
        for number, (key, time) in enumerate(zip(keys, rows.texts(self.position, most), strict=False), seen.first):
            if key is not None:
                take(key, time, number)

    def take(self, key: bytes, time: bytes, number: int) -> None:
        """Take the timestamp of row `number`, from 1."""
        if key not in self._waiting:
            if key not in self._orders and len(self._orders) + len(self._waiting) >= MOST_KEYS:
                return
            self._waiting[key] = [], []
        times, numbers = self._waiting[key]
        times.append(time)
        numbers.append(number)
        self._last = time
        self._size += 1
        if self._size == _BATCH_ROWS:
            self._compare()

    def _compare(self) -> None:
        waiting, self._waiting, self._size = self._waiting, {}, 0
        for key, (times, numbers) in waiting.items():
            if key not in self._orders:
                self._orders[key] = self._new_order()
            order = self._orders[key]
            order.take(times, -len(times))
            order.number(numbers)
            if order.counts:
                self._doubtful.add(key)
            self._changed.add(key)

    def _new_order(self) -> TimeOrder:
        order = TimeOrder(self.time_column)
        if self._header:
            order.begin(self._header)
        return order

    @property
    def order(self) -> KeyTimes:
        """All that was seen."""
        return self

    @property
    def is_in_order(self) -> bool:
        """Whether there is nothing to say: no counts, and hardly any gaps."""
        return not self.counts and not are_gaps(self._totals.longer, self._totals.steps)

    @property
    def counts(self) -> dict[str, int]:
        """How many there were of each kind, over all keys."""
        self._compare()
        found: dict[str, int] = {}
        for key in self._doubtful:
            for kind, count in self._orders[key].counts.items():
                found[kind] = found.get(kind, 0) + count
        return found

    @property
    def first(self) -> dict[str, KeyStep]:
        """The first of each kind, over all keys."""
        self._compare()
        found: dict[str, KeyStep] = {}
        for key in self._doubtful:
            for kind, step in self._orders[key].first.items():
                if kind not in found or step.row < found[kind].step.row:
                    found[kind] = KeyStep(key, step)
        return found

    @property
    def pairs(self) -> int:
        """How many timestamps were compared with the one before of their key."""
        return self._totals.pairs

    @property
    def newest_first(self) -> bool:
        """Whether most rows are earlier than the row before them of the same key."""
        return self.counts.get(BACKWARDS, 0) > self.pairs / 2

    @property
    def steps(self) -> KeySteps:
        """The steps from each timestamp of a key to the next."""
        totals = self._totals
        usual = next((order.steps.usual for order in self._orders.values() if order.steps.usual), None)
        return KeySteps(totals.steps, usual, totals.longer)

    @property
    def _totals(self) -> _Sum:
        self._compare()
        for key in self._changed:
            order, before = self._orders[key], self._sums.get(key, _Sum())
            steps = order.steps
            now = self._sums[key] = _Sum(order.pairs, steps.count, steps.longer)
            self._sum = _Sum(*(total + new - old for total, new, old in zip(self._sum, now, before, strict=True)))
        self._changed.clear()
        return self._sum

    def fed(self, data: bytes) -> None:
        """Remember the last bytes, which have the last timestamps of an input of which not all rows are seen."""
        if self._rows and self.position is not None:
            self._tail = data[-_TAIL_BYTES:] if len(data) >= _TAIL_BYTES else (self._tail + data)[-_TAIL_BYTES:]

    def took(self, batch: Batch) -> None:
        """There are no batches in a stream with keys."""

    def end_input(self, row: int, *, torn: bool = False) -> None:  # noqa: ARG002 - as in `FirstLook`
        """End an input. If it is `torn`, a line without its newline does not count."""
        self._compare()
        if self._rows and self.position is not None:
            if not self.wants:
                self._follow(torn=torn)
            self.wants = self._rows
        self._tail = b""

    def _follow(self, *, torn: bool) -> None:
        """Compare the next timestamp of each key with its last one in this input, as far as that is known."""
        lasts = self._last_of_each(torn=torn)
        for key, order in self._orders.items():
            order.forget()
            if key in lasts:
                order.follow(lasts[key])

    def _last_of_each(self, *, torn: bool) -> dict[bytes, bytes]:
        """Return the last timestamp of each key that has a row in the last bytes of the input."""
        header, grouping, tail = self._header, self._grouping, self._tail
        lines = (tail[: tail.rfind(b"\n") + 1] if torn else tail).split(b"\n")
        if len(tail) == _TAIL_BYTES:
            del lines[0]  # its first bytes are gone
        found: dict[bytes, bytes] = {}
        if header is None or grouping is None or self.position is None:
            return found
        positions = (self.position,) if isinstance(self.position, int) else self.position
        at = grouping.column
        for line in lines:
            try:
                fields = split_line(line.removesuffix(b"\r"), header.delimiter)
            except FieldError:
                continue
            if len(fields) == header.width and line.removesuffix(b"\r") != header.line:
                key = grouping.key if at is None else fields[at].strip(b" ")
                time = b" ".join(fields[place] for place in positions).strip(b" ")
                if key and time:
                    found[key] = time
        return found

    def snapshot(self) -> dict[str, Any]:
        """Return what each key has found, and where the stream is."""
        self._compare()
        if self._rows and self.position is not None and not self.wants:
            self._follow(torn=True)
        whole_lines = self._tail[: self._tail.rfind(b"\n") + 1]
        return {
            "last": self._last.strip(b" ").decode("latin-1"),
            "left": self.wants,
            "tail": whole_lines.decode("latin-1"),
            "keys": [[key.decode("latin-1"), order.snapshot()] for key, order in self._orders.items()],
        }

    def resume(self, header: Header | None, saved: Any, row: int, *, is_within: bool) -> None:  # noqa: ARG002
        """Continue with what `snapshot` returned, None for nothing, as `FirstLook` does."""
        left, self.wants = self.wants, 0
        if saved is not None:
            self.restore(saved)
        if not is_within:
            self.wants = left

    def restore(self, saved: Any) -> None:
        """Continue with what was found in the same timestamp column."""
        try:
            last, left, tail, keys = (saved[part] for part in ("last", "left", "tail", "keys"))
            self._last, self._tail = last.encode("latin-1"), tail.encode("latin-1")
            found = [(key.encode("latin-1"), snapshot) for key, snapshot in keys]
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ValueError("expected the order of the timestamps of each key") from None
        if type(left) is not int or left < 0:
            raise ValueError("expected how many rows remain to be seen")
        self.wants = min(left, self._rows or 0)
        for key, snapshot in found:
            order = self._orders[key] = self._new_order()
            order.restore(snapshot)
            self._changed.add(key)
            if order.counts:
                self._doubtful.add(key)
