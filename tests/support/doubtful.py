"""Inputs whose answer is doubtful, each in one way."""

from __future__ import annotations

from typing import NamedTuple

from support.candle_csv import CLOSES, HEADER, candle_csv, row

PLAIN = candle_csv(CLOSES)
LINES = PLAIN.splitlines(keepends=True)
NEWEST_FIRST = b"".join([LINES[0], *reversed(LINES[1:])])
TWICE = PLAIN + LINES[-1]
BAD = PLAIN.replace(b",4.0,", b",4:0,").replace(b",5.0,", b",5:0,")


class Doubtful(NamedTuple):
    """An input with one doubt."""

    name: str
    kind: str
    data: bytes


def candles_at(*minutes: int) -> bytes:
    """Make a file with a row at each of these minutes."""
    return (HEADER + "".join(row(minute, "4.5") + "\n" for minute in minutes)).encode()


def dated(*times: str) -> bytes:
    """Make a file with a row for each of these timestamps."""
    return ("date;close\n" + "".join(f"{time};4.5\n" for time in times)).encode()


DOUBTFUL = [
    Doubtful("newest first", "backwards", NEWEST_FIRST),
    Doubtful("two rows again", "backwards", candles_at(*range(60), 50, 51)),
    Doubtful("the last row again", "repeated", TWICE),
    Doubtful("400 minutes of 1,000 gone", "gap", candles_at(*range(300), *range(700, 1000))),
    Doubtful(
        "a date in words",
        "not_compared",
        dated("1 Jan 2024", "2 Jan 2024", "yesterday", "3 Jan 2024", "4 Jan 2024"),
    ),
    Doubtful(
        "day or month first",
        "day_or_month",
        dated("10/01/2024", "11/01/2024", "12/01/2024", "01/02/2024", "02/02/2024"),
    ),
    Doubtful("points between thousands", "thousands", candle_csv(["995", "998", "1.000", "1.005", "1.010", "1.020"])),
    Doubtful("few rows", "never_full", candles_at(1, 2, 3)),
    Doubtful("no five closes in a row", "never_full", candle_csv([*"123", ""] * 5)),
    Doubtful("a third without a close", "missing_closes", candle_csv([*"12345678", *[""] * 4])),
]
