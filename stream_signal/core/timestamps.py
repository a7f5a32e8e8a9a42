"""The text of a timestamp -> nanoseconds since 1970, by a small table of forms.

A timestamp is a number (of seconds, or of milliseconds and so on, by its digits), a date with or without a clock, or a
clock alone.
Years may be those of Thailand, which are 543 ahead, or of Taiwan, which have three digits and are 1911 behind.
Two texts that differ only in their digits have the same form, so the table is searched once for each form, and not for
each row. Dates and clocks that come again are remembered. A text in no form cannot be compared: nothing is guessed.

In `03/10/2024`, day and month could be either. Such a text has two readings, day first and month first.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import add
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.steps import DATE_SIZES, NANOSECONDS, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer than any timestamp; Python refuses to read numbers of more than 4300 digits.
MAX_BYTES = 128
AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
# The time of one text, day first and month first; None if it has no such reading.
Readings = tuple[int | None, int | None]
NO_READING: Readings = (None, None)

_DAY = 86_400 * NANOSECONDS
# Patterns are compiled when they are first needed: to compile all takes 4 ms, and most files need one of them.
_NUMBER = rb"-?0+(?:\.0+)?|-?0(?:\.0{1,30})?[eE]\+?00?"
_WORD = rb"[A-Za-z\x80-\xff]{3,20}"  # the name of a month
# 年, 月 and 日 in UTF-8, GBK, Shift JIS and Big5, and the Korean signs in UTF-8 and EUC-KR.
_YEAR = rb"(?:\xe5\xb9\xb4|\xc4\xea|\x94N|\xa6~|\xeb\x85\x84|\xb3\xe2) ?"
_MONTH = rb"(?:\xe6\x9c\x88|\xd4\xc2|\x8c\x8e|\xa4\xeb|\xec\x9b\x94|\xbf\xf9) ?"
_DAY_OF_MONTH = rb"(?:\xe6\x97\xa5|\xc8\xd5|\x93\xfa|\xa4\xe9|\xec\x9d\xbc|\xc0\xcf)"
# The first two sort as text. `a` and `b` are day and month, in either order.
_DATES = (
    rb"(?P<y>\d{4})(?P<sep>[-./])(?P<m>\d\d?)(?P=sep)(?P<d>\d\d?)",  # 2024-03-10, 2024.03.10
    rb"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",  # 20240310
    rb"(?P<y>\d{4})[- ]?(?P<name>" + _WORD + rb")[- ]?(?P<d>\d\d?)",  # 2024-Mar-10
    rb"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4}|\d\d)",  # 10.03.2024
    rb"(?P<a>\d\d?)(?P<sep>[-/])(?P<b>\d\d?)(?P=sep)(?P<y>\d{4}|\d\d)",  # 10/03/2024 or 03/10/2024
    rb"(?:[A-Za-z]{3,9}, ?)?(?P<d>\d\d?)\.?(?:[-/ .]|)(?:de )?"  # Sun, 10 Mar 2024, 10-Mar-24, 10MAR2024, 10. März 2024
    rb"(?P<name>" + _WORD + rb")\.?,?(?: de)?(?:[-/ ]|)(?P<y>\d{4}|\d\d)",
    rb"(?:[A-Za-z]{3,9},? )?(?P<name>" + _WORD + rb")\.?[- ](?P<d>\d\d?)(?:,? |-)(?P<y>\d{4})",  # Mar 10, 2024
    rb"(?P<y>\d{3,4})" + _YEAR + rb"(?P<m>\d\d?)" + _MONTH + rb"(?P<d>\d\d?)" + _DAY_OF_MONTH,
    rb"(?P<y>\d{4})\. (?P<m>\d\d?)\. (?P<d>\d\d?)\.?",  # 2024. 3. 10.
    rb"(?P<y>\d{3})(?P<sep>[-./])(?P<m>\d\d?)(?P=sep)(?P<d>\d\d?)",  # 113/03/10
    rb"(?=\d\d?:)",  # a clock alone, of a day that is not known
)
_CLOCK = (
    rb"(?:[TtD_ ]|, |) *(?P<hour>\d\d?)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,:]?(?P<part>\d{1,9}))?)?)?"
    rb"(?:[ -]?(?P<half>[AaPp])[Mm])?"  # 11-PM
    rb"(?: *(?P<zone>[A-Za-z]{1,4}|[+-]\d\d(?::?\d\d)?))?"
)
# Names of the months from January on, those that are no name of another month elsewhere.
# (Listopad is November to Czechs and Poles and October to Croats, lipiec and lipanj are July and June.)
_MONTHS = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august sept oktober november dezember",
    "jänner feber mrz apr mai jun jul aug sep okt nov dez",
    "januari februari maart april mei juni juli augustus september oktober november desember",
    "jan feb mrt apr maj jun jul agu sep okt nov des",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "janv févr mars avr mai juin juil aout sept oct nov déc",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ene feb mar abr may jun jul ago set oct nov dic",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "ocak şubat mart nisan mayis haziran temmuz ağustos eylül ekim kasim aralik",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października nov grudnia",
    "sty lut mar kwi maj cze jul sie wrz paź nov gru",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
    "ledna února března dubna května června července srpna září října nov prosince",
)
# Those of names of months; one that is read in another encoding is none.
_ENCODINGS = ("utf-8", "cp1252", "cp1250", "cp1251", "cp1254")
_TURKISH = {0x131: "i", 0x307: ""}  # with a dot and without: case folding keeps them apart
_DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# Those of RFC 2822, in hours.
_ZONES = dict.fromkeys((b"Z", b"UT", b"UTC", b"GMT"), 0)
_ZONES |= {b"EDT": -4, b"EST": -5, b"CDT": -5, b"CST": -6, b"MDT": -6, b"MST": -7, b"PDT": -7, b"PST": -8}


class Form(NamedTuple):
    """A form of timestamps: all texts that differ from `zeros` only in their digits."""

    zeros: bytes
    date: int | None
    """its row in the table of dates; None for a number"""
    cut: int
    """bytes of the date"""
    zone: int
    """bytes of a zone in digits: two texts of this form have the same zone only if these agree"""
    sorts: bool
    """whether texts of this form, and with the same zone, sort as text"""

    def readings(self, text: bytes) -> Readings:
        """Return the time of a text of this form, in nanoseconds, day first and month first.

        >>> text = b"05/04/2024 00:00"
        >>> [nanoseconds // 10**9 for nanoseconds in form_of(text).readings(text)]
        [1712275200, 1714780800]
        """
        if self.date is None:
            number = _number(text)
            return number, number
        clock = _clock(text[self.cut :])
        day_first, month_first = _dates(text[: self.cut], self.date)
        if clock is None:
            return NO_READING
        return (
            None if day_first is None else day_first + clock,
            None if month_first is None else month_first + clock,
        )

    def all_of(self, texts: Sequence[bytes]) -> list[int] | None:
        """Return the time of each text of this form, which sorts; None if one of them is no time."""
        if self.date is None:
            unit = unit_of(len(texts[0]))
            return [int(text) * unit for text in texts] if b"." not in self.zeros else list(map(_decimal, texts))
        cut, date = self.cut, self.date
        try:
            days = [_dates(text[:cut], date)[0] for text in texts]
            return list(map(add, days, [_clock(text[cut:]) for text in texts]))
        except TypeError:  # a None
            return None


def form_of(text: bytes) -> Form | None:
    """Return the form of a text without spaces around it; None if it is in no known form.

    >>> form_of(b"2024-03-10 17:00").zeros, form_of(b"tomorrow")
    (b'0000-00-00 00:00', None)
    """
    return _form(text.translate(AS_ZEROS)) if len(text) <= MAX_BYTES else None


def moment_of(setting: str | float) -> int:
    """Return the nanoseconds since 1970 that a setting stands for; ValueError if it is no time, or one of two.

    >>> moment_of("1970-01-01 00:00:01"), moment_of(1_704_067_200) // 10**9
    (1000000000, 1704067200)
    """
    text = str(setting).encode()
    form = form_of(text)
    day_first, month_first = form.readings(text) if form else NO_READING
    if day_first is None or day_first != month_first:
        raise ValueError("no time")
    return day_first


def is_later(time: bytes, before: bytes) -> bool:
    """Whether a timestamp is later than another, whichever of day and month comes first.

    False, too, if they cannot be compared; a date and a number are not.

    >>> is_later(b"120", b"60"), is_later(b"02/01/2024", b"01/02/2024"), is_later(b"noon", b"morning")
    (True, False, False)
    """
    form, form_before = form_of(time), form_of(before)
    if form is None or form_before is None or (form.date is None) != (form_before.date is None):
        return False
    pairs = zip(form.readings(time), form_before.readings(before), strict=True)
    return all(now is not None and then is not None and now > then for now, then in pairs)


def are_of_one_form(together: bytes, form: Form, first: bytes, count: int) -> bool:
    """Whether `count` texts, joined, all have the form of the first of them, and its zone."""
    if form.date is None and len(form.zeros) * count == len(together) and together.isdigit():
        return form.zeros.isdigit()
    if together.translate(AS_ZEROS) != form.zeros * count:
        return False
    size = len(first)
    return all(together[at::size] == first[at : at + 1] * count for at in range(size - form.zone, size))


@lru_cache(maxsize=256)
def _form(zeros: bytes) -> Form | None:
    if re.fullmatch(_NUMBER, zeros):
        whole = zeros.partition(b".")[0]
        is_plain = zeros[0] == ord("0") and b"e" not in zeros.lower()
        return Form(zeros, None, 0, 0, sorts=is_plain and len(whole) not in DATE_SIZES)
    for date, pattern in enumerate(_DATES):
        match = re.match(pattern, zeros)
        clock = match and re.fullmatch(_CLOCK, zeros[match.end() :])
        is_apart = match and (not match.end() or zeros[match.end() :][:1] != b"0")
        if match and is_apart and (clock or match.end() == len(zeros)):
            half, zone = (clock["half"], clock["zone"] or b"") if clock else (None, b"")
            return Form(zeros, date, match.end(), len(zone) if zone[:1] in b"+-" else 0, sorts=date < 2 and not half)
    return None


def _number(text: bytes) -> int:
    """Read a number: a date in digits if it can be one, otherwise seconds or parts of them since 1970."""
    if len(text) in DATE_SIZES and text.isdigit():
        midnight = _dates(text[:8], 1)[0]
        clock = _clock(b" " + text[8:14] + b"." * (len(text) > 14) + text[14:]) if len(text) > 8 else 0
        if midnight is not None and clock is not None and text[:2] in {b"19", b"20"}:
            return midnight + clock
    return _decimal(text)


def _decimal(text: bytes) -> int:
    whole, _, part = text.partition(b".")
    try:
        number = int(whole + part)
    except ValueError:  # with an exponent
        mantissa, _, exponent = text.lower().partition(b"e")
        whole, _, part = mantissa.partition(b".")
        digits = int(exponent)
        whole, part = whole + part[:digits].ljust(digits, b"0"), part[digits:]
        number = int(whole + part)
    scale: int = 10 ** len(part)
    return number * unit_of(len(whole.lstrip(b"-"))) // scale


@lru_cache(maxsize=4096)
def _dates(text: bytes, date: int) -> Readings:
    """Return the midnight that a date begins with, day first and month first."""
    if not text:
        return 0, 0
    match = re.fullmatch(_DATES[date], text)
    if match is None:
        return NO_READING
    fields = match.groupdict()
    year = int(fields["y"])
    if year >= 2443 or len(fields["y"]) < 4:
        year = _year_of(year, len(fields["y"]))
    if "a" in fields:
        a, b = int(fields["a"]), int(fields["b"])
        return _midnight(year, b, a), _midnight(year, a, b)
    month = int(fields["m"]) if "m" in fields else _month(fields["name"])
    midnight = _midnight(year, month, int(fields["d"]))
    return midnight, midnight


def _year_of(number: int, digits: int) -> int:
    """Return the year of a number that is no plain one: of two digits, of Taiwan, or of Thailand."""
    if digits == 2:
        return number + (2000 if number < 70 else 1900)
    if digits == 3:
        return number + 1911
    return number - 543 if number <= 2700 else number


def _month(name: bytes) -> int:
    for encoding in _ENCODINGS:
        folded = name.decode(encoding, "replace").casefold().translate(_TURKISH)
        if folded in _months():
            return _months()[folded]
    return 0


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    return {name: month for names in _MONTHS for month, name in enumerate(names.split(), start=1)}


def _midnight(year: int, month: int, day: int) -> int | None:
    """Return the nanoseconds from 1970 to a date of the Gregorian calendar; None if there is no such date."""
    if not 1 <= month <= 12:
        return None
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _DAYS_OF_MONTHS[month - 1] + (month == 2 and is_leap):
        return None
    years = year - 1
    days = 365 * years + years // 4 - years // 100 + years // 400
    days += sum(_DAYS_OF_MONTHS[: month - 1]) + (month > 2 and is_leap) + day
    return (days - 719_163) * _DAY  # the days of the years up to 1969, and 1


def date_of(day: int) -> tuple[int, int, int]:
    """Return the year, the month and the day of a day, by its number since 1970, in the Gregorian calendar.

    >>> date_of(0), date_of(-1), date_of(19_782)
    ((1970, 1, 1), (1969, 12, 31), (2024, 2, 29))
    """
    # By years that begin in March, of which the last day may be the 29th of February: 146,097 days are 400 years.
    era, day_of_era = divmod(day + 719_468, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    number = month + 3 if month < 10 else month - 9
    return 400 * era + year + (number <= 2), number, day_of_year - (153 * month + 2) // 5 + 1


@lru_cache(maxsize=4096)
def _clock(text: bytes) -> int | None:
    """Return the nanoseconds from midnight UTC to a clock; without a zone it is taken as UTC."""
    if not text:
        return 0
    match = re.fullmatch(_CLOCK, text)
    if match is None:
        return None
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    part = int((match["part"] or b"0").ljust(9, b"0"))
    is_end = hour == 24 and not minute and not second and not part  # of the day
    if (hour > 23 and not is_end) or minute > 59 or second > 60:
        return None
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match["half"].lower() == b"p")
    offset = _offset(match["zone"])
    if offset is None:
        return None
    return (hour * 3600 + minute * 60 + second - offset) * NANOSECONDS + part


def _offset(zone: bytes | None) -> int | None:
    """Return the seconds by which a zone is ahead of UTC; None if it is unknown."""
    if zone is None:
        return 0
    if zone[:1] not in b"+-":
        hours = _ZONES.get(zone.upper())
        return None if hours is None else hours * 3600
    digits = zone[1:].replace(b":", b"")
    seconds = int(digits[:2]) * 3600 + int(digits[2:] or b"0") * 60
    return -seconds if zone[:1] == b"-" else seconds
