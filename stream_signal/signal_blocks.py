"""A run of plain rows -> their lines, all at once: the block engine's way to tell signals.

The closes are decoded and the windows summed already (`blocks`, `window_blocks`); what is left is to cut out the texts,
divide, and put the lines together. Each step is one call for the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.times import find_time
from stream_signal.window_blocks import push_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_signal.header import Header
    from stream_signal.rolling import RollingMean
    from stream_signal.signal_lines import SignalLines

# The quotient of two integers that a float64 holds exactly is the float64 nearest to it: IEEE 754 rounds once.
_EXACT = 2**53


def tell_run(  # noqa: PLR0913, PLR0917 - a run is all of this
    lines: SignalLines, mean: RollingMean, header: Header, row: int, text: bytes, ticks: NDArray[np.int64], places: int
) -> int | None:
    """Push the closes of a run and add a line for each row; return how many of them signal.

    `text` is whole lines, each a row whose close is `ticks / 10**places`, nothing in quotes; `row` is the number of the
    first. None, and nothing done, where a sum might not fit into int64.
    """
    pushed = push_run(mean, ticks.copy(), places)
    if pushed is None:
        return None
    sums, above = pushed
    delimiter, time = header.delimiter.encode(), find_time(header, lines.time_column)
    cells = text.replace(b"\r\n", b"\n").replace(b"\n", delimiter).split(delimiter)
    cells.pop()
    times = [b""] * len(ticks) if time is None else cells[time :: header.width]
    closes, means = cells[header.position :: header.width], _means(sums, mean.window * 10**mean.places)
    lines.add_run(row, times, closes, means, above.tolist())
    return int(np.count_nonzero(above))


def _means(sums: NDArray[np.int64], divisor: int) -> list[float]:
    """Divide, each mean rounded once."""
    if divisor <= _EXACT and sums.min(initial=0) >= -_EXACT and sums.max(initial=0) <= _EXACT:
        quotients: list[float] = (sums / divisor).tolist()
        return quotients
    return [total / divisor for total in sums.tolist()]
