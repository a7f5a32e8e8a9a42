"""A run of plain rows -> their lines, all at once: the block engine's way to tell signals.

The closes are decoded already (`blocks`); what is left is to sum the windows, cut out the texts, divide, and put the
lines together. Each step is one call for the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stream_signal.core.blocks.rolling import push_run
from stream_signal.core.blocks.text import mean_table, run_text, table_of
from stream_signal.core.observers.signal_lines import is_plain, texts_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_signal.core.blocks.columns import Cells, Columns
    from stream_signal.core.blocks.text import Table
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.rolling import RollingMean

# The quotient of two integers that a float64 holds exactly is the float64 nearest to it: IEEE 754 rounds once.
_EXACT = 2**53


class Run(NamedTuple):
    """Plain rows that follow each other: each of `closes` is `ticks / 10**places`."""

    row: int
    """the number of the first, from 1"""
    columns: Columns
    time: int | None
    """the position of the times in `columns`"""
    closes: Cells
    ticks: NDArray[np.int64]
    places: int


def tell_run(lines: SignalLines, mean: RollingMean, run: Run) -> int | None:
    """Push the closes of a run, whose ticks are used up, and add a line for each row; return how many signal.

    None, and nothing done, where a sum might not fit into int64.
    """
    count = len(run.ticks)
    pushed = push_run(mean, run.ticks, run.places)
    if pushed is None:
        return None
    sums, above = pushed
    divisor = mean.window * 10**mean.places
    times = np.zeros(count, "S1") if run.time is None else run.columns.cut(run.time)
    if times is not None and is_plain(times.tobytes()):
        without = count - len(sums)  # the first rows have no mean
        means = _filled(_mean_table(sums, divisor), without, lines.no_mean)
        all_above = np.concatenate((np.zeros(without, np.bool_), above)) if without else above
        lines.add_text(run_text(lines.between, run.row, table_of(times), table_of(run.closes), means, all_above))
    else:
        texts = [b""] * count if run.time is None else run.columns.texts(run.time)
        lines.add_run(run.row, texts, run.closes.tolist(), _means(sums, divisor), above.tolist())
    return int(np.count_nonzero(above))


def _mean_table(sums: NDArray[np.int64], divisor: int) -> Table:
    if not len(sums):
        return np.empty((0, 0), np.uint8)
    table = mean_table(sums, divisor)
    return table_of(np.array(texts_of(_means(sums, divisor)))) if table is None else table


def _filled(means: Table, without: int, no_mean: bytes) -> Table:
    """Put so many rows that have no mean before those that have one."""
    if not without:
        return means
    filled = np.zeros((without + len(means), max(means.shape[1], len(no_mean))), np.uint8)
    filled[:without, : len(no_mean)] = np.frombuffer(no_mean, np.uint8)
    filled[without:, : means.shape[1]] = means
    return filled


def _means(sums: NDArray[np.int64], divisor: int) -> list[float]:
    """Divide, each mean rounded once."""
    if divisor <= _EXACT and sums.min(initial=0) >= -_EXACT and sums.max(initial=0) <= _EXACT:
        quotients: list[float] = (sums / divisor).tolist()
        return quotients
    return [total / divisor for total in sums.tolist()]
