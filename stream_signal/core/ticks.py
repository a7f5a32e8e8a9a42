"""Decimal text -> exact integer ticks.

A close is the decimal number that is written, not the float nearest to it: `0.1` is one tenth. It is kept as
`(ticks, places)`, two integers whose value is `ticks / 10**places`, so that sums and comparisons are integer
arithmetic and nothing is ever rounded.

The grammar is `[+-]? digits [. digits]? ([eE] [+-]? digits)?` in ASCII, with `.5` and `5.` allowed and spaces around it
trimmed. Python's own `int` and `Decimal` accept more (`1_000`, digits of other alphabets, `Infinity`), so
neither reads the text. Cost: about 0.4 µs for a plain price, 1.5 µs for one with a sign, a space or an exponent.
"""

from __future__ import annotations

import re
from operator import index
from typing import TYPE_CHECKING, Any

from stream_signal.core.limits import MAX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

# A close that was read: `(ticks, places)`, or None if it is missing.
Close = tuple[int, int] | None

# Up to here the engines keep ticks, and sums of them, in 64 bits.
INT64_MAX = 2**63 - 1
MISSING = frozenset({b"", b"nan", b"na", b"n/a", b"null", b"none"})

# Possessive throughout (`*+`), so that a long text that fails at its end does not backtrack.
_decimal = re.compile(rb" *+(?=[+-]?\.?[0-9])([+-]?[0-9]*+)(?:\.([0-9]*+))?(?:[eE]([+-]?[0-9]++))? *+").fullmatch
_MAX_EXPONENT_BYTES = len("-") + len(str(MAX_DIGITS))
# What stands for a space between groups: itself, and in UTF-8 the no-break, thin and narrow no-break spaces.
_SPACES = (b" ", b"\xc2\xa0", b"\xe2\x80\x89", b"\xe2\x80\xaf")


def parse_ticks(text: bytes, expected: str = "a decimal number") -> Close:
    """Read one close: `(ticks, places)`, or None if the close is missing.

    A missing close is empty, or NaN, NA, N/A, null, None in any case. Anything else that is not a decimal number of at
    most 400 digits raises ValueError, whose text says what was `expected`.

    >>> parse_ticks(b"42004.66"), parse_ticks(b" -.5 "), parse_ticks(b"25e-1"), parse_ticks(b"NaN")
    ((4200466, 2), (-5, 1), (25, 1), None)
    >>> parse_ticks(b"1_000")
    Traceback (most recent call last):
    ValueError: a decimal number
    """
    whole, point, part = text.partition(b".")
    if whole.isdigit() and (part.isdigit() or not point) and len(text) <= MAX_DIGITS:  # nearly every price
        return int(whole + part), len(part)
    return _parse_unusual(text, expected)


def _parse_unusual(text: bytes, expected: str) -> Close:
    match = _decimal(text)
    if match is None:
        if text.strip(b" ").lower() in MISSING:
            return None
        raise ValueError(expected)
    whole, part, exponent = match.groups(b"")  # the whole part has the sign
    places = len(part) - _exponent_of(exponent)
    digits = len(whole.lstrip(b"+-")) + len(part)
    if max(digits, digits - places, places) > MAX_DIGITS:
        raise ValueError(f"{expected} of at most {MAX_DIGITS} digits")
    return int(whole + part) * 10 ** max(-places, 0), max(places, 0)


def _exponent_of(text: bytes) -> int:
    """Read an exponent, of which one digit too many is enough to refuse it."""
    digits = text.lstrip(b"+-0")[:_MAX_EXPONENT_BYTES] or b"0"
    return -int(digits) if text.startswith(b"-") else int(digits)


class Marks:
    """The marks of closes such as `42.004,66`: `decimal` is "." or ",", `thousands` is None, or another of "," "." " ".

    Such a close is rewritten with a point and without groups, and then read like any other. Groups have exactly three
    digits behind the first one, which has one to three and does not begin with a zero; or there are none at all. So
    `1,23` and `0,123` are refused if the comma is the thousands mark, instead of being read as 123. Cost: 0.3 to 1 µs a
    close.

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


def reads_as_close(text: bytes, parse: Callable[[bytes], Close] = parse_ticks) -> bool:
    """Whether `parse` can read the text: a number, or a missing close.

    >>> reads_as_close(b"42004.66"), reads_as_close(b""), reads_as_close(b"close")
    (True, True, False)
    """
    try:
        parse(text)
    except ValueError:
        return False
    return True


def ticks_of(value: int | float | Decimal) -> Close:  # noqa: PYI041 - explicit
    """Turn a number of Python or NumPy into `(ticks, places)`, or NaN into None, a missing close.

    A float of any precision stands for its shortest decimal form. A bool or any other type raises TypeError; an
    infinity, or more than 400 digits, raise ValueError.

    >>> from decimal import Decimal
    >>> ticks_of(7), ticks_of(0.1), ticks_of(Decimal("1.10")), ticks_of(float("nan"))
    ((7, 0), (1, 1), (110, 2), None)
    """
    if isinstance(value, float):
        text = float.__repr__(value)  # NumPy's float64 is a float whose own repr names its type
    else:
        try:
            return integer(value), 0
        except TypeError:
            pass
        text = _text_of(value)
    try:
        return parse_ticks(text.encode())
    except ValueError as error:
        raise ValueError(f"expected {error}, found {text}") from None


def integer(value: object) -> int:
    """Turn an integer of Python or NumPy into one of Python; any other type, and a bool of either, raise TypeError."""
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", None) == "b":
        raise TypeError("a bool")  # which Python takes for an index, as NumPy 2.0 does
    return index(value)  # type: ignore[arg-type]


def _text_of(value: Any) -> str:
    """Write a Decimal, or a float of another precision, in all of its digits."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return "nan" if value.is_qnan() else str(value)
    kind = type(value).__name__
    if getattr(getattr(value, "dtype", None), "kind", None) == "f" and value.ndim == 0:
        number = value[()]  # the same, unless it is an array without a dimension
        text = str(number)
        if text != "nan" and type(number)(text) != number:
            raise ValueError(f"expected a {kind} in all of its digits, found {text}: set NumPy's print options back")
        return text
    advice = ""
    if isinstance(value, (str, bytes)):
        advice = ": a number as text becomes a Decimal"
    elif hasattr(value, "__iter__"):
        advice = ": give its values one by one"
    raise TypeError(f"expected an int, a Decimal or a float, or for a missing value None or NaN, found {kind}{advice}")
