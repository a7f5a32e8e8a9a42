"""The names of inputs: the key in each, and which of them differ only in a symbol."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError, InputError
from stream_signal.core.names import key_in, look_alike

BINANCE = Config(format="binance").key_pattern or ""
FOUND = [
    ("BTCUSDT-1m-2024-01.csv", "{key}-1m-*.csv", "BTCUSDT"),
    ("/data/old-1m-x/BTC-USD-1m-2024.csv", "{key}-1m-*.csv", "BTC-USD"),
    ("a/BTC-1m-2024-01.zip/BTC-1m.csv", "{key}-1m-*.zip", "BTC"),
    ("a/BTC-1m-1.zip/sub/ETH-1m-2.csv", "{key}-1m-[0-9].*", "ETH"),
    ("s3://bucket/BTC.csv?versionId=7", "{key}.csv", "BTC"),
    ("prices_Ω.csv", "prices_{key}.csv", "Ω"),
    ("x[1]-BTC.csv", "x[[]1[]]-{key}.csv", "BTC"),
    ("1_BTC.csv", "[!a-z]?{key}.csv", "BTC"),
    ("BTCUSDT-1m-2024-01.zip", BINANCE, "BTCUSDT"),
    ("BTCUSDT-1h-2024-01-05.csv", BINANCE, "BTCUSDT"),
    ("BTCUSD_PERP-1mo-2024-01.zip", BINANCE, "BTCUSD_PERP"),
    ("XBTUSD_60.csv", Config(format="kraken").key_pattern, "XBTUSD"),
    ("DAT_ASCII_EURUSD_M1_2023.csv", Config(format="histdata").key_pattern, "EURUSD"),
    ("EURUSD_M1_202401020000_202401312359.csv", Config(format="metatrader5").key_pattern, "EURUSD"),
]


@pytest.mark.parametrize(("name", "pattern", "key"), FOUND)
def test_found(name: str, pattern: str, key: str) -> None:
    """The pattern finds the key in the name of the file, of the member, or of the archive."""
    assert key_in(name, pattern) == key


def test_not_found() -> None:
    """A name that does not match, one with two keys, and stdin are refused in words."""
    where = "cannot tell the key of {} by its name (`@file`): expected "
    for name, pattern, message in (
        ("btc.csv", "{key}-1m-*", where.format("'btc.csv'") + "a name like '{key}-1m-*', found another one"),
        ("-", "{key}.csv", where.format("stdin") + "a name like '{key}.csv', found stdin"),
        (
            "BTC-USD-2024.csv",
            "{key}-*.csv",
            where.format("'BTC-USD-2024.csv'") + "one key as '{key}-*.csv' has it, "
            "found 'BTC' and 'BTC-USD' in 'BTC-USD-2024.csv'",
        ),
        ("a-b-c.csv", "*-{key}.csv", where.format("'a-b-c.csv'") + "one key as '*-{key}.csv' has it, "
            "found 'c' and 'b-c' in 'a-b-c.csv'"),
    ):  # fmt: skip
        with pytest.raises(InputError) as failure:
            key_in(name, pattern)
        assert str(failure.value) == message
        assert failure.value.hint


def test_wrong_patterns() -> None:
    """A pattern has the key once, and is one."""
    for pattern in ("*.csv", "{key}-{key}.csv", ""):
        with pytest.raises(ConfigError, match=r"a pattern of file names with .key. in it once"):
            Config(key_pattern=pattern)
    with pytest.raises(ConfigError, match="key_pattern: expected a pattern of file names, found"):
        key_in("BTC.csv", "{key}[z-a]")


@given(st.lists(st.text(max_size=20), max_size=6), st.text(max_size=12), st.text(max_size=12))
def test_any_names(names: list[str], before: str, after: str) -> None:
    """Any names and patterns are read, or refused in words."""
    for name in names:
        with suppress(InputError, ConfigError):
            assert key_in(name, f"{before.replace('{', '')}{{key}}{after.replace('{', '')}")


ALIKE = [
    (["BTCUSDT-1m-2024-01.csv", "ETHUSDT-1m-2024-01.csv"], "{key}-1m-2024-01.csv"),
    (["a/AAPL.csv", "b/MSFT.csv"], "{key}.csv"),
    (["m.zip/btcusd_2012.csv", "n.zip/ethusd_2012.csv"], "{key}_2012.csv"),
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
    ["m.zip/btcusd_2012.csv", "m.zip/ethusd_2012.csv"],
    ["-/BTCUSDT.csv", "-/ETHUSDT.csv"],
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
def test_any_names_are_compared(names: list[str]) -> None:
    """Any names are compared."""
    found = look_alike(names)
    assert found is None or len(found) == 3
