"""pyarrow reads, NumPy sums: `pyarrow_cumsum.py PATH [SIGNALS MEANS]`."""

from __future__ import annotations

import sys

import numpy as np
from pyarrow import csv

only_close = csv.ConvertOptions(include_columns=["close"])
with csv.open_csv(sys.argv[1], convert_options=only_close) as batches:
    close = np.concatenate([batch.column(0).to_numpy() for batch in batches])
sums = np.cumsum(close)
sums[5:] -= sums[:-5].copy()
means = sums / 5
signals = close > means
signals[:4] = False
print(signals.size, np.count_nonzero(signals))
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as file:
        file.write((signals + ord("0")).astype("u1").tobytes())
    with open(sys.argv[3], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in means.tolist())
