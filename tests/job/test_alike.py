"""Alike: which names of inputs differ only in a symbol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.names import key_in
from stream_signal.job.alike import look_alike

ALIKE = [
    (["BTCUSDT-1m-2024-01.csv", "ETHUSDT-1m-2024-01.csv"], "{key}-1m-2024-01.csv"),
    (["a/AAPL.csv", "b/MSFT.csv"], "{key}.csv"),
    (["m.zip/btcusd_2012.csv", "m.zip/ethusd_2012.csv"], "{key}_2012.csv"),
    (["BTC_1.csv.gz", "BTC_2.csv.gz", "ETH_2.csv.gz"], "{key}_*.csv.gz"),
]
NOT_ALIKE = [
    ["jan.csv", "feb.csv"],
    ["JAN.csv", "FEB.csv"],
    ["BTCUSDT-1m-2024-01.csv", "BTCUSDT-1m-2024-02.csv"],
    ["BTC-2024-01.csv", "ETH-2024-02.csv"],
    ["part1.csv", "part2.csv"],
    ["ES1.csv", "ES2.csv"],
    ["x/BTC.csv", "y/BTC.csv"],
    ["-", "-"],
    ["candles-Q1.csv", "candles-Q2.csv"],
]


@pytest.mark.parametrize(("names", "pattern"), ALIKE)
def test_alike(names: list[str], pattern: str) -> None:
    """Names that differ only in a symbol are found, and the pattern that is proposed finds the symbol in each."""
    found = look_alike(names)
    assert found
    assert found[2] == pattern
    assert len({key_in(name, pattern) for name in names}) == 2


@pytest.mark.parametrize("names", NOT_ALIKE)
def test_not_alike(names: list[str]) -> None:
    """Months, parts, numbers, and names that differ in more than one place are no symbols."""
    assert look_alike(names) is None


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_names(names: list[str]) -> None:
    """Any names are compared."""
    found = look_alike(names)
    assert found is None or len(found) == 3
