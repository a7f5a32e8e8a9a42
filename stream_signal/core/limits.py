"""Limits: the sizes that keep memory bounded, each with its reason."""

from __future__ import annotations

# A row of candles has about 60 bytes and a wide one a few thousand. Python's own csv has the same limit for a field; it
# keeps a file without line ends, or with an unclosed quote, from being held in memory.
MAX_LINE_BYTES = 128 * 1024
# The longest symbols in use have some 40 bytes, those of options; a field of more than this is a text. All keys are
# kept, and a line may be a hundred times as long.
MOST_KEY_BYTES = 1024
# A million keys of 32 bytes. A result has each of them in several forms, so that more would take gigabytes.
MOST_KEYS_BYTES = 32 * 1024 * 1024
# To join the segments of a key takes 40 µs, one process after another: with more keys, as long as to count the rows.
MOST_JOINED_KEYS = 1_000
# A key takes some 400 bytes.
MAX_KEYS = 10**7
# More minutes than a thousand years have; such a ring takes 8 GB.
MAX_WINDOW = 10**9
MAX_WINDOWS = 100
# A config has about ten lines; the limit bounds the cost of a wrong path (a log, the candles themselves).
MAX_CONFIG_BYTES = 64 * 1024
# Far more than any market quotes (a float64 has at most 1 + 767), and few enough that `1e999999999` costs nothing.
MAX_DIGITS = 400
# More rows or bytes than any stream has; file offsets and NumPy's integers have room for more.
MAX_COUNT = 2**53
# So many rows show how the timestamps of an input are ordered, in a thousandth of a second.
FIRST_ROWS = 10_000
# In later rows, only the row at every so many bytes is looked at, one of about 70 candles: that takes 1 % of the time.
MARK_BYTES = 4096
# The first of them, from 1. Inputs are read in chunks of whole kilobytes, and a line that one of them cuts costs more.
FIRST_MARK = 2048
# The timestamps of later keys are not compared: those of a key take a kilobyte or more.
MOST_TIMED_KEYS = 10_000
