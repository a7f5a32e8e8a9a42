"""What the log is told of a stream: its header, what was passed over, times out of order, and the end of each input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.repairs import PREAMBLE_LINE

if TYPE_CHECKING:
    from stream_signal.core.stream import SignalStream
    from stream_signal.job.log import Log


class Findings:
    """Tells `log` of what `stream` met: of each kind the first as it comes, and the counts at the end."""

    def __init__(self, stream: SignalStream, log: Log) -> None:
        self._stream = stream
        self._log = log
        self._noticed: set[str] = set()

    def log_header(self, path: str) -> None:
        """Log how the rows of an input are read."""
        header, skipped_lines = self._stream.header, self._stream.repairs.counts.get(PREAMBLE_LINE, 0)
        if header:
            columns, column, delimiter = list(header.names), header.position + 1, header.delimiter
            self._log.info(
                "header read",
                input=path,
                columns=columns,
                column=column,
                delimiter=delimiter,
                skipped_lines=skipped_lines,
            )

    def log_news(self) -> None:
        """Log what was met for the first time: a live stream may not end for weeks."""
        if not self._log.listens:
            return
        repairs, time_order = self._stream.repairs, self._stream.time_order
        found = {kind: places[0] for kind, places in repairs.first.items()}
        if time_order:
            found |= time_order.first
        for kind, first in found.items():
            if kind not in self._noticed:
                self._log.warning("noticed", kind=kind, first=first)
        self._noticed |= found.keys()

    def log_input_end(self, path: str, size: int, rows: int) -> None:
        """Log that an input was read: so many bytes, so many rows."""
        self._log.info("input read", input=path, bytes=size, rows=rows)

    def log_counts(self) -> None:
        """Log how much of each kind there was."""
        repairs, time_order = self._stream.repairs, self._stream.time_order
        if repairs.counts:
            self._log.warning("repairs", **repairs.counts, first=repairs.first)
        if time_order and time_order.counts:
            self._log.warning("times", **time_order.counts, first=time_order.first)
            if time_order.newest_first:
                self._log.warning("newest first", meaning="the rolling mean runs backwards in time: sort the file")
