"""polars, lazy and streaming, a line for each row: `polars_sink.py PATH LINES`."""

from __future__ import annotations

import sys

import polars as pl

path, lines = sys.argv[1:]
mean = pl.col("close").rolling_mean(5)
pl.scan_csv(path).select(
    pl.int_range(1, pl.len() + 1).alias("row"),
    pl.col("timestamp").alias("time"),
    "close",
    mean.alias("mean"),
    (pl.col("close") > mean).fill_null(value=False).cast(pl.Int8).alias("signal"),
).sink_csv(lines)
