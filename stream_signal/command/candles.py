"""Synthetic BTC/USD one-minute candles: the same bytes for the same seed on every machine.

They resemble real candles where it matters to a rolling mean: prices on a grid of 0.01, volatility in clusters, quiet
minutes without a trade, which repeat the last close with volume 0, and therefore closes that equal their mean.

The clusters come from a GARCH(1, 1) process (Bollerslev, 1986, https://doi.org/10.1016/0304-4076(86)90063-1): the
variance of a minute is a little of the long-run one, some of the last squared shock and most of the last variance. Only
`+ - * /` and the square root touch a float: IEEE 754 rounds those alike everywhere, but not `log` and `exp`. Of
`random`, only `random()` is used, the one method whose sequence Python promises to keep. Cost: about 4 µs a row.
"""

from __future__ import annotations

from math import sqrt
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = b"timestamp,open,high,low,close,volume\n"
MINUTE_SECONDS = 60
FIRST_MINUTE = 1_704_067_200  # 2024-01-01T00:00:00Z
FIRST_CENTS = 4_228_300  # about the price of BTC/USD on that day
SATOSHIS = 10**8  # volumes are written with eight decimals

# Per minute, as fractions of the price; the long-run deviation is that of one-minute BTC/USD, some 0.06 %.
_LONG_RUN_VARIANCE = 0.0006 * 0.0006
_SHOCK_WEIGHT = 0.10
_MEMORY_WEIGHT = 0.88
_QUIET_CHANCE = 0.12  # a minute without a trade; twice as likely after another one
_BLOCK_ROWS = 1000


def market(rows: int, seed: int, symbols: int) -> Iterator[bytes]:
    """Yield the candles of so many symbols, as `candles` does, with their name in a first column.

    In each minute each symbol trades with a chance of its own, from nearly always to one minute in ten, so that some
    are thin; the rows are in order of time. `rows` is how many there are in all.

    >>> print(b"".join(market(3, seed=42, symbols=2)).decode(), end="")
    symbol,timestamp,open,high,low,close,volume
    SYM001,1704067200,42283.00,42285.52,42227.01,42235.25,6.62497169
    SYM002,1704067200,42283.00,42283.00,42283.00,42283.00,0.00000000
    SYM001,1704067260,42235.25,42243.81,42216.30,42227.75,0.38367211
    """
    yield b"symbol," + HEADER
    names = [f"SYM{number:03}" for number in range(1, symbols + 1)]
    series = [_minutes(rows, Random(seed + at)) for at in range(symbols)]  # noqa: S311 - no secret
    trades = Random(seed)  # noqa: S311 - no secret
    chances = [1 - 0.9 * at / symbols for at in range(symbols)]
    lines: list[str] = []
    minute = 0
    while rows:
        for name, candle, chance in zip(names, series, chances, strict=True):
            if rows and trades.random() < chance:
                lines.append(f"{name},{_line(minute, *next(candle))}")
                rows -= 1
        minute += 1
        if len(lines) >= _BLOCK_ROWS or not rows:
            yield "".join(lines).encode()
            lines.clear()


def candles(rows: int, seed: int) -> Iterator[bytes]:
    """Yield CSV: the header, then `rows` candles, oldest first, in blocks of whole lines.

    Columns: timestamp (Unix seconds), open, high, low, close (USD, two decimals), volume (BTC, eight decimals).

    >>> print(b"".join(candles(2, seed=42)).decode(), end="")
    timestamp,open,high,low,close,volume
    1704067200,42283.00,42285.52,42227.01,42235.25,6.62497169
    1704067260,42235.25,42243.81,42216.30,42227.75,0.38367211
    """
    yield HEADER
    lines: list[str] = []
    for minute, candle in enumerate(_minutes(rows, Random(seed))):  # noqa: S311 - no secret
        lines.append(_line(minute, *candle))
        if len(lines) == _BLOCK_ROWS:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


def _line(minute: int, opened: int, high: int, low: int, close: int, volume: int) -> str:
    timestamp = FIRST_MINUTE + MINUTE_SECONDS * minute
    prices = ",".join(f"{cents // 100}.{cents % 100:02}" for cents in (opened, high, low, close))
    return f"{timestamp},{prices},{volume // SATOSHIS}.{volume % SATOSHIS:08}\n"


def _minutes(rows: int, random: Random) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (open, high, low, close) in cents and the volume in satoshis."""
    close = FIRST_CENTS
    variance = _LONG_RUN_VARIANCE
    quiet = False
    for _ in range(rows):
        quiet = random.random() < _QUIET_CHANCE * (1 + quiet)
        if quiet:
            yield close, close, close, close, 0
            variance = (1 - _MEMORY_WEIGHT) * _LONG_RUN_VARIANCE + _MEMORY_WEIGHT * variance
            continue
        deviation = sqrt(variance)
        shock = deviation * _normal(random)
        opened = close
        close = max(1, opened + round(opened * shock))
        reach = opened * deviation * 0.5  # how far the minute strayed beyond its open and close
        high = max(opened, close) + int(reach * random.random())
        low = max(1, min(opened, close) - int(reach * random.random()))
        # Busy minutes are volatile ones. 1/u has the heavy tail that trade sizes have.
        activity = 0.2 + shock * shock / _LONG_RUN_VARIANCE
        volume = 1 + int(SATOSHIS * activity / (0.02 + random.random()))
        yield opened, high, low, close, volume
        variance = (
            (1 - _SHOCK_WEIGHT - _MEMORY_WEIGHT) * _LONG_RUN_VARIANCE
            + _SHOCK_WEIGHT * shock * shock
            + _MEMORY_WEIGHT * variance
        )


def _normal(random: Random) -> float:
    """Nearly a standard normal number: the sum of twelve uniform ones, less six."""
    total = -6.0
    for _ in range(12):
        total += random.random()
    return total
