"""Timestamps of one form -> nanoseconds since 1970, for a whole column at once: the block twin of `core.timestamps`.

Only what most files have is read here: whole numbers of one length, and dates that begin with the year, with a clock of
two digits each. Everything else is left to the table of forms. Cost: 10 to 30 ns a row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_signal.core.blocks.columns import table_of
from stream_signal.core.blocks.digits import join
from stream_signal.core.findings import BACKWARDS, REPEATED
from stream_signal.core.period import HOUR, MOST_STRIDES, SHORTEST_PAUSE, SLOTS, WEEK, Gap, Period, Stride
from stream_signal.core.steps import DATE_SIZES, NANOSECONDS, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.blocks.array_types import Bytes, Cells, Integers
    from stream_signal.core.timestamps import Form


_CLOCK = rb"(?:[TtD_ ]|, )(?:00(?::?00(?::?00(?:\.?0{1,9})?)?)?)?(?:Z|[+-]00:?00)?"
_ZERO = ord("0")
_ZEROS = 0x3030303030303030
# Between these, the nanoseconds from one date to another fit into int64.
_FIRST_YEAR, _LAST_YEAR = 1830, 2109
_DAY = 24 * 60 * 60
_TENS = np.array([1000, 100, 10, 1])
_LENGTHS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
# Days from the first of March of the year 0 to the first day of 1970, and one more: days of months count from 1.
_MARCH_1970 = 719469
_MAX = 2**63 - 1
_EXACT = 2**53  # a float holds all integers up to here


def nanoseconds_of(cells: Cells) -> Integers | None:
    """Return the time of each text; None if they are not read here.

    >>> (nanoseconds_of(np.array([b"1970-01-01T00:00:01Z", b"1970-01-02T00:00:00Z"])) // 10**9).tolist()
    [1, 86400]
    """
    first = bytes(cells[0])
    if cells.itemsize != len(first):
        return None
    if first.isdigit() and len(first) not in DATE_SIZES:
        return _numbers(cells)
    from stream_signal.core.timestamps import are_of_one_form, form_of

    form = form_of(first)
    if not form or not form.sorts or form.date is None or not are_of_one_form(cells.tobytes(), form, first, len(cells)):
        return None
    return _moments(cells, table_of(cells), form, first)


def joined(pieces: Sequence[tuple[Any, Sequence[int], int]]) -> tuple[Any, Sequence[int]]:
    """Join lists and arrays of texts, and the numbers of their rows: positions, from a first number on.

    The texts are an array if all have one length, otherwise a list.

    >>> times, rows = joined([([b"60"], [3], 1), (np.array([b"70", b"80"]), np.array([0, 9]), 100)])
    >>> times.tolist(), rows.tolist()
    ([b'60', b'70', b'80'], [4, 100, 109])
    """
    texts: list[bytes] = []
    sizes: set[int] = set()
    for times, _, _ in pieces:
        is_list = isinstance(times, list)
        sizes.update(map(len, times) if is_list else [times.itemsize])
        texts.append(b"".join(times) if is_list else times.tobytes())
    rows: Any = np.concatenate([np.add(positions, first) for _, positions, first in pieces])
    if len(sizes) == 1 and sizes != {0}:
        return np.frombuffer(b"".join(texts), f"S{sizes.pop()}"), rows
    return [text for times, *_ in pieces for text in (times if isinstance(times, list) else times.tolist())], rows


def order_of(times: Integers) -> dict[str, tuple[int, int]]:
    """Return how many times are not later than the one before, by kind, with the position of the first.

    >>> order_of(np.array([60, 120, 60, 60, 240]))
    {'backwards': (1, 2), 'repeated': (1, 3)}
    """
    steps, disorder = np.diff(times), {}
    if len(steps) and steps.min() <= 0:
        for kind, flags in ((BACKWARDS, steps < 0), (REPEATED, steps == 0)):
            positions = np.flatnonzero(flags) + 1
            if len(positions):
                disorder[kind] = len(positions), int(positions[0])
    return disorder


def longest_strides(times: Integers, rows: Sequence[int], least: int) -> Iterator[Stride]:
    """Yield the longest steps between samples in their order, if they are longer than `least`.

    >>> [stride.length for stride in longest_strides(np.array([0, 9, 99, 100, 109, 120, 150, 170, 195]), range(9), 0)]
    [9, 90, 9, 11, 30, 20, 25]
    """
    steps = np.diff(times)
    places = np.flatnonzero(steps > least)
    if len(places) > MOST_STRIDES:
        shortest = np.partition(steps, -MOST_STRIDES)[-MOST_STRIDES]
        # Of equal ones, the first are kept: in a file of even steps, all others are equal, too.
        equal = np.flatnonzero(steps == shortest)[:MOST_STRIDES]
        places = np.sort(np.append(equal, np.flatnonzero(steps > shortest)))
    for at in places.tolist():
        yield Stride(int(steps[at]), int(rows[at + 1]), int(times[at]), int(rows[at + 1]) - int(rows[at]))


def add_to(period: Period, times: Integers, rows: Sequence[int]) -> None:
    """Count rows of which the first was counted; `rows` are the numbers of all of them.

    >>> period = Period()
    >>> period.begin(0)
    >>> add_to(period, np.array([0, 1, 2, 90]) * 60 * 10**9, range(1, 5))
    >>> period.rows, period.seen[:2], period.gaps[0].row
    (4, [3, 1], 4)
    """
    if len(times) < 2:
        return
    steps = np.diff(times)
    if (steps == steps[0]).all():
        period.add_run(int(steps[0]), rows[1:])
        return
    hours = times // HOUR
    starts = np.flatnonzero(hours[1:] != hours[:-1]) + 1
    seen = np.zeros(SLOTS, np.int64)
    np.add.at(seen, np.append(hours[0], hours[starts]) % SLOTS, np.diff(starts, prepend=0, append=len(times)))
    # Of those that end in one hour of the week the longest, and of equals the first.
    long = np.flatnonzero(steps >= SHORTEST_PAUSE)
    slots = hours[long + 1] % SLOTS
    order = np.lexsort((-steps[long], slots))
    gaps = [int(steps.argmax()), *long[order][np.diff(slots[order], prepend=-1) > 0].tolist()]
    period.add(
        Period.of(
            (int(times[0]), int(times[-1])),
            seen.tolist(),
            _classes_of(steps),
            [Gap(int(steps[at]), int(rows[at + 1]), int(times[at])) for at in gaps if steps[at] > 0],
            int((steps[steps >= WEEK] // WEEK).sum()),
        )
    )


def _classes_of(steps: Integers) -> list[tuple[int, int]]:
    """Return how many steps lead forward, by class, with the longest of each."""
    usual = int(steps[len(steps) // 2])
    others = steps[(steps != usual) & (steps > 0)]
    # A float has the class of a step in the first bits; of one that it cannot hold, the last bits are left out.
    floats = np.where(others > _EXACT, others & ~0xFFF, others).astype(np.float64)
    classes = (floats.view(np.int64) >> 50) - 4088
    longest = np.zeros(256, np.int64)
    np.maximum.at(longest, classes, others)
    counts = np.bincount(classes, minlength=256)
    classes_seen = [(int(counts[at]), int(longest[at])) for at in np.flatnonzero(counts)]
    return classes_seen if usual <= 0 else [*classes_seen, (len(steps) - int((steps != usual).sum()), usual)]


def _numbers(cells: Cells) -> Integers | None:
    """Join digits, eight at a time, from the first ones, of which there may be fewer; None if one is no digit."""
    count, size = len(cells), cells.itemsize
    if size > 19 or int((cells.view(np.uint8) - np.uint8(_ZERO)).max()) > 9:
        return None
    if size < 8:
        cells = cells.astype("S8")
    unit, words = unit_of(size), np.ascontiguousarray(cells)
    numbers, spare, shared = None, np.empty(count, np.uint64), 0
    for at in range((size - 1) % 8 - 7, size, 8):
        word = np.ndarray((count,), "<u8", words, max(at, 0), (words.itemsize,))
        if numbers is None and at < size - 8 and (word == word[0]).all():  # the first digits of times hardly change
            shared = int(bytes(cells[0])[: at + 8])
            continue
        word = word ^ np.uint64(_ZEROS)
        if at < 0:
            word <<= np.uint64(-8 * at)  # behind them are digits of the next eight, or none
        join(word, spare)
        if numbers is None:
            numbers = word
        else:
            numbers *= np.uint64(10**8)
            numbers += word
    shared *= 10**8
    assert numbers is not None  # noqa: S101 - the last digits are never shared
    if int(numbers.max()) + shared > _MAX // unit:
        return None
    numbers += np.uint64(shared)
    numbers *= np.uint64(unit)
    return numbers.view(np.int64)


def _moments(cells: Cells, table: Bytes, form: Form, first: bytes) -> Integers | None:
    clock = form.zeros[form.cut :]
    if form.cut not in {8, 10} or (clock and not re.fullmatch(_CLOCK, clock)):
        return None
    times, offset = _midnights(cells, form), _offset_of(form, first)
    if times is None or offset is None:
        return None
    times += offset
    places = [at for at in range(form.cut, len(first) - form.zone) if form.zeros[at : at + 1] == b"0"]
    for at, most, unit in zip(places[0:6:2], (23, 59, 60), (3600, 60, 1), strict=False):
        field = (table[:, at] - np.uint8(_ZERO)) * np.uint8(10) + (table[:, at + 1] - np.uint8(_ZERO))
        if int(field.max()) > most:
            return None
        times += field * np.int64(unit * NANOSECONDS)
    for place, at in enumerate(places[6:], start=1):
        times += (table[:, at] - np.uint8(_ZERO)) * np.int64(NANOSECONDS // 10**place)
    return times


def _midnights(cells: Cells, form: Form) -> Integers | None:
    """Return the midnight of each date; a date is read once for each run of rows that have it."""
    count, size, cut = len(cells), cells.itemsize, form.cut
    buffer = np.ascontiguousarray(cells)
    begins, ends = (np.ndarray((count,), "<u8", buffer, at, (size,)) for at in (0, cut - 8))
    changes = np.flatnonzero((begins[1:] != begins[:-1]) | (ends[1:] != ends[:-1])) + 1
    starts = np.append(0, changes)
    days = _days_of(table_of(buffer)[starts, :cut], form.zeros[:cut])
    return None if days is None else np.repeat(days * (_DAY * NANOSECONDS), np.diff(starts, append=count))


def _days_of(dates: Bytes, zeros: bytes) -> Integers | None:
    """Return the days since 1970 of dates that begin with the year; None if one is no date.

    >>> _days_of(np.frombuffer(b"1970-01-022000-02-29", np.uint8).reshape(2, 10), b"0000-00-00").tolist()
    [1, 11016]
    >>> _days_of(np.frombuffer(b"19000229", np.uint8).reshape(1, 8), b"00000000") is None
    True
    """
    places = [at for at, digit in enumerate(zeros) if digit == _ZERO]
    if len(places) != 8 or zeros[:4] != b"0000":
        return None
    digits = dates[:, places].astype(np.int64) - _ZERO
    year, month, day = (digits[:, first:end] @ _TENS[first - end :] for first, end in ((0, 4), (4, 6), (6, 8)))
    if year.min() < _FIRST_YEAR or year.max() > _LAST_YEAR or month.min() < 1 or month.max() > 12:
        return None
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    if (day < 1).any() or (day > _LENGTHS[month] + (is_leap & (month == 2))).any():
        return None
    years = year - 1 + (month > 2)  # a year from March on ends with its leap day
    days: Integers = years * 365 + years // 4 - years // 100 + years // 400
    days += (153 * ((month + 9) % 12) + 2) // 5 + day - _MARCH_1970
    return days


def _offset_of(form: Form, first: bytes) -> int | None:
    """Return the nanoseconds that the zone of a text adds."""
    if not form.zone:
        return 0
    clock = form.zeros[form.cut : len(form.zeros) - form.zone]
    date = first[: form.cut]
    with_zone, without = form.readings(date + clock + first[-form.zone :])[0], form.readings(date + clock)[0]
    return None if with_zone is None or without is None else with_zone - without
