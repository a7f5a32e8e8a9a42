"""polars, lazy and streaming: `polars_rolling.py PATH [SIGNALS MEANS]`, and stdin for the path `-`.

`scan_csv("/dev/stdin")` cannot map a pipe ("No such device"); the binary file works, so that is what is timed.
"""

from __future__ import annotations

import sys

import polars as pl

source = sys.stdin.buffer if sys.argv[1] == "-" else sys.argv[1]
mean = pl.col("close").rolling_mean(5)
signal = pl.col("close") > mean
candles = pl.scan_csv(source)
if len(sys.argv) > 2:
    columns = [signal.fill_null(value=False).alias("signal"), mean.alias("mean")]
    signals, means = candles.select(columns).collect(engine="streaming")
    print(len(signals), signals.sum())
    with open(sys.argv[2], "wb") as file:
        file.write((signals.to_numpy() + ord("0")).astype("u1").tobytes())
    with open(sys.argv[3], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in means.to_numpy().tolist())
else:
    print(*candles.select(pl.len(), signal.sum().alias("signals")).collect(engine="streaming").row(0))
