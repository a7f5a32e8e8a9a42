"""Decimal text -> exact integer ticks.

A close is the decimal number that is written, not the float nearest to it: `0.1` is one tenth. It is kept as
`(ticks, places)`, two integers whose value is `ticks / 10**places`, so that sums and comparisons are integer
arithmetic and nothing is ever rounded.

The grammar is `[+-]? digits [. digits]? ([eE] [+-]? digits)?` in ASCII, with `.5` and `5.` allowed and spaces around it
trimmed. Python's own `int` and `Decimal` accept more (`1_000`, digits of other alphabets, `Infinity`), so
neither reads the text. `Marks` rewrites in this grammar what is written otherwise and has one meaning. Cost: about
0.4 µs for a plain price, 1.5 µs for one with a sign, a space or an exponent.
"""

from __future__ import annotations

import re
from functools import cache
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
# U+2212, as in tables that people read.
_MINUS = b"\xe2\x88\x92"
# ISO 4217, without funds, metals and codes for tests; and what exchanges quote cryptocurrencies in.
_CODES = (
    b"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF"
    b" CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG"
    b" HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA"
    b" MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD"
    b" RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX"
    b" USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG CNH"
    b" USDT USDC FDUSD BUSD TUSD USDP DAI EURC BTC XBT ETH BNB"
)
# `$`, `HK$`, the block of currency signs in Unicode, pound and yen.
_SIGNS = rb"[A-Z]{0,2}\$|\xe2\x82[\xa0-\xbf]|\xc2[\xa3\xa5]|\xef\xbf\xa5"
_SIGN = rb"[+-]|" + _MINUS
_NUMBER = rb"[0-9.,](?:[^A-Za-z$]*[0-9.,])?(?:[eE][+-]?[0-9]+)?"
# Patterns for what few files have are compiled when they are first needed.
_NEGATIVE = {"parentheses": rb"\(([^()]*)\)", "trailing": rb"([^()]*)-"}
# All commas stand before the point, in groups of three, or of two with three at the end.
_COMMAS_BEFORE_POINT = rb"[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})\.[0-9]+"
_DIGITS = b"0123456789"
# What stands for a space between groups: itself, and in UTF-8 the no-break, thin and narrow no-break spaces.
_SPACES = (b" ", b"\xc2\xa0", b"\xe2\x80\x89", b"\xe2\x80\xaf")


def _with_currency(text: bytes) -> re.Match[bytes] | None:
    """Split a number with a currency before or behind it, or with a sign; None if it is none.

    >>> _with_currency(b"-$101.50")["number"], _with_currency(b"101.50 USD")["number"], _with_currency(b"101.50 VOL")
    (b'101.50', b'101.50', None)
    """
    return _pattern_of_currencies().fullmatch(text)


@cache
def _pattern_of_currencies() -> re.Pattern[bytes]:  # compiled when first needed: it takes a millisecond
    currency = rb"(?:%b|%b)" % (_SIGNS, _CODES.replace(b" ", b"|"))
    before = rb"(?:%b *(?P<inner>%b)?)" % (currency, _SIGN)
    return re.compile(
        rb"(?P<sign>%b)?(?P<before> *%b *)?(?P<number>%b)(?(before)| *(?:%b)?)" % (_SIGN, before, _NUMBER, currency)
    )


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
    """How closes are written that are not plain, such as `42.004,66`, `$101.50` or `1,30,102.80`.

    `decimal` is "." or ",", `thousands` is None, or another of "," "." " ". Such a close is rewritten with a point and
    without groups, and then read like any other. Groups have exactly three digits behind the first one, which has one
    to three and does not begin with a zero; or there are none at all. So `1,23` and `0,123` are refused if the comma is
    the thousands mark, instead of being read as 123.

    What has one meaning needs no setting: a currency beside the number, U+2212 as its minus, and commas that all stand
    before one point, in groups as they are written in the West or in India. What has two is read if `negative` says
    so: "parentheses" makes `(37.63)` negative, "trailing" makes `37.63-` so. Cost: 0.3 to 2 µs a close.

    >>> Marks(",", ".").plain(b"-42.004,66"), Marks(",", " ").plain(b"42 004,66"), Marks(",").plain(b"1e-7")
    (b'-42004.66', b'42004.66', b'1e-7')
    >>> Marks().plain(b"$101.50"), Marks().plain(b"1,30,102.80"), Marks(negative="parentheses").plain(b"(37.63)")
    (b'101.50', b'130102.80', b'-37.63')
    >>> Marks(".", ",").plain(b"1,23")
    Traceback (most recent call last):
    ValueError: a number with thousands ','
    """

    def __init__(self, decimal: str = ".", thousands: str | None = None, negative: str = "sign") -> None:
        self._decimal = decimal.encode()
        self._thousands = _SPACES if thousands == " " else (thousands.encode(),) if thousands else ()
        self._negative = _NEGATIVE.get(negative)
        marks = [f"decimal {decimal!r}"] * (decimal != ".") + [f"thousands {thousands!r}"] * bool(thousands)
        self._expected = f"a number with {' and '.join(marks)}" if marks else "a decimal number"
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

    @property
    def are_usual(self) -> bool:
        """Whether a close that `parse_ticks` can read needs no marks."""
        return self.have_point and not self._thousands

    def plain(self, text: bytes) -> bytes:
        """Write a close with a point and without groups; raise ValueError, with what was expected, if it is none.

        A missing close stays as it is.
        """
        stripped = text.strip(b" ")
        if not (stripped[:1].isdigit() and stripped[-1:].isdigit()):
            stripped = self._bare(stripped)
        for mark in self._thousands:
            if mark in stripped:
                if not (
                    self._grouped[mark](stripped) or (self.have_point and re.fullmatch(_COMMAS_BEFORE_POINT, stripped))
                ):
                    raise ValueError(self._expected)
                stripped = stripped.replace(mark, b"")
                break
        else:
            if not self.have_point and b"." in stripped:
                raise ValueError(self._expected)
            if self.are_usual and b"," in stripped and re.fullmatch(_COMMAS_BEFORE_POINT, stripped):
                stripped = stripped.replace(b",", b"")
        return stripped.replace(self._decimal, b".")

    def parse(self, text: bytes) -> Close:
        """Read one close, as `parse_ticks` does."""
        return parse_ticks(self.plain(text), self._expected)

    def _bare(self, text: bytes) -> bytes:
        """Return a number without its currency, and with its sign as a minus before it; another text as it is."""
        minus = b""
        if self._negative and (negative := re.fullmatch(self._negative, text)):
            minus, text = b"-", negative[1].strip(b" ")
        match = _with_currency(text) if len(text.translate(None, _DIGITS)) < len(text) else None
        if match is None or (minus and (match["sign"] or match["inner"])):
            return minus + text
        signs = (match["sign"] or b"") + (match["inner"] or b"")
        return minus + signs.replace(_MINUS, b"-") + match["number"]


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
