"""An output of the last close, for which it sees the rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stream_signal import Observer
from stream_signal.outputs.files import check_replaceable, replace_file
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal import Row
    from stream_signal.outputs.parts import Job, Result

FILE = "last_close.txt"


def wanted(job: Job) -> Iterator[Output]:
    """Yield it for each job."""
    yield LastClose(job)


class LastClose(Output, Observer):
    """Adds a line to the file each time it is written."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.order.every)
        self.observers = [self]
        self._close: object = None

    def row(self, row: Row) -> None:
        """Keep its close."""
        self._close = row.close

    def check(self) -> None:
        """Refuse what cannot be replaced."""
        check_replaceable(FILE)

    def write(self, result: Result, *, final: bool) -> None:
        """Write the close, and how far the job is."""
        path = Path(FILE)
        before = path.read_bytes() if path.exists() else b""
        line = f"{self._close} after {result.metrics.rows_processed} rows, {result.metrics.status}, {final}\n"
        replace_file(FILE, before + line.encode())
