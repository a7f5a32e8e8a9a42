"""The windows of many keys as arrays: the counts of one window for each key, in Python's integers."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.key_rings import KeyRings
from stream_signal.core.keys import NO_KEY, Keys
from stream_signal.core.tally import Tally

if TYPE_CHECKING:
    from stream_signal.core.ticks import Close

# A key, a close (None: missing), and whether the row's key can be read.
rows = st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(-60, 60)), st.sampled_from([True] * 9 + [False]))
# The rows of a block, the places of its closes, and whether they are pushed at once.
blocks = st.tuples(st.lists(rows, max_size=40), st.integers(0, 2), st.booleans())


def push_block(keys: Keys, rings: KeyRings, block: list[tuple[int, int | None, bool]], places: int) -> None:
    """Push the rows of a block at once."""
    numbers = np.array([keys.number(b"%d" % key) if has_key else NO_KEY for key, _, has_key in block], np.int64)
    missing = np.array([close is None or not has_key for _, close, has_key in block], np.bool_)
    ticks = np.array([(close or 0) * 10**places for _, close, _ in block], np.int64)
    ticks[missing] = 0
    assert rings.prepare(numbers, ticks, places)
    rings.push(numbers, ticks, places, missing if missing.any() else None)


@given(st.lists(blocks, max_size=5), st.integers(1, 7), st.sampled_from(["grouped", "mixed"]))
def test_the_same_as_one_window_each(
    stream: list[tuple[list[tuple[int, int | None, bool]], int, bool]], window: int, order: str
) -> None:
    """Rows that are pushed in blocks, or in turns with single rows, leave the same counts and the same windows."""
    grouped = order == "grouped"
    single, keys = Keys(Tally(window), grouped=grouped), Keys(Tally(window), grouped=grouped)
    rings = keys.rings = KeyRings(keys)
    every = sorted((row for block, *_ in stream for row in block), key=lambda row: row[0] if grouped else 0)
    for block, places, at_once in stream:
        part, every = every[: len(block)], every[len(block) :]
        for key, close, has_key in part:
            pushed: Close = None if close is None or not has_key else (close, 0)
            single.push(b"%d" % key if has_key else None, pushed)
            if not at_once:
                keys.push(b"%d" % key if has_key else None, pushed)
        if at_once and part:
            push_block(keys, rings, part, places)
    assert list(keys.counts()) == list(single.counts())
    assert (keys.totals.rows, keys.totals.signals) == (single.totals.rows, single.totals.signals)
    assert keys.with_mean == single.with_mean
    windows, wanted = keys.state(), single.state()
    scale = 10**2
    for name, state in wanted.items():
        own = windows[name]
        assert [tick * scale // 10**own.places for tick in own.ring] == [tick * scale for tick in state.ring]


def test_too_large_for_int64() -> None:
    """A block whose sums might not fit is left to Python's integers, with nothing counted."""
    keys = Keys(Tally(window=4))
    rings = keys.rings = KeyRings(keys)
    number = keys.number(b"A")
    assert not rings.prepare(np.array([number]), np.array([2**62]), 0)
    assert rings.prepare(np.array([number]), np.array([2**60]), 0)
    rings.push(np.array([number]), np.array([2**60]), 0)
    assert not rings.prepare(np.array([number]), np.array([1]), 5)
    assert list(keys.counts()) == [(b"A", 1, 0)]


def test_reading_changes_nothing() -> None:
    """Whoever reads the counts, at any time, leaves the keys and the rings as they were."""
    keys = Keys(Tally(window=2))
    rings = keys.rings = KeyRings(keys)
    push_block(keys, rings, [(0, 1, True), (1, 5, True), (0, 2, True)], 0)
    keys.push(b"2", (7, 0))
    before = held_by(keys, rings)
    counts = [(b"0", 2, 1), (b"1", 1, 0), (b"2", 1, 0)]
    assert (list(keys.counts()), keys.longest) == (counts, 2)
    assert [state.rows for state in keys.state().values()] == [2, 1, 1]
    assert held_by(keys, rings) == before
    assert list(keys.counts()) == counts


def held_by(keys: Keys, rings: KeyRings) -> bytes:
    """Return all that they hold, as a value."""
    return pickle.dumps((keys.by_number, {name: each for name, each in vars(rings).items() if name != "_keys"}))
