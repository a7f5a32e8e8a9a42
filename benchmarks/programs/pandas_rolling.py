"""pandas: `pandas_rolling.py PATH [SIGNALS MEANS]`. SIGNALS gets one 0 or 1 a row, and MEANS a line."""

from __future__ import annotations

import sys

import pandas as pd

close = pd.read_csv(sys.argv[1], usecols=["close"])["close"]
means = close.rolling(5).mean()
signals = close > means
print(len(signals), int(signals.sum()))
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as file:
        file.write((signals.to_numpy() + ord("0")).astype("u1").tobytes())
    with open(sys.argv[3], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in means.tolist())
