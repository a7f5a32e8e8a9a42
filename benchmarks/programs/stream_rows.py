"""stream-signal row by row: `stream_rows.py PATH SIGNALS`, and stdin for the path `-`.

The command itself counts; this shows each row, by feeding one at a time.
"""

from __future__ import annotations

import sys

from stream_signal import SignalStream

stream = SignalStream()
out = bytearray()
with sys.stdin.buffer if sys.argv[1] == "-" else open(sys.argv[1], "rb") as file:
    stream.feed(next(file))
    for line in file:
        before = stream.signals
        stream.feed(line)
        out.append(ord("0") + stream.signals - before)
print(stream.rows, stream.signals)
with open(sys.argv[2], "wb") as signals:
    signals.write(out)
