"""Reads rows from stdin as the command does, and notes when they were counted. See `latency.py`.

Writes `ready` on stdout before it reads, and at the end pairs of int64: first the numbers of signals and of rows, then
for each chunk the clock after it was counted, in nanoseconds, and the number of rows counted by then.
"""

from __future__ import annotations

import os
import sys
import time
from array import array

from stream_signal import SignalStream
from stream_signal.inputs.files import read_chunks

stream = SignalStream()
seen = array("q")
os.write(1, b"ready\n")
for chunk in read_chunks("-"):
    stream.feed(chunk)
    seen.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
    seen.append(stream.rows)
counts = stream.finish()
sys.stdout.buffer.write(array("q", [counts.signals, counts.rows]).tobytes())
sys.stdout.buffer.write(seen.tobytes())
