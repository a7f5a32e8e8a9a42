"""Limits: the sizes that keep memory bounded, and the thresholds of speed (`Tuning`), each with its reason.

`natural` and `bounded` check the numbers of a checkpoint against them.
"""

from __future__ import annotations

from typing import Literal

from stream_signal.named_tuple import NamedTuple

# A row of candles has about 60 bytes and a wide one a few thousand. Python's own csv has the same limit for a field; it
# keeps a file without line ends, or with an unclosed quote, from being held in memory.
MAX_LINE_BYTES = 128 * 1024
# The longest symbols in use have some 40 bytes, those of options; a field of more than this is a text. All keys are
# kept, and a line may be a hundred times as long.
MOST_KEY_BYTES = 1024
# A million keys of 32 bytes. A result has each of them in several forms, so that more would take gigabytes.
MOST_KEYS_BYTES = 32 * 1024 * 1024
# Each worker learns all keys, and each range has all of them: with 100,000, two processes take longer than one.
MOST_JOINED_KEYS = 50_000
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
# In later rows, only the row at every so many bytes is looked at, one of about 70 candles: that takes 6 % of the time.
MARK_BYTES = 4096
# The first of them, from 1. Inputs are read in chunks of whole kilobytes, and a line that one of them cuts costs more.
FIRST_MARK = 2048
# Enough rows to tell one layout from another, and few enough to wait for, and to keep.
MOST_LAYOUT_LINES = 1000
MOST_LAYOUT_BYTES = 256 * 1024
# The timestamps of later keys are not compared: those of a key take a kilobyte or more.
MOST_TIMED_KEYS = 10_000
# Those that have a period: it takes 2 to 4 KB for most keys, and up to 45 KB.
MOST_PERIODS = 1_000
Engine = Literal["auto", "rows", "blocks"]


class Tuning(NamedTuple):
    """Where one way to count is left for another: it changes how long a stream takes, and never its answer."""

    engine: Engine = "auto"
    """"rows" or "blocks" to use only that reader, as far as it can read the data; blocks may then be of any size"""
    blocks_from_bytes: int = 4 * 1024 * 1024
    """NumPy takes about 80 ms to import. The text reader reads 60,000 rows in that time, a quarter as many with
    observers: a smaller job ends sooner without NumPy."""
    backlog_bytes: int = 32 * 1024
    """Chunks shorter than this are live rows. Longer ones, one after another, are a file or a backlog."""
    block_bytes: int = 1024 * 1024
    """A block fits in the cache together with its arrays."""
    least_block_bytes: int = 8 * 1024
    """Even the shortest block costs about 100 microseconds, as much as 80 rows in the text reader."""
    most_ring_window: int = 10_000
    """To empty the window of a key takes the rings as long as the window is, however few closes it holds."""
    piece_values: int = 1 << 16
    """A piece of an array and what is computed from it, 2 MB, stay in the processor's cache; shorter ones pay more for
    the calls."""
    longest_in_floats: int = 1 << 13
    """A longer window would be copied into the sums of floats more often than it is worth."""


def natural(value: object, most: int = MAX_COUNT) -> int:
    """Return a count or an offset of a checkpoint, which may be damaged or made up; ValueError if it cannot be one."""
    return bounded(value, 0, most)


def bounded(value: object, least: int, most: int) -> int:
    """Return an integer within bounds, likewise.

    >>> bounded(-7, -10, 10)
    -7
    """
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"expected an integer from {least} to {most}")
    return value
