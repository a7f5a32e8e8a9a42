"""pyarrow reads, NumPy sums: `pyarrow_cumsum.py PATH [SIGNALS]`."""

from __future__ import annotations

import sys

import numpy as np
from pyarrow import csv

only_close = csv.ConvertOptions(include_columns=["close"])
with csv.open_csv(sys.argv[1], convert_options=only_close) as batches:
    close = np.concatenate([batch.column(0).to_numpy() for batch in batches])
sums = np.cumsum(close)
sums[5:] -= sums[:-5].copy()
signals = close > sums / 5
signals[:4] = False
print(signals.size, np.count_nonzero(signals))
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as file:
        file.write((signals + ord("0")).astype("u1").tobytes())
