"""Bytes -> the close of each row, for any cut of the bytes: the reader of the row engine.

The slow, obvious reader, and the reference: plain Python, any dialect that the project reads, one line at a time. It
decides what is a header, a row, a repair or an error. It knows nothing of windows and signals, and does no I/O.

    bytes -> pieces of 64 KiB -> lines -> [the lines before the rows] -> records -> fields -> (ticks, places) or None

A part is one file of several, or the whole of a pipe. Each part may bring its own BOM, preamble and header, and its end
ends its last row. Memory: one piece and one unfinished line. Cost: 1 to 2 µs a row.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, MissingColumnError, TruncatedError, shown
from stream_signal.core.header import BOM, Header, find_header, headless, refuse_foreign
from stream_signal.core.quotes import FieldError, QuotedRecords, split_line
from stream_signal.core.repairs import (
    BAD_ROW,
    BLANK_LINE,
    LONG_RECORD,
    MISSING_CLOSE,
    PREAMBLE_LINE,
    REPEATED_HEADER,
    UNFINISHED_LINE,
    Repairs,
)
from stream_signal.core.ticks import parse_ticks, reads_as_close

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.ticks import Close

# A row of candles is some 60 bytes and a wide one a few thousand. The bound is that of Python's own csv for a field; it
# keeps a file without line ends, or with a quote that never closes, from being swallowed whole.
MAX_LINE_BYTES = 128 * 1024
# CryptoDataDownload writes one line above its header, spreadsheets two or three.
MAX_PREAMBLE_LINES = 5
# As a number: `b'"' in line` takes 100 ns more, for bytes look for a number first and an error is made of that.
_QUOTE = ord('"')
# No longer than MAX_LINE_BYTES, so that only a line that spans pieces can be too long.
_PIECE_BYTES = 64 * 1024


class RowReader:
    """Reads candle CSV piece by piece.

    `feed` and `end_part` yield, for each complete row, the close as `(ticks, places)`, or None where it is missing.
    They raise DataError at the first line that cannot be read. `header` is set once it is known; `line` counts the
    lines read of this part; `repairs` counts what was passed over. With `find_time`, which tells the column of the
    times, `told` holds the texts of time and close of the row that was yielded last.
    """

    def __init__(self, config: Config, find_time: Callable[[Header], int | None] | None = None) -> None:
        self.header: Header | None = None
        self.told = (b"", b"")
        self._find_time = find_time
        self.line = 0
        self.repairs = Repairs()
        self._config = config
        self._quoted: QuotedRecords | None = None  # made with the header, which has the delimiter
        self._record_line = 0  # where its record began
        self._begin_part()

    def _begin_part(self) -> None:
        self.line = 0
        self._repairs_before = self.repairs.copy()  # this part
        self._seeking = True  # the rows of this part have not begun
        self._before: list[bytes] = []  # the lines of this part passed over while seeking
        self._pieces: list[bytes] = []  # the unfinished line
        self._size = 0  # its length

    def feed(self, data: bytes) -> Iterator[Close]:
        """Take the next bytes, cut anywhere; yield the close of each row that is now complete."""
        for start in range(0, len(data), _PIECE_BYTES):
            yield from self._read(self._complete_lines(data[start : start + _PIECE_BYTES]))
            if self._size > MAX_LINE_BYTES:
                raise _too_long(self.line + 1)

    @cached_property
    def time_position(self) -> int | None:
        """Where the times stand, from 0, if anywhere; to be asked for once the header is known, which stays."""
        return self._find_time(self.header) if self._find_time and self.header else None

    @property
    def between_rows(self) -> bool:
        """Whether rows have begun, and what comes next begins one: nothing is held, no quote is open."""
        return not (self._seeking or self._size or (self._quoted and self._quoted.open))

    def pass_over(self, lines: int) -> None:
        """Count lines that another engine has read."""
        self.line += lines

    def end_part(self) -> Iterator[Close]:
        """Take the end of this part, which ends its last row; what is fed next belongs to another file."""
        if self._size:
            yield from self._read([b"".join(self._pieces)])
        if self._quoted and self._quoted.open:
            raise TruncatedError(self._record_line, "a closing quote", "the end of the data")
        if self._before and self._seeking:
            raise self._no_header()
        self._begin_part()

    def drop_part(self) -> None:
        """Take the end of this part where its last line may have been torn: that line is passed over."""
        if self._size or (self._quoted and self._quoted.open):
            is_open = self._quoted and self._quoted.open
            self.repairs.note(UNFINISHED_LINE, f"line {self._record_line if is_open else self.line + 1}")
            self._quoted = None
        if self._before and self._seeking:
            raise self._no_header()
        self._begin_part()

    def position(self, size: int) -> tuple[int, int, Repairs]:
        """Return where the first row not read yet begins, of a part of which `size` bytes were fed.

        In bytes and in lines of the part, and the repairs up to there. That is the start of the part while its rows
        have not begun.
        """
        if self._seeking:
            return 0, 0, self._repairs_before.copy()
        is_open = self._quoted and self._quoted.open
        held = self._size + (self._quoted.held if self._quoted else 0)
        return size - held, self._record_line - 1 if is_open else self.line, self.repairs.copy()

    def resume(self, header: Header | None, offset: int, line: int, repairs: Repairs) -> None:
        """Go on where a reader of the same settings stood; what is fed next are the bytes from there on."""
        self.header, self.repairs = header, repairs.copy()
        self._begin_part()
        self.line, self._seeking = line, offset == 0

    def _complete_lines(self, piece: bytes) -> list[bytes]:
        lines = piece.split(b"\n")
        rest = lines.pop()
        if not lines:
            self._pieces.append(rest)
            self._size += len(rest)
            return lines
        if self._size:
            lines[0] = b"".join([*self._pieces, lines[0]])
            if len(lines[0]) > MAX_LINE_BYTES:
                raise _too_long(self.line + 1)
        self._pieces = [rest]
        self._size = len(rest)
        return lines

    def _read(self, complete: list[bytes]) -> Iterator[Close]:
        lines = self._seek(iter(complete)) if self._seeking else iter(complete)
        header = self.header
        if header is None:
            return
        delimiter, position, width = header.delimiter.encode(), header.position, header.width
        close_is_last = position == width - 1
        quoted = self._quoted = self._quoted or QuotedRecords(header.delimiter)
        tells, time = self._find_time is not None, self.time_position
        fields: list[bytes] = []
        number = self.line
        for line in lines:
            number += 1
            found, texts = "", None
            if quoted.open or _QUOTE in line:
                try:
                    texts = quoted.read(line)
                except FieldError as error:
                    texts, found = [], f"{shown(line)} ({error})"
                if texts is None or quoted.lines:
                    self._check_record(quoted, number, len(line))
                    if texts is None:
                        continue
                start, count = number - quoted.lines, len(texts)
                close = texts[position].encode("latin-1") if count == width else b""
            else:
                fields = line.split(delimiter)
                start, count = number, len(fields)
                close = fields[position] if count == width else b""
                if close_is_last:
                    close = close.removesuffix(b"\r")
            if tells:
                self.told = (_cell(texts or fields, time, width) if count == width else b"", close)
            if count == width:
                try:
                    ticks = parse_ticks(close)
                except ValueError as error:
                    expected, found = f"{error} in {self._column()}", shown(close)
                else:
                    # A blank line reads as a missing close where the close is the one column.
                    if ticks is not None or line.removesuffix(b"\r"):
                        if ticks is None:
                            self.repairs.note(MISSING_CLOSE, f"line {start}")
                        yield ticks
                        continue
                    expected = found = ""
            elif found:
                expected = "a row of CSV"
            else:
                expected, found = _fields(width), str(count)
            if start < number or not self._is_no_row(line.removesuffix(b"\r"), number):
                self._bad_row(DataError(start, expected, found))
                yield None
        self.line = number

    def _check_record(self, quoted: QuotedRecords, number: int, size: int) -> None:
        """Refuse a record of several lines that is too long; count it when it is at its end."""
        self._record_line = number - quoted.lines
        if quoted.size + size > MAX_LINE_BYTES:
            raise _too_long(self._record_line)
        if not quoted.open:
            self.repairs.note(LONG_RECORD, f"line {self._record_line}")

    def _is_no_row(self, line: bytes, number: int) -> bool:
        """Whether a line that does not read as a row is none: blank, or the header once more."""
        if not line:
            self.repairs.note(BLANK_LINE, f"line {number}")
        elif self.header and self.header.line == line.removeprefix(BOM):
            self.repairs.note(REPEATED_HEADER, f"line {number}")
        else:
            return False
        return True

    def _bad_row(self, error: DataError) -> None:
        """Raise where bad rows are errors; else the row counts, with its close missing."""
        if self._config.bad_rows == "error":
            raise error
        self.repairs.note(BAD_ROW, str(error))

    def _seek(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Pass over the lines before the rows of a part; return the lines that are left, the first row among them."""
        for raw in lines:
            line = raw.removesuffix(b"\r")
            if self.line == 0:
                line = line.removeprefix(BOM)
            if not line:
                self.repairs.note(BLANK_LINE, f"line {self.line + 1}")
            else:
                if not self._before:
                    refuse_foreign(line, self.line + 1)
                if self._is_first_row(line):
                    self._seeking = False
                    # As it came, so that what is held of it is as long as what was fed.
                    return chain([raw.removeprefix(BOM) if self.line == 0 else raw], lines)
                if self._is_header(line):
                    self._seeking = False
                    self.line += 1
                    return lines
                self._before.append(line)
                if len(self._before) > MAX_PREAMBLE_LINES:
                    raise self._no_header()
                self.repairs.note(PREAMBLE_LINE, f"line {self.line + 1}: {shown(line)}")
            self.line += 1
        return lines

    def _is_first_row(self, line: bytes) -> bool:
        """Whether the rows of this part begin without a header: as configured, or in a later file of several."""
        column, header = self._config.column, self.header
        if not self._config.header:
            if header is None and isinstance(column, int):
                self.header = headless(line, self.line + 1, column, self._config.delimiter)
            return True
        if header is None or self._before:
            return False
        try:
            fields = split_line(line, header.delimiter)
        except FieldError:
            return False
        return len(fields) == header.width and reads_as_close(fields[header.position])

    def _is_header(self, line: bytes) -> bool:
        if self.header is None:
            self.header = find_header(line, self.line + 1, self._config.column, self._config.delimiter)
            return self.header is not None
        return line == self.header.line

    def _no_header(self) -> DataError:
        if self.header is None:
            return MissingColumnError(self._config.column)
        return DataError(1, f"the header of the first input ({shown(self.header.line)})", shown(self._before[0]))

    def _column(self) -> str:
        column = self._config.column
        return f"column {column}" if isinstance(column, int) else f"column {shown(column)}"


def _fields(count: int) -> str:
    return f"{count} field" + "s" * (count != 1)


def _cell(cells: list[str] | list[bytes], position: int | None, width: int) -> bytes:
    cell = b"" if position is None else cells[position]
    if isinstance(cell, str):
        return cell.encode("latin-1")
    return cell.removesuffix(b"\r") if position == width - 1 else cell


def _too_long(number: int) -> DataError:
    return DataError(number, f"a line of at most {MAX_LINE_BYTES} bytes", "a longer one")
