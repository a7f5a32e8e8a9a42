"""One mean for each symbol, as users of a library write it: `keyed.py polars|pandas|duckdb PATH [SIGNALS]`.

Prints rows and signals; SIGNALS gets one character a row, 0 or 1, in the order of the file.
"""

from __future__ import annotations

import sys
from typing import Any


def polars(path: str, *, shows: bool) -> Any:
    """Compute with polars, lazily; only the counts leave it unless the signals are shown."""
    import polars as pl  # noqa: PLC0415

    signal = (pl.col("close") > pl.col("close").rolling_mean(5).over("symbol")).fill_null(value=False).alias("signal")
    candles = pl.scan_csv(path)
    if shows:
        return candles.select(signal).collect()["signal"].to_numpy()
    return candles.select(pl.len(), signal.sum()).collect().row(0)


def pandas(path: str, *, shows: bool) -> Any:
    """Compute with pandas."""
    import pandas as pd  # noqa: PLC0415

    market = pd.read_csv(path, usecols=["symbol", "close"])
    means = market.groupby("symbol", sort=False)["close"].rolling(5).mean().droplevel(0)
    signals = (market["close"] > means.reindex(market.index)).to_numpy()
    return signals if shows else (len(signals), int(signals.sum()))


def duckdb(path: str, *, shows: bool) -> Any:
    """Compute with DuckDB, in the order of the timestamps, which is that of the file."""
    import duckdb as db  # noqa: PLC0415

    signals = f"""
        SELECT timestamp, close > avg(close) OVER last AND count(*) OVER last = 5 AS signal
        FROM read_csv('{path}', types = {{'close': 'DOUBLE'}})
        WINDOW last AS (PARTITION BY symbol ORDER BY timestamp ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)
    """
    if shows:
        return db.execute(f"SELECT signal FROM ({signals}) ORDER BY timestamp").fetchnumpy()["signal"]
    return db.execute(f"SELECT count(*), count(*) FILTER (signal) FROM ({signals})").fetchone()


PROGRAMS = {"polars": polars, "pandas": pandas, "duckdb": duckdb}

program, path, *rest = sys.argv[1:]
found = PROGRAMS[program](path, shows=bool(rest))
if rest:
    print(len(found), found.sum())
    with open(rest[0], "wb") as file:
        file.write((found + ord("0")).astype("u1").tobytes())
else:
    print(*found)
