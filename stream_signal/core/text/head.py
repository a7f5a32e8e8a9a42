"""The lines before the rows of one input: blank lines, a preamble, the header, or none of them.

The first input has a header, unless the config says otherwise; each later one may repeat it or begin with a row.
Anything else is refused, because it may be another header.

If the config says "auto", the first line that is not blank decides. It is the header if it has the column by its name;
otherwise it has to be a row with a close in the column of that number. If the column has only a number, a line with a
number there is a row, and one with text is the header. Without a number, "auto" means the same as true.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from stream_signal.core.config import AUTO
from stream_signal.core.errors import DataError, MissingColumnError, shown
from stream_signal.core.findings import BLANK_LINE, HEADER_LINE, PREAMBLE_LINE, Findings
from stream_signal.core.foreign import refuse_foreign
from stream_signal.core.layout.headers import HeaderFit, is_annotation
from stream_signal.core.layout.layout import BOM, CLOSE, Layout, find_header, find_time, headless
from stream_signal.core.limits import MOST_LAYOUT_BYTES, MOST_LAYOUT_LINES
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.ticks import Marks, reads_as_close

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.layout.evidence import FormatEvidence, TimeEvidence

# CryptoDataDownload writes one line above its header, spreadsheets two or three.
MAX_PREAMBLE_LINES = 5


class Line(Enum):
    """What a line before the rows turns out to be."""

    SKIPPED = 1
    HEADER = 2
    ROW = 3
    HELD = 4
    """a row, or what may be one: later lines tell"""


class Head:
    r"""Reads the first lines of one input until its rows can be read: until `is_settled`.

    `layout` is that of the stream, once it is known. `rows` are the lines that were held back until then, with their
    line ends but for the newlines: the rows begin with them.

    >>> from stream_signal.core.config import Config
    >>> head = Head(Config(), None)
    >>> head.read(b"# BTC/USD", 1, Findings()), head.read(b"time,close", 2, Findings())
    (<Line.SKIPPED: 1>, <Line.HEADER: 2>)
    >>> head.read(b"60,4.58", 3, Findings()), head.is_settled, head.layout.position, head.layout.time
    (<Line.ROW: 3>, True, 1, 0)
    """

    def __init__(self, config: Config, layout: Layout | None) -> None:
        self.layout = layout
        self.is_settled = False
        self.rows: list[bytes] = []
        self._config = config
        self._parse = marks_of(config).parse
        self._decides = config.header == AUTO and config.column_number is not None
        self._marks = config.decimal.replace(".", "") + (config.thousands or "")
        self._skipped: list[bytes] = []  # lines that were not blank
        self._numbers: list[int] = []  # theirs
        self._fit: HeaderFit | None = None  # of the header and the rows, until the first one
        self._times: TimeEvidence | None = None  # of the rows, while they are held back
        self._formats: FormatEvidence | None = None  # of rows without a header
        self._recognises = _is_silent(config)

    def read(self, line: bytes, number: int, repairs: Findings) -> Line:
        """Take the next line, without its newline; raise DataError if the rows cannot begin here or later."""
        try:
            return self._read(line.removeprefix(BOM) if number == 1 else line, number, repairs)
        except DataError as error:
            if error.clue is None and error.hint is None and self.layout is None:
                error.with_clue("first_line", line=line.removesuffix(b"\r").removeprefix(BOM), number=number)
            raise

    def _read(self, line: bytes, number: int, repairs: Findings) -> Line:
        if self._times or (self._formats and self.layout):
            self._hold(line)
            return Line.ROW if self.is_settled else Line.HELD
        if self._fit:
            return self._read_below(line, number, repairs, self._fit)
        text, is_first = line.removesuffix(b"\r"), self.layout is None
        if not text:
            return self._skip(line, number, repairs)
        if not self._skipped:
            refuse_foreign(text, number)
        kind = self._kind(text, number)
        if kind is Line.SKIPPED:
            return self._look_for_format(line, text, number) or self._skip(line, number, repairs)
        held, self.rows, self._formats = self.rows, [], None
        for at, above in enumerate(held):  # they were no rows
            self._skip(above, number - len(held) + at, repairs)
        if is_first and kind is Line.HEADER and self.layout:
            self._fit = HeaderFit(self.layout, self._config)
            return kind
        if kind is Line.ROW:
            self.rows.append(line)
        self._begin(is_first=is_first)
        return kind if self.is_settled or kind is Line.HEADER else Line.HELD

    def _read_below(self, line: bytes, number: int, repairs: Findings, fit: HeaderFit) -> Line:
        """Read a line below the header, which may have further ones, until the rows show that it fits."""
        text = line.removesuffix(b"\r")
        if not self.rows and not text:
            return self._skip(line, number, repairs)
        if not self.rows and fit.take_below(text):
            repairs.note(HEADER_LINE, number, shown(text))
            self.layout = fit.layout
            return Line.SKIPPED
        self.rows.append(line)
        fit.see(text)
        if fit.is_settled:
            self._end_fit(fit)
        return Line.ROW if self.is_settled else Line.HELD

    def _end_fit(self, fit: HeaderFit) -> None:
        self._fit, self.layout = None, fit.layout
        self._begin(is_first=True)

    def _begin(self, *, is_first: bool) -> None:
        """Find where the time is, now that the columns are known; the rows are held back if they have to tell."""
        if is_first and self.layout:
            self.layout = self.layout._replace(time=find_time(self.layout, self._config.time_column))
        self._look_at_rows(is_first=is_first)
        rows, self.rows = self.rows, []
        for line in rows:
            self._hold(line)

    def _skip(self, line: bytes, number: int, repairs: Findings) -> Line:
        """Leave out a line above the rows, or a blank one; of rows that are held back, it may be among them."""
        if self._formats:
            self.rows.append(line)
            return Line.HELD
        text = line.removesuffix(b"\r")
        kind = HEADER_LINE if is_annotation(text) else PREAMBLE_LINE if text else BLANK_LINE
        repairs.note(kind, number, shown(text) if text else "")
        return Line.SKIPPED

    def _look_for_format(self, line: bytes, text: bytes, number: int) -> Line | None:
        """Take a line that is no header: the first one may be a row, and those below it tell of which known format.

        Raise DataError if they cannot.
        """
        self._skipped.append(text)
        self._numbers.append(number)
        if self._recognises and self.layout is None and len(self._skipped) == 1:
            from stream_signal.core.layout.evidence import FormatEvidence

            self._formats = FormatEvidence.of(text, self._config.delimiter)
        if self._formats and (layout := self._formats.see(text)):
            self.rows.append(line)
            self.layout, self.is_settled = layout, True
            return Line.ROW
        if len(self._skipped) > MAX_PREAMBLE_LINES and not self._may_be_told():
            raise self._no_header()
        return None

    def _kind(self, line: bytes, number: int) -> Line:
        if self._decides and self.layout is None:
            return self._decide(line, number)
        if len(self._skipped) <= MAX_PREAMBLE_LINES:
            if self._is_row(line, number):
                return Line.ROW
            if self._is_header(line, number):
                return Line.HEADER
        return Line.SKIPPED

    def _look_at_rows(self, *, is_first: bool) -> None:
        """Hold the rows back if they have to tell where the time is, or whether they are of the format before them."""
        layout = self.layout
        self.is_settled = False
        if is_first and layout and layout.time is None and layout.width > 1:
            from stream_signal.core.layout.evidence import TimeEvidence

            self._times = TimeEvidence(layout)
        elif not is_first and layout and layout.format:
            from stream_signal.core.layout.evidence import FormatEvidence

            self._formats = FormatEvidence(layout.delimiter, layout.width, layout)
        else:
            self.is_settled = True

    def _hold(self, line: bytes) -> None:
        self.rows.append(line)
        if self.is_settled:
            return
        text, formats = line.removesuffix(b"\r"), self._formats
        if self._times:
            layout = self._times.see(text)
            self.layout, self.is_settled = layout or self.layout, layout is not None
        elif formats and text and ((layout := formats.see(text)) or formats.are_enough):
            self._compare(layout)

    def _compare(self, layout: Layout | None) -> None:
        """Raise DataError if the rows of a later input do not tell the layout of those before it."""
        if layout != self.layout:
            raise self._no_header()
        self.is_settled = True

    @property
    def awaits_row(self) -> bool:
        """Whether the header is there and no row below it, which has to show that it fits."""
        return self._fit is not None and not self.rows

    def take_as_it_is(self) -> None:
        """Take the header as it is: the rows of a columnar file have its fields."""
        if self._fit and self.awaits_row:
            self._end_fit(self._fit)

    def end(self) -> None:
        """End the input: what is known has to be enough. DataError if its rows have not begun, unless it was blank."""
        if self._fit:
            self._fit.settle()
            self._end_fit(self._fit)
        if self.is_settled:
            return
        layout = self._times.settle() if self._times else self._formats.settle() if self._formats else None
        if self._formats and self.layout:
            self._compare(layout)
        elif layout:
            self.layout, self.is_settled = layout, True
        elif self._skipped:
            raise self._no_header()

    def _decide(self, line: bytes, number: int) -> Line:
        """Find out whether the first line is the header or a row; raise DataError if that is not certain."""
        name, column, delimiter = self._config.column_name, self._config.column_number, self._config.delimiter
        self.layout = find_header(line, number, name, delimiter, self._parse) if name is not None else None
        if self.layout or column is None:
            return Line.HEADER
        header = self._headless(line, number, column)
        try:
            cells = split_line(line, header.delimiter)
            close = self._parse(cells[header.position])
        except ValueError:  # text, where a row has its close
            if name is None:
                self.layout = find_header(line, number, column, delimiter, self._parse)
                return Line.HEADER
            expected = f"a header with the column {name!r}, or a row with a close in column {column}"
            raise DataError(number, expected, shown(line)) from None
        if close is None and not any(map(self._is_number, cells)):
            raise DataError(number, "a header, or a row with a number in it", f"{shown(line)}; set `header`")
        self._check_time(header, line, number)
        self.layout = header
        return Line.ROW

    def _headless(self, line: bytes, number: int, column: int) -> Layout:
        header = headless(line, number, column, self._config.delimiter, self._marks)
        if self._config.format is not None:
            from stream_signal.core.formats import FORMATS

            widths = FORMATS[self._config.format].widths
            if widths and header.width not in widths:
                expected = f"{' or '.join(map(str, widths))} fields in the format {self._config.format}"
                raise DataError(number, expected, str(header.width))
        return header

    def _check_time(self, layout: Layout, line: bytes, number: int) -> None:
        """Raise DataError if the first row has its time in another form than the format: it has another layout."""
        if self._config.format is None:
            return
        from stream_signal.core.formats import FORMATS

        known = FORMATS[self._config.format]
        cells = [cell.decode("utf-8", "replace") for cell in split_line(line, layout.delimiter)]
        wrong = known.wrong_time(cells) if self._config.time_column == known.time_column else None
        if wrong:
            column, words = wrong
            expected = f"{words} in column {column + 1} in the format {self._config.format}"
            raise DataError(number, expected, shown(cells[column]))

    def _is_number(self, cell: bytes) -> bool:
        try:
            return self._parse(cell) is not None
        except ValueError:
            return False

    def _is_row(self, line: bytes, number: int) -> bool:
        """Whether the rows begin without a header: as configured, or in a later input."""
        column, header = self._config.column_number, self.layout
        if self._config.header is False:
            if header is None and column is not None:
                header = self._headless(line, number, column)
                self._check_time(header, line, number)
                self.layout = header
            return True
        if header is None or self._skipped:
            return False
        try:
            fields = split_line(line, header.delimiter)
        except FieldError:
            return False
        return len(fields) == header.width and reads_as_close(fields[header.position], self._parse)

    def _may_be_told(self) -> bool:
        """Whether more lines may show which column of rows without a header has the close, which these do not."""
        count = len(self._skipped)
        if self.layout or count >= MOST_LAYOUT_LINES or sum(map(len, self._skipped)) > MOST_LAYOUT_BYTES:
            return False
        if count > MAX_PREAMBLE_LINES + 1 and count & (count - 1):
            return True  # looked at when there are twice as many, so that each line is looked at twice or so
        if self._formats:
            return self._formats.may_be_told()
        from stream_signal.core.layout.guess import are_ambiguous

        return are_ambiguous(self._lines, self._config)

    @property
    def _lines(self) -> list[tuple[int, bytes]]:
        return list(zip(self._numbers, self._skipped, strict=True))

    def _is_header(self, line: bytes, number: int) -> bool:
        if self.layout is not None:
            return is_repeated(line, self.layout, self._config)
        name = self._config.column_name
        column = name if name is not None else self._config.column_number
        if column is not None:
            self.layout = find_header(line, number, column, self._config.delimiter, self._parse)
        return self.layout is not None

    def _no_header(self) -> DataError:
        if self.layout is None:
            name = self._config.column_name
            missing = MissingColumnError(name if name is not None else self._config.column_number or "")
            return missing.with_clue("no_header", lines=self._lines)
        hint = "all files need the same columns in the same order: run the job on this file alone, or make them alike"
        if self.layout.format:
            from stream_signal.core.formats import FORMATS

            words = FORMATS[self.layout.format].words_of(self.layout.width)
            return DataError(
                1, f"rows of {words}, as in the first input", shown((self._skipped or self.rows)[0])
            ).with_hint(hint)
        if not self.layout.line:
            expected = f"a row of {self.layout.width} fields with a close in column {self.layout.position + 1}"
            return DataError(1, f"{expected}, as in the first input", shown(self._skipped[0])).with_hint(hint)
        expected = f"the header of the first input ({shown(self.layout.line)})"
        return DataError(1, expected, shown(self._skipped[0])).with_hint(hint)


def _is_silent(config: Config) -> bool:
    """Whether the settings say nothing of the layout, so that rows without a header may tell it."""
    said = (config.column, config.header, config.format, config.time_column, config.decimal, config.thousands)
    return said == (CLOSE, True, None, None, ".", None) and not config.newest_first


def is_repeated(line: bytes, layout: Layout, config: Config) -> bool:
    """Whether a line repeats the header, or is one for rows that began without a header, if the config allows both."""
    if layout.line or config.header != AUTO or config.column_name is None:
        return line == layout.line
    try:
        found = find_header(line, 1, config.column_name, layout.delimiter)
    except DataError:
        return False
    return found is not None and (found.position, found.width) == (layout.position, layout.width)


def marks_of(config: Config) -> Marks:
    """Return what reads the closes that `parse_ticks` does not read as they are.

    >>> from stream_signal.core.config import Config
    >>> marks_of(Config()).are_usual, marks_of(Config(decimal=",")).parse(b"42,5")
    (True, (425, 1))
    """
    return Marks(config.decimal, config.thousands, config.negative)
