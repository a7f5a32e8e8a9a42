"""pandas: `pandas_rolling.py PATH [SIGNALS]` prints rows and signals; SIGNALS gets one 0 or 1 a row."""

from __future__ import annotations

import sys

import pandas as pd

close = pd.read_csv(sys.argv[1], usecols=["close"])["close"]
signals = close > close.rolling(5).mean()
print(len(signals), int(signals.sum()))
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as file:
        file.write((signals.to_numpy() + ord("0")).astype("u1").tobytes())
