"""Guesses of the close in a few rows without a header."""

from __future__ import annotations

import pytest

from stream_signal.core.layout.guess import Guess, find_close

# day, open, high, low, close, volume: each opens at the close before.
CANDLES = [
    ("1", "5.0", "5.9", "4.8", "5.5", "7"),
    ("2", "5.5", "6.1", "4.9", "5.2", "8"),
    ("3", "5.2", "5.3", "4.1", "4.4", "9"),
]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("is_newest_first", [False, True])
def test_a_close_in_place_of_the_open(count: int, is_newest_first: bool) -> None:  # noqa: FBT001
    """Where the steps of a few rows speak against their usual order, both columns may have the close, that one last."""
    rows = [[f"2024-01-0{day}", *prices] for day, *prices in CANDLES[:count]]
    exchanged = [[day, close, high, low, opened, volume] for day, opened, high, low, close, volume in rows]
    step = -1 if is_newest_first else 1
    assert find_close(rows[::step]) == [Guess(5, "OHLC")]
    assert find_close(exchanged[::step]) == [Guess(2, "OHLC from its close"), Guess(5, "OHLC")]
