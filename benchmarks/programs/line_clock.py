"""Reads signal lines from stdin, and notes when they arrived: `line_clock.py ROWS`. See `signal_latency.py`.

Ends after so many rows, and writes one pair of int64 for each read: the clock after it, in nanoseconds, and the number
of rows seen by then.
"""

from __future__ import annotations

import os
import sys
import time
from array import array

rows, count = int(sys.argv[1]), -1  # the header is not a row
seen = array("q")
while count < rows:
    data = os.read(0, 1 << 20)
    if not data:
        sys.exit("the signals have ended too early")
    count += data.count(b"\n")
    seen.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
    seen.append(count)
sys.stdout.buffer.write(seen.tobytes())
