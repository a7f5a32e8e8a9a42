"""The rolling mean of a whole block, against pushing one value after the other."""

from __future__ import annotations

from array import array
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import RollingMean
from stream_signal.core.blocks.rolling import Ticks, push_closes
from support.strategies import windows

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    import pytest

    from stream_signal.core.ticks import Close


def state(mean: RollingMean) -> tuple[list[int], int, int]:
    """Give the values held, oldest first, their sum and their scale."""
    return mean.values(), mean.total, mean.places


def closes_of(rng: random.Random, size: int, largest: int) -> Iterator[Close]:
    """Draw closes: mostly of two places, some missing, some of other places."""
    rate = rng.choice([0, 0.02, 0.3])
    for _ in range(size):
        value = rng.randint(-largest, largest)
        if rng.random() >= rate:
            yield value, 2
        else:
            yield rng.choice([None, (value, rng.randrange(5)), (value, 2)])


@given(
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 60), min_size=1, max_size=6),
    windows,
    st.sampled_from([20, 10**6, 2**61, 2**63 - 1]),
)
def test_push_closes(rng: random.Random, sizes: list[int], window: int, largest: int) -> None:
    """Pushing blocks and single values by turns gives each sum, each signal and the mean of pushing one at a time."""
    reference, mean = RollingMean(window), RollingMean(window)
    for size in sizes:
        closes = list(closes_of(rng, size, largest))
        wanted = [(push_one(reference, close), exact(reference)) for close in closes]
        odd = {at: close for at, close in enumerate(closes) if not close or close[1] != 2 or rng.random() < 0.05}
        ticks = np.array([close[0] if close and at not in odd else 7 for at, close in enumerate(closes)], np.int64)
        found = Ticks.of(ticks, 2 if len(odd) < len(closes) else 0, odd)
        pushed = found and push_closes(mean, found)
        if found is None or pushed is None:
            assert max(reference.largest, mean.largest, *(abs(close[0]) for close in closes if close)) * window > 2**40
            for close in closes:
                push_one(mean, close)
        else:
            is_full = [True] * size if pushed.full is None else pushed.full.tolist()
            assert pushed.count_full() == is_full.count(True)
            scale = window * 10**mean.places
            means = [
                Fraction(total, scale) if ready else None
                for total, ready in zip(pushed.sums.tolist(), is_full, strict=True)
            ]
            assert list(zip(pushed.above.tolist(), means, strict=True)) == wanted
            assert found.missing == [at for at, close in enumerate(closes) if close is None]
        assert state(mean) == state(reference)
        assert (mean.count, mean.ready) == (reference.count, reference.ready)


def push_one(mean: RollingMean, close: Close) -> bool:
    """Push a close by itself."""
    if close is None:
        mean.clear()
        return False
    return bool(mean.push(*close))


def exact(mean: RollingMean) -> Fraction | None:
    """Give the mean as a fraction."""
    return Fraction(mean.total, mean.window * 10**mean.places) if mean.ready else None


def signals(mean: RollingMean, ticks: list[int], places: int = 0, odd: dict[int, Close] | None = None) -> int:
    """Push a block, in which every sum has to fit into int64; count the signals."""
    found = Ticks.of(np.array(ticks, np.int64), places, odd or {})
    pushed = found and push_closes(mean, found)
    assert pushed is not None
    return int(pushed.above.sum())


def test_a_scale_beyond_int64() -> None:
    """One close with nineteen decimals, and zeros for ever after: nothing to scale, and nothing to fail."""
    odds: list[dict[int, Close]] = [{}, {1: (3, 20)}]
    for odd in odds:
        mean, reference = RollingMean(2), RollingMean(2)
        for pushed in (mean, reference):
            pushed.push(1, 19)
        assert signals(mean, [0, 0, 0], 0, odd) == (1 if odd else 0)
        for close in ((0, 0), odd.get(1, (0, 0)), (0, 0)):
            push_one(reference, close)
        assert state(mean) == state(reference)


def test_a_sum_that_wraps_on_its_way(recwarn: pytest.WarningsRecorder) -> None:
    """Sums that overflow on the way to one that fits are right, and no warning is given."""
    mean, largest = RollingMean(1), 2**63 - 1
    assert signals(mean, [-largest, largest, 1]) == 0
    assert signals(mean, [-largest, largest, 1]) == 0
    assert state(mean) == ([1], 1, 0)
    assert not recwarn.list


def test_a_ring_that_outgrew_int64_comes_back() -> None:
    """After a value too large for int64 has left the window, blocks are counted in int64 again."""
    mean = RollingMean(3)
    mean.push(10**30, 0)
    assert mean.largest == 10**30
    assert push_closes(mean, Ticks(np.arange(100), 0, 99, [])) is None
    assert [mean.push(ticks, 0) for ticks in range(100)].count(True) == 98
    assert signals(mean, list(range(100, 200))) == 100
    assert state(mean) == ([197, 198, 199], 594, 0)
    assert isinstance(mean.ring, array)
