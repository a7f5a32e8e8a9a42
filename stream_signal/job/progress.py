"""Progress: how far a job is, in one line on the terminal that is stderr.

     42%|########----------| 8.41G/20.0GB [00:03, 24.9M rows/s, 00:05 left]
    8.41GB [00:03, 24.9M rows/s]                        where nobody knows how many bytes there are
    1,440 rows, rate 49.31 %, last 2024-01-01 23:59; waiting for new rows in data.csv       with --follow

tqdm puts the numbers into words; it is imported for the first line, so a job of less than a second does without it. The
line is drawn here, not by a tqdm object, which would start a thread and make locks for other processes.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.layout.layout import find_time
from stream_signal.core.printable import printable
from stream_signal.core.text.lines import Tail
from stream_signal.inputs.opening import bytes_in
from stream_signal.outputs.parts import Sink
from stream_signal.outputs.stderr import columns, draw, erase
from stream_signal.outputs.summary import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.parts import Job

# A job that takes less time needs no sign of life.
WAIT_SECONDS = 1.0
_INTERVAL_SECONDS = 0.1
# While nothing comes, the line stays as it is, unless the file has gone.
_IDLE_SECONDS = 1.0
# The rates are those of the last 5 s: what a pipe did a minute ago says little about now.
_REMEMBERED = 50

_WITH_TOTAL = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{unit} [{elapsed}{postfix}, {remaining} left]"
_WITHOUT_TOTAL = "{n_fmt}{unit} [{elapsed}{postfix}]"


def wanted(job: Job) -> Iterator[Sink]:
    """Yield what draws it, and takes it away."""
    job.resources.callback(erase)
    yield Progress(job)


class Progress(Sink):
    """Draws the progress of a job once it has taken WAIT_SECONDS, or at once if it was asked for."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._sizes: tuple[int, int] | None = None
        self._bytes = 0
        self._began = time.monotonic()
        self._recent = deque([(self._began, 0, 0)], _REMEMBERED)
        self._drawn_bytes = -1
        self._tail = Tail() if job.order.follow else None
        self.due = self._began + (0 if job.order.progress else WAIT_SECONDS)

    def start(self) -> None:
        """Leave out the rows of earlier jobs."""
        self._recent[0] = self._began, 0, self._job.stream.rows

    def take(self, size: int, tail: bytes) -> None:
        """Count the bytes, and keep the last ones of a followed file."""
        self._bytes += size
        if self._tail is not None:
            self._tail.feed(tail)

    def turn(self) -> None:
        """Draw the line, if it is due and this job has the terminal."""
        now = time.monotonic()
        if now >= self.due:
            is_idle = self._tail is not None and self._drawn_bytes == self._bytes
            self.due = now + (_IDLE_SECONDS if is_idle else _INTERVAL_SECONDS)
            self._drawn_bytes = self._bytes
            if system.is_in_foreground(sys.stderr.fileno()):
                with self._job.stop.deferred():  # it imports tqdm, and an interrupted import cannot be completed
                    draw(self._line(now) if self._tail is None else self._followed(self._tail)[: columns()])

    def finish(self) -> None:
        """Leave the terminal as it was."""
        erase()

    def _followed(self, tail: Tail) -> str:
        """Say what has come of a followed file, and what it waits for."""
        stream, path = self._job.stream, printable(self._job.order.inputs[0])
        where = f"new rows in {path}" if os.path.exists(self._job.order.inputs[0]) else f"{path}, which is not there"
        rows = f"{stream.rows:,} row{'s' * (stream.rows != 1)}"
        rate = "" if stream.value is None else f", rate {percent(stream.value)}"
        return f"{rows}{rate}{self._last_time(tail)}; waiting for {where}"

    def _last_time(self, tail: Tail) -> str:
        layout = self._job.stream.header
        position = find_time(layout, self._job.config.time_column) if layout else None
        if layout is None or position is None:
            return ""
        texts = tail.rows(layout, torn=True).texts(position)[-1:]
        return "".join(f", last {printable(text.strip(b' ').decode(errors='replace'))}" for text in texts)

    def _line(self, now: float) -> str:
        from tqdm import tqdm

        if self._sizes is None:
            self._sizes = self._sizes_of_inputs()
        done, total = self._sizes
        done += self._bytes
        if done > total:  # it is unknown, or the file has grown
            total = 0
        then, bytes_then, rows_then = self._recent[0]
        self._recent.append((now, self._bytes, self._job.stream.rows))
        width = columns()
        seconds = max(now - then, 1e-9)
        line: str = tqdm.format_meter(
            done,
            total or None,
            now - self._began,
            ncols=width,
            ascii=not (sys.stderr.encoding or "").lower().startswith("utf"),
            unit="B",
            unit_scale=True,
            rate=(self._bytes - bytes_then) / seconds,
            bar_format=_WITH_TOTAL if total else _WITHOUT_TOTAL,
            postfix=f"{tqdm.format_sizeof((self._job.stream.rows - rows_then) / seconds)} rows/s",
        )
        return line[:width]

    def _sizes_of_inputs(self) -> tuple[int, int]:
        """Return how many bytes earlier jobs have read of the inputs, and how many these have in all, 0 if unknown."""
        order = self._job.order
        sizes = None if order.follow else bytes_in(order.inputs)
        if not sizes:
            return 0, 0
        first, offset = self._job.position
        return sum(sizes[:first]) + offset, sum(sizes)
