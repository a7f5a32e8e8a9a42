"""TimeOrder: the observer that compares each timestamp with the one before, of the same key if there are keys.

It notices timestamps out of order, duplicates, a gap, and what cannot be compared. It never changes the answer: rows
count in the order in which they arrive. It sees all rows; or the first ones of each input, each seam between two inputs
and the row at every 4,096th byte, which takes 6 % of the time of a plain job: a file in reverse order, files in the
wrong order and rows that are sent again show there, too. Timestamps are compared in bulk, which takes a third of the
time.
"""

from __future__ import annotations

from itertools import pairwise
from operator import gt, lt
from typing import TYPE_CHECKING, Any

from stream_signal.core.findings import BACKWARDS, EITHER, REPEATED
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import FIRST_ROWS, MOST_KEY_BYTES, MOST_PERIODS, MOST_TIMED_KEYS, natural
from stream_signal.core.observe import Observer
from stream_signal.core.observers.time_sequence import TimeSequence
from stream_signal.core.period import LEAST_GAP
from stream_signal.core.rows import Rows
from stream_signal.core.settings import value_as_json
from stream_signal.core.text.lines import TAIL_BYTES, Tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.observers.symbols import Symbols
    from stream_signal.core.observers.time_sequence import Step
    from stream_signal.core.pauses import Loss, Span
    from stream_signal.core.rows import Seen
    from stream_signal.core.seam import OfWindow

    _Keys = Sequence[bytes | None]
    # The keys of some rows, if there are any, their timestamps, their positions from the row of that number on, and
    # themselves, if they are there.
    _Waiting = tuple[_Keys | None, Any, Sequence[int], int, Rows | None]
    # Some rows, or the last lines of an array of them, their positions, and the number of the first row.
    _Piece = tuple[Rows | Tail, Sequence[int], int]

# So many timestamps are compared at once.
_BATCH_ROWS = 1000
# The rows of one key are far apart.
_MANY_ROWS = 20_000
# Samples come few at a time. Those of 30 MB are compared at once; of more, the arrays would be what takes most memory.
_MANY_SAMPLES = 8_000
# Those of one key are farther apart still: as many as 5,000 keys have in 250 MB, which take some 10 MB.
_MANY_OF_KEYS = 64_000
# Those before a time that is not later, among which symbols are looked for.
_RECENT_ROWS = 500
# Of the last rows of an input, those without a timestamp that are passed over.
_TAIL_ROWS = 256


class TimeOrder(Observer):
    """Counts timestamps out of order (`backwards`) and duplicates (`repeated`), and keeps the `first` of each kind.

    So it does with those that cannot be compared (`not_compared`), and with pairs whose order depends on whether the
    day or the month comes first (`day_or_month`). `time_column` is the name of the timestamp column, or its number from
    1, or two of those; None: the first with a known name. `pairs` counts the timestamps that were compared with the one
    before, and `last` is that of the last row that has one. Keys have counts of their own, the first 10,000 of them,
    which are added up.

    If `rows` is given, only so many rows of each input are counted; `sampled` has the first of each kind among the
    samples of later rows: somewhere before each is one or more. Of two in one stream, one has another `name`.

    >>> order = TimeOrder()
    >>> order.take([b"60", b"120", b"60", b"60"], 1)
    >>> order.counts, str(order.first["backwards"])
    ({'backwards': 1, 'repeated': 1}, "row 3: '60' after '120'")
    """

    sees_windows = False

    def __init__(
        self, time_column: TimeColumn | None = None, rows: int | None = None, *, name: str = "time_order"
    ) -> None:
        self.time_column = time_column
        self.name = name
        self.wants = rows
        self.samples = rows is not None
        self._rows = rows
        self._left = FIRST_ROWS if rows is None else rows  # of this input, however many are counted
        self._position: Position = 0
        self._symbols: Symbols | None = None  # there once a time is not later than the one before
        self._layout: Layout | None = None
        self._sample = b""  # the last one
        self._recent: list[_Piece] = []  # the rows that were compared last
        self._recent_count = 0
        self._looks_on = False  # for symbols, in the next rows
        self._sequences: dict[bytes, TimeSequence] = {}
        self._has_keys = False
        self._waiting: list[_Waiting] = []  # timestamps that are not compared yet
        self._size = 0  # how many they are
        self._are_samples = False  # whether those are
        self._collects = False  # whether they wait until they are joined to another one
        self._has_missed = False  # whether there may be rows since the last one that it wanted
        self._ends: dict[bytes, bytes] = {}  # the last timestamp of each key then, as far as they are known
        self._last = b""
        self._first: bytes | None = None  # of this input
        self.ends_of_input = (b"", b"")
        """the first and the last timestamp of the input that ended last"""
        self._is_complete = True  # whether each row of a stream without keys has been compared with the one before
        self._doubtful: set[bytes] = set()  # keys that may have counts

    @property
    def counts(self) -> dict[str, int]:
        """How many there were of each kind; those whose order depends on the reading have a kind of their own."""
        self._compare()
        found: dict[str, int] = {}
        for key in sorted(self._doubtful):
            for kind, count in self._sequences[key].found.counts.items():
                found[kind] = found.get(kind, 0) + count
        return found

    @property
    def first(self) -> dict[str, Step]:
        """The first of each kind."""
        self._compare()
        return self._first_of("found")

    @property
    def sampled(self) -> dict[str, Step]:
        """The first of each kind among rows that do not follow each other: between them is one or more."""
        self._compare()
        return self._first_of("sampled")

    @property
    def symbols(self) -> dict[int, list[bytes]]:
        """The columns that tell symbols, by their positions from 0, each with the values that were seen."""
        self._compare()
        return self._symbols.values if self._symbols else {}

    @property
    def last(self) -> bytes:
        """The timestamp of the last row that has one, even if it could not be compared."""
        self._compare()
        return self._last.strip(b" ")

    @property
    def pairs(self) -> int:
        """How many timestamps were compared with the one before."""
        self._compare()
        return sum(sequence.pairs for sequence in self._sequences.values())

    def gap(self, window: int) -> tuple[bytes, Loss] | None:
        """Return the key and the gap that is a doubt, if there is one: that which misses most.

        Where times go back, or may, there is another doubt, which comes first.
        """
        if {BACKWARDS, EITHER} & (self.counts.keys() | self.sampled.keys()):
            return None
        found: list[tuple[bytes, Loss]] = []
        for key, sequence in self._sequences.items():
            period, strides = sequence.period, sequence.strides
            if period and max(period.longest_step, strides.longest_excess(period.mean_step)) >= LEAST_GAP:
                from stream_signal.core.pauses import gap_to_name, stride_to_name

                missing = gap_to_name(period, window) or stride_to_name(period, strides, window)
                if missing:
                    found.append((key, missing))
        return max(found, key=lambda pair: (pair[1].rows, -pair[1].gap.row), default=None)

    def span(self, rows: int) -> Span | None:
        """Return what is known of the times of a stream of so many rows; of the first 1,000 keys, if there are keys."""
        self._compare()
        from stream_signal.core.pauses import span_of

        timed = {key: each for key, each in self._sequences.items() if each.period and each.period.first is not None}
        return span_of([(key, each.period, each.strides) for key, each in timed.items() if each.period], rows)

    @property
    def newest_first(self) -> bool:
        """Whether most rows are earlier than the row before them, so that a rolling mean uses future prices."""
        return self.counts.get(BACKWARDS, 0) > self.pairs / 2

    @property
    def is_in_order(self) -> bool:
        """Whether there is nothing to say about the order."""
        self._compare()
        return not (self._doubtful and (self.counts or self.sampled))

    @property
    def tells_rows_apart(self) -> bool:
        """Whether there are rows, and each had a timestamp later than that of the row before, however both are read."""
        if self.wants is not None or self._has_keys or not self.last:
            return False
        return self._is_complete and self._alone.ascends

    def forget(self) -> None:
        """Note that there were rows whose timestamps are unknown."""
        self._is_complete = False

    def begin(self, header: Layout) -> None:
        """Find the timestamp column."""
        position = find_time(header, self.time_column)
        if position is None:
            self.wants, self.samples = 0, False
        else:
            self._position = position
            self._layout = header

    def see(self, rows: Rows, seen: Seen) -> None:
        """Keep the timestamps of rows until there are enough to compare each with the one before."""
        wants = self.wants
        wanted = rows.count if wants is None or wants > rows.count else wants
        if wanted:
            self._left = max(0, self._left - wanted)
            if self._has_missed:
                self._go_on()
            if wants is not None:
                self.wants = wants - wanted
                self._has_missed = wants == wanted
            if self._first is None:
                self._first = rows.texts_at(self._position, [0])[0]
            keys = seen.keys(rows)
            times = (rows.cells if keys is None else rows.texts)(self._position, wanted)
            self._hold(keys, times, range(wanted), seen.first, rows)
        if self.samples and len(rows.marks) > 0:
            self._see_samples(rows, seen, [at for at in rows.marks if at >= wanted] if wanted else rows.marks)

    def _see_samples(self, rows: Rows, seen: Seen, marks: Sequence[int]) -> None:
        if len(marks) > 0:
            keys = seen.keys(rows, marks)
            times = (rows.cells_at if keys is None else rows.texts_at)(self._position, marks)
            if keys is None:
                self._look_at_samples(rows, marks, times)
            self._hold(keys, times, marks, seen.first, samples=True)

    def take(self, times: Sequence[bytes], row: int) -> None:
        """Take the timestamps of the next rows of a stream without keys; the first row has the number `row`, from 1."""
        self._hold(None, times, range(len(times)), row)

    def _hold(
        self,
        keys: _Keys | None,
        times: Any,
        positions: Sequence[int],
        first: int,
        rows: Rows | None = None,
        *,
        samples: bool = False,
    ) -> None:
        """Keep timestamps, and the positions of their rows from row `first` on, until there are enough to compare."""
        # What is in an array already is compared as it is, unless it is small.
        is_array = not samples and (rows.is_array if rows else not isinstance(times, list))
        if samples != self._are_samples or is_array:
            self._compare()
            self._are_samples = samples
        self._has_keys = self._has_keys or keys is not None
        self._waiting.append((keys, times, positions, first, None if keys or _is_long(rows) else rows))
        self._size += len(times)
        if samples:
            many = _MANY_SAMPLES if keys is None else _MANY_OF_KEYS
        else:
            many = _BATCH_ROWS if keys is None else _MANY_ROWS
        if is_array or self._size >= many:
            self._compare()

    def _compare(self) -> None:
        """Compare what waits."""
        if self._collects or not self._waiting:
            return
        waiting, self._waiting, self._size = self._waiting, [], 0
        for key, times, rows in self._by_key(waiting) if self._has_keys else [(b"", *_joined(waiting))]:
            sequence = self._sequence(key)
            pairs = sequence.pairs + len(times) - (not sequence.last)
            before = _breaks(sequence)
            sequence.take(times, rows, sampled=self._are_samples)
            if self._layout and not self._has_keys:
                self._look(waiting, self._layout, breaks=_breaks(sequence) > before)
            self._is_complete = self._is_complete and sequence.pairs == pairs and bool(sequence.last)
            self._note(key, sequence)
        latest = (time for _, times, *_ in reversed(waiting) for time in reversed(times) if time.strip(b" "))
        self._last = bytes(next(latest, self._last))
        if not self._has_keys and not self._alone.watches:
            self.wants, self.samples, self._left, self._has_missed = 0, False, 0, False

    def _look(self, waiting: list[_Waiting], layout: Layout, *, breaks: bool) -> None:
        """Look for symbols where a time is not later, and keep the last rows for the next time that is not."""
        pieces = [(rows, at, first) for _, _, at, first, rows in waiting if rows]
        if pieces and (breaks or self._looks_on):
            seen = [*self._recent_rows(layout), *(piece[:2] for piece in pieces)]
            begins = (self._recent or pieces)[0][2] == 1
            self._looks_on = self._symbols_to_look().look(seen, begins=begins, goes_on=self._looks_on and not breaks)
        for rows, at, first in pieces:
            if rows.is_array and self._looks_on:  # its texts are valid until it returns
                records = [list(cells) for cells in zip(*map(rows.texts, range(layout.width)), strict=True)]
                self._recent.append((Rows([None] * len(rows), records=records), at, first))
                self._recent_count += len(at)
            elif rows.is_array:
                self._recent, self._recent_count = [(Tail(rows.last_lines(TAIL_BYTES)), (), first)], 0
            else:
                self._recent.append((rows, at, first))
                self._recent_count += len(at)
        # Not at each live row.
        if self._recent_count > 2 * (most := FIRST_ROWS if self._looks_on else _RECENT_ROWS):
            self._recent = _last_of(self._recent, most)
            self._recent_count = sum(len(at) for _, at, _ in self._recent)

    def _recent_rows(self, layout: Layout) -> Iterator[tuple[Rows, Sequence[int]]]:
        """Yield the rows that were compared last; of an array its last lines were kept, if it had any."""
        for rows, at, _ in self._recent:
            if isinstance(rows, Tail):
                listed = rows.rows(layout, torn=False)
                if len(listed):
                    yield listed, range(len(listed))
            else:
                yield rows, at

    def _symbols_to_look(self) -> Symbols:
        if self._symbols is None:
            from stream_signal.core.observers.symbols import Symbols

            assert self._layout  # noqa: S101 - it begins before the first row
            self._symbols = Symbols(self._layout, self._position)
        return self._symbols

    def _join_symbols(self, part: TimeOrder) -> None:
        if part._symbols:
            self._symbols_to_look().join(part._symbols)

    def _look_at_samples(self, rows: Rows, marks: Sequence[int], times: Any) -> None:
        """Look for symbols around a sample that is not later than the one before, if these rows have both of them."""
        first, self._sample = self._sample, bytes(times[-1])
        direction = self._symbols.direction if self._symbols else 1
        is_later = lt if direction > 0 else gt
        if isinstance(times, list):
            ordered = all(map(is_later, times, times[1:]))
        else:
            ordered = 0 not in is_later(times[:-1], times[1:]).tobytes()
        if ordered and (not first or is_later(first, bytes(times[0]))):
            return
        texts = [first, *map(bytes, times)]
        for at, (before, time) in enumerate(pairwise(texts)):
            if before and (time <= before if direction > 0 else time >= before):
                self._symbols_to_look().look_around(rows, int(marks[at - 1]) if at else 0, int(marks[at]))
                return

    def _by_key(self, waiting: list[_Waiting]) -> Iterator[tuple[bytes, list[bytes], list[int]]]:
        """Yield each key with its timestamps and the numbers of its rows."""
        found: dict[bytes, tuple[list[bytes], list[int]]] = {}
        for keys, times, positions, first, _ in waiting:
            for key, time, at in zip(keys or (), times, positions, strict=False):
                if key is None:
                    continue
                if key not in found:
                    if key not in self._sequences and len(self._sequences) >= MOST_TIMED_KEYS:
                        continue
                    self._sequence(key)
                    found[key] = [], []
                of_times, of_rows = found[key]
                of_times.append(time)
                of_rows.append(first + at)
        for key, (of_times, of_rows) in found.items():
            yield key, of_times, of_rows

    @property
    def _alone(self) -> TimeSequence:
        """The series of a stream without keys."""
        return self._sequences.get(b"") or TimeSequence()

    def _sequence(self, key: bytes) -> TimeSequence:
        if key not in self._sequences:
            self._sequences[key] = TimeSequence(is_timed=len(self._sequences) < MOST_PERIODS)
        return self._sequences[key]

    def _note(self, key: bytes, sequence: TimeSequence) -> None:
        if sequence.found.counts or sequence.sampled.counts:
            self._doubtful.add(key)

    def _first_of(self, which: str) -> dict[str, Step]:
        found: dict[str, Step] = {}
        for key in sorted(self._doubtful):
            for kind, (step,) in getattr(self._sequences[key], which).first.items():
                if kind not in found or step.row < found[kind].row:
                    found[kind] = step._replace(key=key or None)
        return found

    def pass_by(self, tail: Rows, keys: Sequence[bytes | None] | None) -> None:
        """Remember the last timestamps of the rows that it did not want, to compare the next one with."""
        self._compare()  # samples that wait came before these rows
        count, self._has_keys = len(tail), keys is not None
        if not self._has_missed or not count:
            return
        self._ends = {}
        for at in range(count - 1, max(0, count - _TAIL_ROWS) - 1, -1):
            key = b"" if keys is None else keys[at]
            time = tail.texts_at(self._position, [at])[0].strip(b" ")
            if time and key is not None:
                self._ends.setdefault(key, time)
                if keys is None:
                    break
        self._last = next(iter(self._ends.values()), self._last)

    def end_input(self) -> None:
        """Want the first rows of the next input."""
        self._compare()
        self.ends_of_input, self._first = (self._first or b"", self._last), None
        if self._has_missed:
            self._go_on()
        if self.wants is None:
            self._left = FIRST_ROWS
        elif self.samples and self._rows is not None:
            self.wants = self._left = self._rows

    def _go_on(self) -> None:
        """Continue behind rows that were not all seen."""
        self._compare()
        for key, sequence in self._sequences.items():
            sequence.is_next = key in self._ends and sequence.follow(self._ends[key])
        self._ends, self._has_missed, self._is_complete = {}, False, False

    def part(self) -> TimeOrder | None:
        """Return one for later rows: one that collects samples, or that compares as this one does once it may."""
        self._compare()
        if self.wants == 0:
            part = TimeOrder(self.time_column, rows=0)
            part.samples, part._collects = self.samples, True
            return part
        if self.wants:
            return None
        part = TimeOrder(self.time_column)
        if self._has_keys:
            are_alike = all(sequence.reads_in_one_way for sequence in self._sequences.values())
            return part if are_alike and len(self._sequences) <= MOST_PERIODS else None
        sequence = self._alone.part()
        if sequence is None:
            return None
        part._sequences = {b"": sequence}
        return part

    @property
    def can_join(self) -> bool:  # type: ignore[override]
        """Whether the timestamps were all read in the way that was settled, and those of all keys kept."""
        self._compare()
        if self._collects:
            return True
        if self._has_keys:
            are_apart = all(sequence.depends_on_no_other for sequence in self._sequences.values())
            return are_apart and len(self._sequences) <= MOST_PERIODS
        return self._alone.can_join

    def join(self, part: TimeOrder, rows: int, seam: Sequence[OfWindow] = ()) -> None:  # noqa: ARG002
        """Add what a part has compared or collected."""
        if part._collects:
            for keys, times, positions, first, _ in part._waiting:
                self._hold(keys, times, positions, rows + first, samples=True)
            self._join_symbols(part)
            return
        self._compare()
        for key, of_part in part._sequences.items():
            sequence = self._sequence(key)
            sequence.join(of_part, rows)
            self._note(key, sequence)
        self._left = max(0, self._left - (FIRST_ROWS - part._left))
        self._join_symbols(part)
        self._is_complete = self._is_complete and part._is_complete
        self._last = part._last or self._last

    def snapshot(self) -> dict[str, Any]:
        """Return what was found in each series, the timestamp column, and how many rows of the input it still wants."""
        return {
            "column": value_as_json(self.time_column),
            "last": self.last.decode("latin-1"),
            "complete": self._is_complete,
            "left": self._left,
            "missed": self._has_missed,
            "symbols": self._symbols.snapshot() if self._symbols else [],
            "keys": [[key.decode("latin-1"), each.snapshot()] for key, each in self._sequences.items()],
        }

    def restore(self, saved: Any) -> None:
        """Continue with what was found in the same timestamp column; of another column, nothing counts."""
        try:
            # Before schema 4, that of a stream without keys was one series alone.
            found = {key.encode("latin-1"): each for key, each in saved.get("keys", [["", saved]])}
            column = saved["column"] if "column" in saved else next(iter(found.values()))["column"] if found else None
            last, left = saved["last"].encode("latin-1"), natural(saved.get("left", 0))
            has_missed, is_complete = saved.get("missed", not saved.get("left", 1)), saved.get("complete", False)
            is_complete = saved.get("in_order", is_complete)
        except (LookupError, TypeError, AttributeError, ValueError):
            raise ValueError("expected the order of the timestamps of each series") from None
        if type(has_missed) is not bool or type(is_complete) is not bool:
            raise ValueError("expected whether all rows were seen")
        self._left = left
        if self._rows is not None and self.wants:
            self.wants = self._left = min(left, self._rows)
        if column != value_as_json(self.time_column):
            self.forget()
            return
        if saved.get("symbols") and self._layout:
            self._symbols_to_look().restore(saved["symbols"])
        self._last, self._is_complete, self._has_keys = last, is_complete, any(found)
        self._has_missed = has_missed or (self.samples and self.wants == 0)
        for key, each in found.items():
            sequence = self._sequences[key] = TimeSequence()
            sequence.restore(each)
            self._note(key, sequence)
        if self._has_missed and not saved.get("missed"):  # by then it had not, or had followed the last rows
            self._ends = {key: each.last for key, each in self._sequences.items() if each.last}


def _breaks(sequence: TimeSequence) -> int:
    """Count the timestamps that were not later than the one before."""
    counts = sequence.found.counts
    return counts.get(BACKWARDS, 0) + counts.get(REPEATED, 0)


def _last_of(pieces: list[_Piece], most: int) -> list[_Piece]:
    """Return the last pieces, with so many rows or more."""
    count = start = 0
    for start in range(len(pieces) - 1, -1, -1):
        count += len(pieces[start][1])
        if count >= most:
            break
    return pieces[start:]


def _is_long(rows: Rows | None) -> bool:
    """Whether a row is too long to be kept; several that come together are not."""
    record = rows.record(0) if rows and len(rows) == 1 and not rows.is_array else None
    return bool(record) and sum(map(len, record or ())) > MOST_KEY_BYTES


def _joined(waiting: list[_Waiting]) -> tuple[Any, Sequence[int]]:
    """Return timestamps and the numbers of their rows, each in one piece."""
    _, times, positions, first, _ = waiting[0]
    if len(waiting) == 1 and isinstance(positions, range):
        return times, range(first, first + len(positions))
    pieces = [(times, positions, first) for _, times, positions, first, _ in waiting]
    if any(not isinstance(times, list) for times, *_ in pieces):
        from stream_signal.core.blocks.timestamps import joined

        return joined(pieces)
    return (
        [time for times, *_ in pieces for time in times],
        [first + at for _, positions, first in pieces for at in positions],
    )
