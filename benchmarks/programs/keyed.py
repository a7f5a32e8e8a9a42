"""One mean for each symbol, as users of a library write it: `keyed.py polars|pandas|duckdb PATH [SIGNALS MEANS]`.

Prints rows and signals; SIGNALS gets one character a row, 0 or 1, in the order of the file, and MEANS a line.
"""

from __future__ import annotations

from typing import Any

from answer import answer


def polars(path: str, *, shows: bool) -> Any:
    """Compute with polars, lazily; only the counts leave it unless the signals are shown."""
    import polars as pl

    mean = pl.col("close").rolling_mean(5).over("symbol").alias("mean")
    signal = (pl.col("close") > mean).fill_null(value=False).alias("signal")
    candles = pl.scan_csv(path)
    if shows:
        return [column.to_numpy() for column in candles.select(signal, mean).collect()]
    return candles.select(pl.len(), signal.sum()).collect().row(0)


def pandas(path: str, *, shows: bool) -> Any:
    """Compute with pandas."""
    import pandas as pd

    market = pd.read_csv(path, usecols=["symbol", "close"])
    means = market.groupby("symbol", sort=False)["close"].rolling(5).mean().droplevel(0)
    means = means.reindex(market.index).to_numpy()
    signals = market["close"].to_numpy() > means
    return (signals, means) if shows else (len(signals), int(signals.sum()))


def duckdb(path: str, *, shows: bool) -> Any:
    """Compute with DuckDB, in the order of the timestamps, which is that of the file."""
    import duckdb as db

    mean = ", avg(close) OVER last AS mean" * shows
    signals = f"""
        SELECT timestamp, close > avg(close) OVER last AND count(*) OVER last = 5 AS signal{mean}
        FROM read_csv('{path}', types = {{'close': 'DOUBLE'}})
        WINDOW last AS (PARTITION BY symbol ORDER BY timestamp ROWS BETWEEN 4 PRECEDING AND CURRENT ROW)
    """
    if shows:
        found = db.execute(f"SELECT signal, mean FROM ({signals}) ORDER BY timestamp").fetchnumpy()
        return found["signal"], found["mean"]
    return db.execute(f"SELECT count(*), count(*) FILTER (signal) FROM ({signals})").fetchone()


answer({"polars": polars, "pandas": pandas, "duckdb": duckdb})
