"""The lines before the rows of one input: blank lines, a preamble, the header, or none of them.

The first input has a header, unless the config says otherwise; each later one may repeat it or begin with a row.
Anything else is refused, because it may be another header.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, MissingColumnError, shown
from stream_signal.core.header import BOM, Header, find_header, headless, refuse_foreign
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.repairs import BLANK_LINE, PREAMBLE_LINE, Repairs
from stream_signal.core.ticks import reads_as_close

if TYPE_CHECKING:
    from stream_signal.core.config import Config

# CryptoDataDownload writes one line above its header, spreadsheets two or three.
MAX_PREAMBLE_LINES = 5


class Line(Enum):
    """What a line before the rows turns out to be."""

    SKIPPED = 1
    HEADER = 2
    ROW = 3


class Head:
    r"""Reads the first lines of one input until its rows begin; `header` is that of the stream, once it is known.

    >>> from stream_signal.core.config import Config
    >>> head = Head(Config(), None)
    >>> head.read(b"# BTC/USD", 1, Repairs()), head.read(b"time,close", 2, Repairs())
    (<Line.SKIPPED: 1>, <Line.HEADER: 2>)
    >>> head.header.position
    1
    """

    def __init__(self, config: Config, header: Header | None) -> None:
        self.header = header
        self._config = config
        self._skipped: list[bytes] = []  # lines that were not blank

    def read(self, line: bytes, number: int, repairs: Repairs) -> Line:
        """Take the next line, without its line end; raise DataError if the rows cannot begin here or later."""
        if number == 1:
            line = line.removeprefix(BOM)
        if not line:
            repairs.note(BLANK_LINE, number)
            return Line.SKIPPED
        if not self._skipped:
            refuse_foreign(line, number)
        if self._is_row(line, number):
            return Line.ROW
        if self._is_header(line, number):
            return Line.HEADER
        self._skipped.append(line)
        if len(self._skipped) > MAX_PREAMBLE_LINES:
            raise self._no_header()
        repairs.note(PREAMBLE_LINE, number, shown(line))
        return Line.SKIPPED

    def check_end(self) -> None:
        """Raise DataError if the input ends before its rows have begun, unless it was blank."""
        if self._skipped:
            raise self._no_header()

    def _is_row(self, line: bytes, number: int) -> bool:
        """Whether the rows begin without a header: as configured, or in a later input."""
        column, header = self._config.column, self.header
        if not self._config.header:
            if header is None and isinstance(column, int):
                self.header = headless(line, number, column, self._config.delimiter)
            return True
        if header is None or self._skipped:
            return False
        try:
            fields = split_line(line, header.delimiter)
        except FieldError:
            return False
        return len(fields) == header.width and reads_as_close(fields[header.position])

    def _is_header(self, line: bytes, number: int) -> bool:
        if self.header is None:
            self.header = find_header(line, number, self._config.column, self._config.delimiter)
            return self.header is not None
        return line == self.header.line

    def _no_header(self) -> DataError:
        if self.header is None:
            return MissingColumnError(self._config.column)
        return DataError(1, f"the header of the first input ({shown(self.header.line)})", shown(self._skipped[0]))
