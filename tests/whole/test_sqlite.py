"""A second, foreign oracle: SQLite's window functions over integer closes."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream
from support.candle_csv import candle_csv
from support.strategies import windows


def sqlite_count(closes: list[int], window: int) -> tuple[int, int]:
    """Let SQLite count the rows, and those above the mean of their full window."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE candles (number INTEGER PRIMARY KEY, close INTEGER)")
    connection.executemany("INSERT INTO candles (close) VALUES (?)", [(close,) for close in closes])
    rows, signals = connection.execute(
        f"""
        SELECT count(*), coalesce(sum(held = {window} AND close * {window} > total), 0) FROM (
            SELECT close, SUM(close) OVER w AS total, COUNT(*) OVER w AS held FROM candles
            WINDOW w AS (ORDER BY number ROWS BETWEEN {window} - 1 PRECEDING AND CURRENT ROW)
        )
        """
    ).fetchone()
    connection.close()
    return rows, signals


@given(st.lists(st.one_of(st.integers(-3, 3), st.integers(-(10**12), 10**12)), min_size=1, max_size=200), windows)
def test_sqlite_agrees(closes: list[int], window: int) -> None:
    """On integer closes, SQLite counts the same rows and signals."""
    stream = SignalStream(Config(window=window))
    stream.feed(candle_csv(map(str, closes)))
    assert stream.finish()[:2] == sqlite_count(closes, window)
