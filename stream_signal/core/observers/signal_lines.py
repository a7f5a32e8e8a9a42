"""One line a row: its number, time, close, mean and signal, as CSV or as JSON Lines.

    row,time,close,mean,signal          {"row": 1, "time": "1700000000", "close": "42004.66", "mean": null, "signal": 0}
    1,1700000000,42004.66,,0

`time` and `close` are the texts as they came, without the spaces around them; `mean` is the exact mean as the nearest
float64, in the fewest digits that give it back. A close that is missing, `NaN` or bad is empty, and so is a missing
time; a missing mean is empty, and null in JSON. Nothing here does I/O: `take` gives the bytes. A run of rows
is formatted by a handful of calls that loop in C, not by one call a row.
"""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.rolling import RollingMean

CSV, JSONL = "csv", "jsonl"
# A mean beyond the floats, of closes of hundreds of digits: so written, it is infinite to every reader, of JSON too.
BEYOND = "1e999"
_SIGNAL_TEXTS = (b"0", b"1")
_JSON = '{"row": %s, "time": %s, "close": %s, "mean": %s, "signal": %s}\n'
_JSON_PLAIN = _JSON.replace('"time": %s, "close": %s', '"time": "%s", "close": "%s"').encode()
# Not to be quoted, and the same in UTF-8 as in Latin-1.
_PLAIN = bytes(code for code in range(32, 127) if chr(code) not in '",\\')
_PLAIN_OR_FILLED = _PLAIN.replace(b" ", b"\x00")


class SignalLines:
    r"""Collects the lines of signals until they are taken; `form` is "csv" or "jsonl".

    `time_column` names the column of the times, or numbers it from 1; None: it is found by its name.

    >>> lines = SignalLines("csv")
    >>> lines.add(1, b"1700000000", b"42004.66", None, signal=False)
    >>> lines.take()
    b'1,1700000000,42004.66,,0\n'
    """

    def __init__(self, form: str, time_column: str | int | None = None) -> None:
        self.form = form
        self.time_column = time_column
        self._lines: list[bytes] = []

    @property
    def head(self) -> bytes:
        """What stands above the first line."""
        return b"row,time,close,mean,signal\n" if self.form == CSV else b""

    @property
    def between(self) -> tuple[bytes, ...]:
        """What stands before, between and after the fields of a plain row."""
        if self.form == CSV:
            return (b"", b",", b",", b",", b",", b"\n")
        return tuple(_JSON_PLAIN.split(b"%s"))

    @property
    def no_mean(self) -> bytes:
        """What stands for a mean that is missing."""
        return b"" if self.form == CSV else b"null"

    def add_text(self, text: bytes) -> None:
        """Add whole lines, put together elsewhere."""
        self._lines.append(text)

    def take(self) -> bytes:
        """Return the lines since the last call, all of them whole."""
        taken = b"".join(self._lines)
        self._lines.clear()
        return taken

    def add(self, row: int, time: bytes, close: bytes, mean: RollingMean | None, *, signal: bool) -> None:
        """Add a row; `mean` is as it stands after its close, None where that is missing."""
        time, close = time.strip(b" "), close.strip(b" ")
        if self.form == CSV:
            cells = (row, _csv_cell(time), _csv_cell(close), _mean_text(mean).encode(), signal)
            self._lines.append(b"%d,%b,%b,%b,%d\n" % cells)
        else:
            line = _JSON % (row, _json_text(time), _json_text(close), _mean_text(mean) or "null", int(signal))
            self._lines.append(line.encode())

    def add_run(
        self, first: int, times: Sequence[bytes], closes: Sequence[bytes], means: list[float], signals: list[bool]
    ) -> None:
        """Add the rows from number `first` on; `means` and `signals` are those of the last of them, which have a mean.

        The texts are those of a block, in which nothing stands in quotes.
        """
        without = len(closes) - len(means)
        rows = texts_of(range(first, first + len(closes)))
        mean_texts = [self.no_mean] * without + texts_of(means)
        signal_texts = [b"0"] * without + list(map(_SIGNAL_TEXTS.__getitem__, signals))
        times = _trimmed(times)
        if b"".join(times).translate(None, _PLAIN):
            convert = _csv_cell if self.form == CSV else lambda cell: _json_text(cell)[1:-1].encode()
            times = list(map(convert, times))
        cells = zip(rows, times, closes, mean_texts, signal_texts, strict=True)
        if self.form == CSV:
            self._lines.append(b"\n".join(map(b",".join, cells)) + b"\n")
        else:
            self._lines.append(b"".join(map(_JSON_PLAIN.__mod__, cells)))


def texts_of(numbers: Iterable[float]) -> list[bytes]:
    """Write each number as `repr` does; twice as fast as one by one."""
    numbers = list(numbers)
    return repr(numbers)[1:-1].encode().split(b", ") if numbers else []


def is_plain(cells: bytes) -> bool:
    """Whether texts, filled up with zero bytes, are the same in every format and need no trimming."""
    return not cells.translate(None, _PLAIN_OR_FILLED)


def _mean_text(mean: RollingMean | None) -> str:
    try:
        value = mean.get() if mean else None
    except OverflowError:
        return BEYOND if mean and mean.total > 0 else f"-{BEYOND}"
    return "" if value is None else repr(value)


def _trimmed(cells: Sequence[bytes]) -> Sequence[bytes]:
    return [cell.strip(b" ") for cell in cells] if b" " in b"".join(cells) else cells


def _csv_cell(cell: bytes) -> bytes:
    if b"," in cell or b'"' in cell or b"\n" in cell or b"\r" in cell:
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell


def _json_text(cell: bytes) -> str:
    return dumps(cell.decode("utf-8", "replace"))
