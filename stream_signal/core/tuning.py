"""Tuning: where one way to count is left for another. It changes how long a stream takes, and never its answer."""

from __future__ import annotations

from typing import Literal, NamedTuple

Engine = Literal["auto", "rows", "blocks"]


class Tuning(NamedTuple):
    """The thresholds of a stream, each with its reason."""

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
