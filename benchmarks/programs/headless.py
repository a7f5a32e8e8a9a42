"""Klines without a header, the close in the fifth column: `headless.py polars|pandas PATH [SIGNALS MEANS]`."""

from __future__ import annotations

from typing import Any

from answer import answer


def polars(path: str, *, shows: bool) -> Any:
    """Compute with polars, lazy and streaming; only the counts leave it unless the signals are shown."""
    import polars as pl

    close = pl.nth(4)  # whether the names count from 0 or from 1 depends on the version
    mean = close.rolling_mean(5).alias("mean")
    signal = (close > mean).fill_null(value=False).alias("signal")
    candles = pl.scan_csv(path, has_header=False)
    if shows:
        return [column.to_numpy() for column in candles.select(signal, mean).collect(engine="streaming")]
    return candles.select(pl.len(), signal.sum()).collect(engine="streaming").row(0)


def pandas(path: str, *, shows: bool) -> Any:
    """Compute with pandas."""
    import pandas as pd

    close = pd.read_csv(path, header=None, usecols=[4])[4]
    means = close.rolling(5).mean()
    signals = close > means
    return (signals.to_numpy(), means.to_numpy()) if shows else (len(signals), int(signals.sum()))


answer({"polars": polars, "pandas": pandas})
