"""The obvious program: a deque and a running float sum: `csv_deque.py PATH [SIGNALS MEANS]`."""

from __future__ import annotations

import csv
import sys
from collections import deque

held: deque[float] = deque()
total = 0.0
rows = count = 0
out = bytearray()
means: list[float] = []
keep = len(sys.argv) > 2
with open(sys.argv[1], newline="", encoding="utf-8") as file:
    reader = csv.reader(file)
    position = next(reader).index("close")
    for row in reader:
        close = float(row[position])
        held.append(close)
        total += close
        if len(held) > 5:
            total -= held.popleft()
        signal = len(held) == 5 and close > total / 5
        rows += 1
        count += signal
        if keep:
            out.append(ord("0") + signal)
            means.append(total / 5)
print(rows, count)
if keep:
    with open(sys.argv[2], "wb") as signals:
        signals.write(out)
    with open(sys.argv[3], "w", encoding="ascii") as lines:
        lines.writelines(f"{mean!r}\n" for mean in means)
