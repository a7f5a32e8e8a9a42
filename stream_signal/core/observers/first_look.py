"""FirstLook: whether the timestamps of a stream are in order, as far as that can be seen at no cost that counts.

It looks at the first 10,000 rows of each input, and at each seam between two inputs: a file in reverse order, files in
the wrong order and rows that are sent again all show there. Nearly always their timestamps are whole numbers in
ascending order, which a few calls show for all of them; only if they are anything else is `TimeOrder` imported. The
last timestamp of an input is in its last bytes.
"""

from __future__ import annotations

from math import gcd
from operator import sub
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.steps import DATE_SIZES, Steps, unit_of
from stream_signal.core.time_column import find_time

if TYPE_CHECKING:
    from stream_signal.core.batch import Batch
    from stream_signal.core.header import Header
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.core.series.grouping import Grouping
    from stream_signal.core.time_column import Position, TimeColumn

# More than a row of candles has.
_TAIL_BYTES = 4096
# As many as those have, or more.
_TAIL_ROWS = 256


class FirstLook:
    """Compares the first timestamps of each input, and the last one of an input with the first one of the next.

    `time_column` is as in `TimeOrder`. `position` is that of the column, None if there is none.
    """

    sees_windows = False
    name = "time_order"  # a checkpoint keeps it as if every row had been seen

    def __init__(self, time_column: TimeColumn | None = None) -> None:
        self.position: Position | None = None
        self._time_column = time_column
        self._header: Header | None = None
        self._texts: list[bytes] = []
        self._row = 1  # of the first of them
        self._left = FIRST_ROWS
        self._tail = b""  # the last bytes of the input
        self._taken: list[Batch] = []  # the last rows of the input, where they are no bytes
        self._last = b""
        self._pairs = 0
        self._steps = Steps()
        self._order: TimeOrder | None = None  # once it is needed

    def begin(self, header: Header) -> None:
        """Find the timestamp column."""
        self._header = header
        self.position = find_time(header, self._time_column)

    @property
    def wants(self) -> int:
        """How many more rows of the input it has to see."""
        return 0 if self.position is None else self._left - len(self._texts)

    def group_by(self, grouping: Grouping) -> None:
        """All rows are one series."""

    def see(self, rows: Rows, seen: Seen) -> None:  # noqa: ARG002
        """Take the timestamps of the first rows."""
        if self.position is not None:
            self._texts += rows.texts(self.position, self.wants)
            if not self.wants:
                self._compare()

    def fed(self, data: bytes) -> None:
        """Remember the last bytes."""
        if self.position is not None:
            self._taken.clear()
            self._tail = data[-_TAIL_BYTES:] if len(data) >= _TAIL_BYTES else (self._tail + data)[-_TAIL_BYTES:]

    def took(self, batch: Batch) -> None:
        """Remember the last rows, of which there are no bytes."""
        self._taken.append(batch)
        while sum(len(each.closes) for each in self._taken[1:]) >= _TAIL_ROWS:
            del self._taken[0]

    def end_input(self, row: int, *, torn: bool = False) -> None:
        """End an input; the next row is number `row`. If it is `torn`, a line without its newline does not count."""
        self._compare()
        self._follow(torn=torn)
        self._tail = b""
        self._taken.clear()
        self._row, self._left = row, FIRST_ROWS

    @property
    def order(self) -> TimeOrder:
        """All that was seen."""
        self._compare()
        return self._as_order()

    @property
    def is_in_order(self) -> bool:
        """Whether there is nothing to say; if False, `order` says what."""
        self._compare()
        return not self._order and not self._steps.have_gaps

    def snapshot(self) -> dict[str, Any]:
        """Return what `TimeOrder` does, and how many rows of the input remain to be seen."""
        self._compare()
        order = self._as_order()
        self._follow(torn=True)
        return order.snapshot() | {"left": self._left}

    def resume(self, header: Header | None, saved: Any, row: int, *, is_within: bool) -> None:
        """Continue with what `snapshot` returned, None for nothing; the next row is number `row`.

        If the stream continues within an input, and its rows that remain to be seen are not known, none remain.
        """
        if header:
            self.begin(header)
        if saved is not None:
            self._as_order().restore(saved)
        self._row = row
        if is_within:
            left = saved.get("left", 0) if saved else FIRST_ROWS if row == 1 else 0
            if type(left) is not int or not 0 <= left <= FIRST_ROWS:
                raise ValueError("expected how many rows remain to be seen")
            self._left = left

    def _as_order(self) -> TimeOrder:
        if not self._order:
            from stream_signal.core.observers.time_order import TimeOrder

            self._order = TimeOrder(self._time_column)
            if self._header:
                self._order.begin(self._header)
            self._order.start(self._last, self._pairs, self._steps)
        return self._order

    def _compare(self) -> None:
        """Compare the texts so far with each other, and with the one before."""
        texts, self._texts = self._texts[: self._left], []
        if not texts or not self._header:
            return
        if self._order or not self._are_plain([self._last, *texts] if self._last else texts):
            self._as_order().take(texts, self._row)
        self._row += len(texts)
        self._left -= len(texts)

    def _are_plain(self, texts: list[bytes]) -> bool:
        """Take whole numbers of one length, in ascending order; return False, with none taken, if they are not."""
        size, count, joined = len(texts[0]), len(texts), b",".join(texts)
        if size in DATE_SIZES or size > 19 or not joined.replace(b",", b"").isdigit():
            return False
        if joined[size :: size + 1] != b"," * (count - 1) or len(joined) != (size + 1) * count - 1:
            return False
        if count > 1:
            unit, step = unit_of(size), int(texts[1]) - int(texts[0])
            if _are_equal_steps(texts, joined, step):
                self._steps.add_equal(step * unit, count - 1)
            else:
                numbers = list(map(int, texts))
                steps = list(map(sub, numbers[1:], numbers))
                if min(steps) <= 0:
                    return False
                self._steps.add([step * unit for step in steps])
        self._pairs += count - 1
        self._last = texts[-1]
        return True

    def _follow(self, *, torn: bool) -> None:
        """Compare the next timestamp with the last one of the bytes so far, if not all of their rows were seen."""
        last = self._last_text(torn=torn) if not self._left else b""
        if last and self._order:
            self._order.follow(last)
        elif last:
            size = len(self._last)
            if len(last) == size and last.isdigit():
                self._last = last
            else:
                self._as_order().follow(last)

    def _last_text(self, *, torn: bool) -> bytes:
        header, tail = self._header, self._tail
        if header is None or self.position is None:
            return b""
        for batch in reversed(self._taken):
            from stream_signal.core.blocks.columns import BatchColumns

            columns = BatchColumns(batch.column)
            for row in reversed(range(len(batch.closes))):
                if text := columns.text(self.position, row).strip(b" "):
                    return text
        lines = (tail[: tail.rfind(b"\n") + 1] if torn else tail).split(b"\n")
        if len(tail) == _TAIL_BYTES:
            del lines[0]  # its first bytes are gone
        positions = (self.position,) if isinstance(self.position, int) else self.position
        for line in reversed(lines):
            try:
                fields = split_line(line.removesuffix(b"\r"), header.delimiter)
            except FieldError:
                break
            if len(fields) == header.width and line.removesuffix(b"\r") != header.line:
                text = b" ".join(fields[at] for at in positions).strip(b" ")
                if text:
                    return text
        return b""


def _are_equal_steps(texts: list[bytes], joined: bytes, step: int) -> bool:
    """Whether numbers of one length, joined by commas, have equal steps, without reading them all.

    The last digits of equal steps come again after a period: those of 60 after five rows. If they do, no step is
    shorter than `step` in a list that is sorted; and if on average none is longer, none is.

    >>> _are_equal_steps([b"100", b"160", b"220"], b"100,160,220", 60)
    True
    """
    size, first = len(texts[0]), int(texts[0])
    digits = len(str(step))
    if step <= 0 or digits > size or int(texts[-1]) - first != step * (len(texts) - 1):
        return False
    modulus: int = 10**digits
    period = modulus // gcd(step, modulus)
    for at in range(size - digits, size):
        column = joined[at :: size + 1]
        if column[period:] != column[:-period]:
            return False
    if any(int(text[-digits:]) != (first + at * step) % modulus for at, text in enumerate(texts[:period])):
        return False
    return texts == sorted(texts)
