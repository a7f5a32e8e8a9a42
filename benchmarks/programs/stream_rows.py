"""stream-signal row by row: `stream_rows.py [--format NAME] PATH SIGNALS`, and stdin for the path `-`.

The command itself counts; this shows each row, by feeding one at a time.
"""

from __future__ import annotations

import sys

from stream_signal import Config, SignalStream

name, arguments = (sys.argv[2], sys.argv[3:]) if sys.argv[1] == "--format" else (None, sys.argv[1:])
stream = SignalStream(Config(format=name))
out = bytearray()
with sys.stdin.buffer if arguments[0] == "-" else open(arguments[0], "rb") as file:
    if name is None:
        stream.feed(next(file))  # the header
    for line in file:
        before = stream.signals
        stream.feed(line)
        out.append(ord("0") + stream.signals - before)
print(stream.rows, stream.signals)
with open(arguments[1], "wb") as signals:
    signals.write(out)
