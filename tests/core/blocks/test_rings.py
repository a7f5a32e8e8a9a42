"""The windows of many keys as arrays: the counts of one window for each key, in Python's integers."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.rings import Rings
from stream_signal.core.blocks.rolling import make_ready
from stream_signal.core.rows import NO_SERIES, Rows
from stream_signal.core.series.keys import Keys
from stream_signal.core.series.series import WindowSeries

if TYPE_CHECKING:
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.ticks import Close

# A key, a close (None: missing), and whether the row's key can be read.
rows = st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(-60, 60)), st.sampled_from([True] * 9 + [False]))
# The rows of a block, the places of its closes, and whether they are pushed at once.
blocks = st.tuples(st.lists(rows, max_size=40), st.integers(0, 2), st.booleans())


def window_series(window: int, *, grouped: bool = False) -> WindowSeries:
    """Make the series of one window."""
    return WindowSeries(window, Keys(100, grouped=grouped), joins=False)


def push(of: WindowSeries, key: bytes | None, close: Close) -> None:
    """Push one row as a list."""
    of.push(Rows([close], [NO_SERIES if key is None else of.keys.number(key)]))


def push_block(of: WindowSeries, rings: Rings, block: list[tuple[int, int | None, bool]], places: int) -> None:
    """Push the rows of a block at once."""
    numbers = [of.keys.number(b"%d" % key) if has_key else NO_SERIES for key, _, has_key in block]
    missing = np.array([close is None or not has_key for _, close, has_key in block], np.bool_)
    ticks = np.array([(close or 0) * 10**places for _, close, _ in block], np.int64)
    ticks[missing] = 0
    assert rings.prepare(np.array(numbers, np.int64))
    factor = make_ready([rings], int(np.abs(ticks).max()), places)
    assert factor is not None
    rings.push(np.array(numbers, np.int64), ticks * factor, missing if missing.any() else None)


@given(st.lists(blocks, max_size=5), st.integers(1, 7), st.sampled_from(["grouped", "mixed"]))
def test_the_same_as_one_window_each(
    stream: list[tuple[list[tuple[int, int | None, bool]], int, bool]], window: int, order: str
) -> None:
    """Rows that are pushed in blocks, or in turns with single rows, leave the same counts and the same windows."""
    grouped = order == "grouped"
    single, series = window_series(window, grouped=grouped), window_series(window, grouped=grouped)
    rings = series.rings = Rings(series)
    every = sorted((row for block, *_ in stream for row in block), key=lambda row: row[0] if grouped else 0)
    for block, places, at_once in stream:
        part, every = every[: len(block)], every[len(block) :]
        for key, close, has_key in part:
            pushed: Close = None if close is None or not has_key else (close, 0)
            push(single, b"%d" % key if has_key else None, pushed)
            if not at_once:
                push(series, b"%d" % key if has_key else None, pushed)
        if at_once and part:
            push_block(series, rings, part, places)
    assert list(series.counts()) == list(single.counts())
    assert (series.signals, series.full) == (single.signals, single.full)
    assert [at_one_scale(state) for state in series.segments()] == [at_one_scale(state) for state in single.segments()]


def at_one_scale(state: Segment) -> tuple[object, ...]:
    """Return a state with its closes at the scale of all."""
    return state.rows, state.signals, state.full, [tick * 10**2 // 10**state.places for tick in state.tail]


def test_too_large_for_int64() -> None:
    """A block whose sums might not fit is left to Python's integers, with nothing counted."""
    series = window_series(4)
    rings = series.rings = Rings(series)
    numbers = np.array([series.keys.number(b"A")])
    assert rings.prepare(numbers)
    assert make_ready([rings], 2**62, 0) is None
    assert make_ready([rings], 2**60, 0) == 1
    rings.push(numbers, np.array([2**60]))
    assert make_ready([rings], 1, 5) is None
    assert list(series.counts()) == [(1, 0, 0)]


def test_more_keys_than_16_bits_number() -> None:
    """The rows of each key stay in their order where the numbers of the keys have more than 16 bits."""
    series, count = window_series(2), (1 << 16) + 2
    rings = series.rings = Rings(series)
    for number in range(count):
        series.keys.restore(b"%d" % number)
    numbers = np.array([count - 1, 1, count - 1, 0, 1, 1 << 16, count - 1])
    assert rings.prepare(numbers)
    shown = rings.push(numbers, np.array([5, 1, 6, 9, 2, 7, 4]))
    assert shown.above.tolist() == [False, False, True, False, True, False, False]
    assert [list(series.counts())[number] for number in (0, 1, 1 << 16, count - 1)] == [
        *((1, 0, 0), (2, 1, 1), (1, 0, 0), (3, 2, 1)),
    ]


def test_reading_changes_nothing() -> None:
    """Whoever reads the counts, at any time, leaves the series and the rings as they were."""
    series = window_series(2)
    rings = series.rings = Rings(series)
    push_block(series, rings, [(0, 1, True), (1, 5, True), (0, 2, True)], 0)
    push(series, b"2", (7, 0))
    before = held_by(series, rings)
    counts = [(2, 1, 1), (1, 0, 0), (1, 0, 0)]
    assert (list(series.counts()), series.signals, series.full) == (counts, 1, 1)
    assert [state.rows for state in series.segments()] == [2, 1, 1]
    assert held_by(series, rings) == before
    assert list(series.counts()) == counts


def held_by(series: WindowSeries, rings: Rings) -> bytes:
    """Return all that they hold, as a value."""
    return pickle.dumps((list(series.segments()), {name: each for name, each in vars(rings).items() if name != "_of"}))
