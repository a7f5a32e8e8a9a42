"""One record of RFC 4180 -> its fields, where a quote stands in it.

A quote opens a quoted field only where the field begins, a doubled quote stands for one, and nothing may follow the
closing quote but the delimiter. A quote in the middle of an unquoted field is a character like any other. So reads
Python's `csv`, which does the work here; rows without a quote never come this way. It refuses a CR that ends no line
and stands in no quotes.

Latin-1 maps every byte to one character and back, so that the fields nobody asks for may hold what they like.
"""

from __future__ import annotations

import csv
import re

# Up to and with the first quote that is not doubled.
_CLOSING = re.compile(r'[^"]*(?:""[^"]*)*"(?!")')


class FieldError(ValueError):
    """The record cannot be cut into fields; the text says why."""


class QuotedRecords:
    r"""Reads records line by line; a record goes on on the next line while a quoted field in it is open.

    `read` takes one line after the other, without its newline. `open` says that the record is not at its end, `lines`
    and `size` how many lines and bytes it had before the last line. Each line of a long record is searched once.

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
        # One reader for all records, which pops their text off this list: to make one for each takes 0.4 µs more a row.
        self._given: list[str] = []
        self._reader = csv.reader(iter(self._given.pop, None), delimiter=delimiter, strict=True)

    @property
    def held(self) -> int:
        """Bytes of the lines held of a record that is not at its end, line ends included."""
        return self.size + len(self._held[-1]) + 1 if self.open else 0

    def read(self, line: bytes) -> list[str] | None:
        """Take the next line; return the fields of the record that it ends, or None where it ends none.

        Raises FieldError where text follows a closing quote: the record is passed over.
        """
        text = line.decode("latin-1")
        if self.open:
            self.lines, self.size = len(self._held), self.size + len(self._held[-1]) + 1
        else:
            self.lines = self.size = 0
            self._given.append(text)
            try:
                return next(self._reader)
            except (IndexError, csv.Error):  # it asked for the next line; or the record is wrong: look closer
                self._held.clear()
        self._held.append(text)
        self.open = self._is_open_after(text)
        if self.open:
            return None
        self._given.append("\n".join(self._held))
        try:
            return next(self._reader)
        except csv.Error as error:
            raise FieldError(str(error)) from None

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
    """Cut one whole line, without its line end, into fields; FieldError where it has quotes that do not fit."""
    if b'"' not in line:
        return line.split(delimiter.encode())
    records = QuotedRecords(delimiter)
    fields = records.read(line)
    if fields is None:
        raise FieldError("a quoted field has no end")
    return [field.encode("latin-1") for field in fields]
