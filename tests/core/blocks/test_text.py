"""Numbers written for a whole block: the digits that Python writes for each."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.text import mean_table


@given(
    st.lists(st.one_of(st.integers(0, 10**4), st.integers(0, 10**14)), min_size=1, max_size=20),
    st.sampled_from([1, 2, 4, 5, 8, 10, 20, 25, 50, 64, 200, 1000, 3, 7, 60]),
    st.integers(0, 8),
)
def test_means_as_decimals(sums: list[int], window: int, places: int) -> None:
    """A mean that is written from integers is what Python writes for the float64 nearest to it, digit for digit."""
    divisor = window * 10**places
    table = mean_table(np.array(sums), divisor)
    if table is not None:
        written = [bytes(line).translate(None, b"\0").decode() for line in table]
        assert written == [repr(total / divisor) for total in sums]
    elif window not in {3, 7, 60}:  # those that no decimal of few digits divides by
        decimals = next(decimals for decimals in range(1, 40) if 10**decimals % divisor == 0)
        long = max(sums) * 10**decimals // divisor >= 10**15
        assert decimals > 16 or long or any(0 < total * 10_000 < divisor for total in sums)
