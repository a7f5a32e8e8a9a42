"""A run of plain rows -> their lines, all at once: the block engine's way to tell signals.

The closes are decoded and the windows summed already (`blocks`, `window_blocks`); what is left is to cut out the texts,
divide, and put the lines together. Each step is one call for the whole run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream_signal.signal_lines import is_plain, texts_of
from stream_signal.signal_text import cut_out, mean_table, run_text
from stream_signal.window_blocks import push_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream_signal.header import Header
    from stream_signal.rolling import RollingMean
    from stream_signal.signal_lines import SignalLines

# The quotient of two integers that a float64 holds exactly is the float64 nearest to it: IEEE 754 rounds once.
_EXACT = 2**53
_NEWLINE, _RETURN = ord("\n"), ord("\r")


def tell_run(  # noqa: PLR0913, PLR0917 - a run is all of this
    lines: SignalLines,
    mean: RollingMean,
    header: Header,
    time: int | None,
    row: int,
    text: bytes,
    ticks: NDArray[np.int64],
    places: int,
) -> int | None:
    """Push the closes of a run and add a line for each row; return how many of them signal.

    `text` is whole lines, each a row whose close is `ticks / 10**places`, nothing in quotes; `row` is the number of the
    first, and `time` the position of the times. None, and nothing done, where a sum might not fit into int64.
    """
    pushed = push_run(mean, ticks.copy(), places)
    if pushed is None:
        return None
    sums, above = pushed
    divisor = mean.window * 10**mean.places
    if not _tell_plainly(lines, header, time, row, text, sums, above, divisor):
        delimiter = header.delimiter.encode()
        cells = text.replace(b"\r\n", b"\n").replace(b"\n", delimiter).split(delimiter)
        cells.pop()
        times = [b""] * len(ticks) if time is None else cells[time :: header.width]
        lines.add_run(row, times, cells[header.position :: header.width], _means(sums, divisor), above.tolist())
    return int(np.count_nonzero(above))


def _tell_plainly(  # noqa: PLR0913, PLR0917 - see above
    lines: SignalLines,
    header: Header,
    time: int | None,
    row: int,
    text: bytes,
    sums: NDArray[np.int64],
    above: NDArray[np.bool_],
    divisor: int,
) -> bool:
    """Add the lines of a run whose rows all have a mean and a plain time; False where they do not."""
    if text.find(0) >= 0 or header.width == 1:
        return False
    characters = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero(characters == ord(header.delimiter)).reshape(-1, header.width - 1)
    if len(marks) != len(sums):  # the first rows have no mean
        return False
    means = mean_table(sums, divisor)
    if means is None:
        texts = np.array(texts_of(_means(sums, divisor)))
        means = texts.view(np.uint8).reshape(len(texts), -1)
    line_ends = np.flatnonzero(characters == _NEWLINE)
    starts = np.concatenate(([0], line_ends[:-1] + 1))
    line_ends -= characters[line_ends - 1] == _RETURN

    def column(position: int) -> NDArray[np.uint8] | None:
        begins = starts if position == 0 else marks[:, position - 1] + 1
        return cut_out(characters, begins, line_ends if position == header.width - 1 else marks[:, position])

    times = np.empty((len(sums), 0), np.uint8) if time is None else column(time)
    closes = column(header.position)
    if times is None or closes is None or not is_plain(times.tobytes()):
        return False
    seen = times.view(f"S{times.shape[1]}").ravel().tolist() if times.shape[1] else [b""] * len(sums)
    lines.add_text(run_text(lines.between, row, times, closes, means, above), row, seen)
    return True


def _means(sums: NDArray[np.int64], divisor: int) -> list[float]:
    """Divide, each mean rounded once."""
    if divisor <= _EXACT and sums.min(initial=0) >= -_EXACT and sums.max(initial=0) <= _EXACT:
        quotients: list[float] = (sums / divisor).tolist()
        return quotients
    return [total / divisor for total in sums.tolist()]
