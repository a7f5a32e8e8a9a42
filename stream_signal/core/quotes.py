"""One record of RFC 4180 with a quote in it -> its fields.

A quote opens a quoted field only at its beginning, a doubled quote means one, and only the delimiter may follow the
closing quote. A quote in the middle of an unquoted field is an ordinary character. Python's `csv` reads the same way
and does the work here; rows without a quote never get here. It refuses a CR outside quotes that does not end a line.

Latin-1 maps every byte to one character and back, so that unused fields may hold any bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Up to and including the first quote that is not doubled.
_CLOSING = re.compile(r'[^"]*(?:""[^"]*)*"(?!")')


class FieldError(ValueError):
    """The record cannot be split into fields; the text says why."""


class QuotedRecords:
    r"""Reads records line by line; a record continues on the next line while a quoted field is open.

    `read` takes one line at a time, without its newline. `open` says that the record is unfinished; `lines` and `size`
    are how many lines and bytes it had before its last line. Each line of a long record is searched once.

    >>> records = QuotedRecords(",")
    >>> records.read(b'2,"42,004.66","the ""last"" one"')
    ['2', '42,004.66', 'the "last" one']
    >>> records.read(b'3,"two'), records.read(b'lines"')
    (None, ['3', 'two\nlines'])
    """

    def __init__(self, delimiter: str) -> None:
        self.open = False
        self.lines = 0
        self.size = 0
        self._held: list[str] = []
        self._opening = re.compile(f'(?:^|{re.escape(delimiter)})"')
        # One reader for all records, which pops their text off this list: a new one for each costs 0.4 µs a row.
        self._given: list[str] = []
        self._reader: Iterator[list[str]] | None = None
        self._error: type[Exception] = ValueError
        self._delimiter = delimiter

    @property
    def held(self) -> int:
        """Bytes held of an unfinished record, line ends included."""
        return self.size + len(self._held[-1]) + 1 if self.open else 0

    def read(self, line: bytes) -> list[str] | None:
        """Take the next line; return the fields of the record that it ends, or None if it ends none.

        Raises FieldError if text follows a closing quote; the record is then dropped.
        """
        text = line.decode("latin-1")
        if self.open:
            self.lines, self.size = len(self._held), self.size + len(self._held[-1]) + 1
        else:
            self.lines = self.size = 0
            try:
                return self._split(text)
            except (IndexError, self._error):  # it asked for the next line, or the record is malformed
                self._held.clear()
        self._held.append(text)
        self.open = self._is_open_after(text)
        if self.open:
            return None
        try:
            return self._split("\n".join(self._held))
        except self._error as error:
            raise FieldError(str(error)) from None

    def _split(self, text: str) -> list[str]:
        if not self._reader:
            import csv

            self._reader = csv.reader(iter(self._given.pop, None), delimiter=self._delimiter, strict=True)
            self._error = csv.Error
        self._given.append(text)
        return next(self._reader)

    def _is_open_after(self, line: str) -> bool:
        at, inside = 0, self.open
        while True:
            if inside:
                closing = _CLOSING.match(line, at)
                if closing is None:
                    return True
                at = closing.end()
            opening = self._opening.search(line, at)
            if opening is None:
                return False
            inside, at = True, opening.end()


def split_line(line: bytes, delimiter: str) -> list[bytes]:
    """Split one whole line, without its line end, into fields; raise FieldError if it ends inside quotes."""
    if b'"' not in line:
        return line.split(delimiter.encode())
    records = QuotedRecords(delimiter)
    fields = records.read(line)
    if fields is None:
        raise FieldError("a quoted field has no end")
    return [field.encode("latin-1") for field in fields]


def cells_in(line: bytes, delimiter: str) -> list[str]:
    """Return the cells of a line as text, with or without quotes; those that are wrong stay."""
    try:
        fields = split_line(line, delimiter)
    except FieldError:
        fields = line.split(delimiter.encode())
    return [field.decode("utf-8", "replace").strip() for field in fields]
