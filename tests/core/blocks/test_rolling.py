"""The rolling mean of a whole block, against pushing one value after the other."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import RollingMean
from stream_signal.core.blocks.rolling import push_block
from support.strategies import windows

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    import pytest

    from stream_signal.core.ticks import Close


def state(mean: RollingMean) -> tuple[list[int], int, int]:
    """Give the values held, oldest first, their sum and their scale."""
    return mean.held(), mean.total, mean.places


def closes_of(rng: random.Random, size: int, largest: int) -> Iterator[Close | str]:
    """Draw closes: mostly of two places, some missing, some of other places, some lines that are no row ("gone")."""
    rate = rng.choice([0, 0.02, 0.3])
    for _ in range(size):
        value = rng.randint(-largest, largest)
        if rng.random() >= rate:
            yield value, 2
        else:
            yield rng.choice([None, "gone", (value, rng.randrange(5)), (value, 2)])


@given(
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 60), min_size=1, max_size=6),
    windows,
    st.sampled_from([20, 10**6, 2**61, 2**63 - 1]),
)
def test_push_block(rng: random.Random, sizes: list[int], window: int, largest: int) -> None:
    """Pushing blocks, single values and blocks by turns leaves the same mean as pushing every value by itself."""
    reference, mean = RollingMean(window), RollingMean(window)
    for size in sizes:
        closes = list(closes_of(rng, size, largest))
        signals = 0
        for close in closes:
            if close is None:
                reference.clear()
            elif not isinstance(close, str):
                signals += reference.push(*close)
        regular = [isinstance(close, tuple) and close[1] == 2 for close in closes]
        odd = {
            at: [] if isinstance(close, str) else [close]
            for at, close in enumerate(closes)
            if not regular[at] or rng.random() < 0.05
        }
        ticks = [close[0] if isinstance(close, tuple) and at not in odd else 7 for at, close in enumerate(closes)]
        places = 2 if len(odd) < len(closes) else 0
        assert push_block(mean, np.array(ticks, np.int64), places, odd) == signals
        assert state(mean) == state(reference)
        assert (mean.count, mean.ready) == (reference.count, reference.ready)


def test_a_scale_beyond_int64() -> None:
    """One close with nineteen decimals, and zeros for ever after: nothing to scale, and nothing to fail."""
    for odd in ({}, {1: [(3, 20)]}):
        mean, reference = RollingMean(2), RollingMean(2)
        for pushed in (mean, reference):
            pushed.push(1, 19)
        assert push_block(mean, np.zeros(3, np.int64), 0, odd) == (1 if odd else 0)
        for ticks, places in ((0, 0), *odd.get(1, [(0, 0)]), (0, 0)):
            reference.push(ticks, places)
        assert state(mean) == state(reference)


def test_a_sum_that_wraps_on_its_way(recwarn: pytest.WarningsRecorder) -> None:
    """Sums that overflow on the way to one that fits are right, and no warning is given."""
    mean, largest = RollingMean(1), 2**63 - 1
    assert push_block(mean, np.array([-largest, largest, 1]), 0) == 0
    assert push_block(mean, np.array([-largest, largest, 1]), 0) == 0
    assert state(mean) == ([1], 1, 0)
    assert not recwarn.list


def test_a_ring_that_outgrew_int64_comes_back() -> None:
    """After a value too large for int64 has left the window, blocks are counted in int64 again."""
    mean = RollingMean(3)
    mean.push(10**30, 0)
    assert mean.largest == 10**30
    assert push_block(mean, np.arange(100), 0) == 98
    assert push_block(mean, np.arange(100, 200), 0) == 100
    assert state(mean) == ([197, 198, 199], 594, 0)
    assert isinstance(mean.ring, array)
