"""Closes with a decimal comma, or with their digits in groups: `42.004,66`, `42 004,66`, `42,004.66`.

Such a close is rewritten with a point and without groups, and then read like any other. Groups have exactly three
digits behind the first one, which has one to three and does not begin with a zero; or there are none at all. So `1,23`
and `0,123` are refused if the comma is the thousands mark, instead of being read as 123. Cost: 0.3 to 1 µs a close.
"""

from __future__ import annotations

import re

from stream_signal.core.ticks import Close, parse_ticks

# What stands for a space between groups: itself, and in UTF-8 the no-break, thin and narrow no-break spaces.
_SPACES = (b" ", b"\xc2\xa0", b"\xe2\x80\x89", b"\xe2\x80\xaf")


class Marks:
    """The marks of a close: `decimal` is "." or ",", `thousands` is None, or another of "," "." " ".

    >>> Marks(",", ".").plain(b"-42.004,66"), Marks(",", " ").plain(b"42 004,66"), Marks(",").plain(b"1e-7")
    (b'-42004.66', b'42004.66', b'1e-7')
    >>> Marks(".", ",").plain(b"1,23")
    Traceback (most recent call last):
    ValueError: a number with thousands ','
    """

    def __init__(self, decimal: str = ".", thousands: str | None = None) -> None:
        self._decimal = decimal.encode()
        self._thousands = _SPACES if thousands == " " else (thousands.encode(),) if thousands else ()
        self._expected = "a number with"
        if decimal != ".":
            self._expected += f" decimal {decimal!r}"
        if thousands:
            self._expected += f"{' and' * (decimal != '.')} thousands {thousands!r}"
        self._grouped = {
            mark: re.compile(
                rb"[+-]?[1-9][0-9]{0,2}(?:%b[0-9]{3})+(?:%b[0-9]*)?(?:[eE][+-]?[0-9]+)?"
                % (re.escape(mark), re.escape(self._decimal))
            ).fullmatch
            for mark in self._thousands
        }

    @property
    def have_point(self) -> bool:
        """Whether the decimal mark is a point: a close without groups is then read as it is."""
        return self._decimal == b"."

    def plain(self, text: bytes) -> bytes:
        """Write a close with a point and without groups; raise ValueError, with what was expected, if it is none.

        A missing close stays as it is.
        """
        stripped = text.strip(b" ")
        for mark in self._thousands:
            if mark in stripped:
                if not self._grouped[mark](stripped):
                    raise ValueError(self._expected)
                stripped = stripped.replace(mark, b"")
                break
        else:
            if self._decimal != b"." and b"." in stripped:
                raise ValueError(self._expected)
        return stripped.replace(self._decimal, b".")

    def parse(self, text: bytes) -> Close:
        """Read one close, as `parse_ticks` does."""
        return parse_ticks(self.plain(text), self._expected)
