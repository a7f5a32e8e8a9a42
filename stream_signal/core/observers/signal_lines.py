"""SignalLines: the observer that writes one line for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from stream_signal.core.layout.layout import find_time
from stream_signal.core.line_format import CSV, FORMATS, mean_text, with_key, with_windows
from stream_signal.core.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.rows import ArrayRows
    from stream_signal.core.formats import TimeColumn
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Means, Rows, Seen


class SignalLines(Observer):
    r"""Collects signal lines until they are taken; nothing here does I/O.

    `form` is "csv" or "jsonl". `time_column` is the name of the timestamp column, or its number from 1, or two of
    those, whose texts are joined by a space; None: the first with a known name. `keyed` is for a stream with keys: the
    key follows the number of the row, and is empty if it could not be read. `windows` are the further windows of the
    stream: the mean and the signal of each are at the end.

    >>> from stream_signal import Config, SignalStream
    >>> lines = SignalLines("csv")
    >>> SignalStream(Config(window=1), observers=[lines]).feed(b"time,close\n60,42.5\n")
    >>> lines.take()
    b'1,60,42.5,42.5,0\n'
    """

    def __init__(
        self,
        form: str = CSV,
        time_column: TimeColumn | None = None,
        *,
        keyed: bool = False,
        windows: Sequence[int] = (),
    ) -> None:
        if form not in FORMATS:
            raise ValueError(f"expected the format 'csv' or 'jsonl', found {form!r}")
        self.format = with_windows(with_key(FORMATS[form]) if keyed else FORMATS[form], windows)
        self.keyed = keyed
        self.time_column = time_column
        self._time: Position | None = None
        self._close = 0
        self._lines: list[bytes] = []

    def begin(self, header: Layout) -> None:
        """Find the columns."""
        self._close = header.position
        self._time = find_time(header, self.time_column)

    def see(self, rows: Rows, seen: Seen) -> None:
        """Write the lines of rows, those of arrays all at once."""
        if rows.is_array:
            from stream_signal.core.blocks.lines import lines_of

            lines = lines_of(cast("ArrayRows", rows), seen, self.format, self._time, self._close)
            if lines is not None:
                self._lines.append(lines)
                return
        times = [b""] * rows.count if self._time is None else rows.texts(self._time)
        closes, keys = rows.texts(self._close), seen.keys(rows) if self.keyed else None
        for at, close in enumerate(rows.closes):
            texts = [times[at], closes[at] if close else b""]
            if keys:
                texts.insert(0, keys[at] or b"")
            windows = [(_mean_of(means, at), bool(means.above[at])) for means in seen.windows]
            self._lines.append(self.format.line(seen.first + at, texts, windows))

    def take(self) -> bytes:
        """Return the lines since the last call, all of them whole."""
        taken = b"".join(self._lines)
        self._lines.clear()
        return taken


def _mean_of(means: Means, at: int) -> str:
    if means.full is not None and not means.full[at]:
        return ""
    places = means.places if isinstance(means.places, int) else means.places[at]
    return mean_text(int(means.sums[at]), means.window * 10**places)
