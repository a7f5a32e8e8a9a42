"""Encodings: a header that is not UTF-8, as it reads in the encodings that files of candles come in.

Digits and the delimiters are the same bytes in all of them as in UTF-8, so that rows can be read as they are. The bar
alone is not: it may be the second byte of a character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.quotes import FieldError, split_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# The names by which Python and iconv know them, each that Windows has made of a standard: cp932 of Shift JIS, cp949 of
# EUC-KR. Of those that give one text, the first is named.
_OF_TWO_BYTES = ("gbk", "cp932", "big5", "cp949")
ENCODINGS = (*_OF_TWO_BYTES, "cp1252", "cp1250", "cp1251", "cp1254")
# What people call those that they may know by another name.
_SHOWN = {"cp932": "Shift JIS", "cp949": "EUC-KR", "big5": "Big5"}
_WORD = re.compile(r"[^\W\d_]+")
# The two bytes of the characters that are common in each, most of what a name consists of.
_COMMON = {
    "gbk": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "cp932": re.compile(rb"[\x82\x83][\x40-\xf1]|[\x88-\x97][\x40-\xfc]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
    "cp949": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"),
}


class Reading(NamedTuple):
    """A header in one encoding."""

    encoding: str
    delimiter: str
    names: tuple[str, ...]


def shown_encoding(encoding: str) -> str:
    """Return the name of an encoding as people write it.

    >>> shown_encoding("gbk"), shown_encoding("cp932"), shown_encoding("cp1251")
    ('GBK', 'Shift JIS', 'CP1251')
    """
    return _SHOWN.get(encoding, encoding.upper())


def is_utf_8(line: bytes) -> bool:
    """Whether the line is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def readings_of(line: bytes, delimiters: Sequence[str]) -> Iterator[Reading]:
    r"""Yield the names of a line that is not UTF-8 in each encoding that its bytes can be, split at each delimiter.

    >>> [reading.names for reading in readings_of("日付,終値".encode("cp932"), ",") if reading.encoding == "cp932"]
    [('日付', '終値')]
    """
    for encoding in ENCODINGS:
        for mark in delimiters:
            if mark.encode() not in line or (mark == "|" and encoding in _OF_TWO_BYTES):
                continue
            try:
                names = tuple(field.decode(encoding).strip() for field in split_line(line, mark))
            except (UnicodeDecodeError, FieldError):
                continue
            yield Reading(encoding, mark, names)


def find_encoded(
    line: bytes, delimiters: Sequence[str], find: Callable[[tuple[str, ...]], list[int]]
) -> tuple[Reading, int] | None:
    """Return the reading in which `find` finds the close, and its position; None if it does in none, or in several.

    Several encodings with the same name at the same position are one reading.
    """
    if is_utf_8(line):
        return None
    meanings: dict[object, tuple[Reading, int]] = {}
    for reading in readings_of(line, delimiters):
        places = find(reading.names)
        for place in places:
            key = reading.delimiter, place, reading.names[place], len(places)
            meanings.setdefault(key, (reading, place))
    return next(iter(meanings.values())) if len(meanings) == 1 else None


def likely(line: bytes, delimiters: Sequence[str]) -> list[Reading]:
    """Return the readings that look most like words, one for each text; none if the line is UTF-8.

    >>> [reading.encoding for reading in likely("Дата;Цена закр.".encode("cp1251"), ";")]
    ['cp1251']
    """
    if is_utf_8(line):
        return []
    scores: dict[tuple[str, ...], tuple[float, Reading]] = {}
    for reading in readings_of(line, delimiters):
        scores.setdefault(reading.names, (_score(reading), reading))
    best = max((score for score, _ in scores.values()), default=0)
    return [reading for score, reading in scores.values() if score == best]


def _score(reading: Reading) -> float:
    """Return the share of the characters that are no ASCII and look as if they were meant."""
    text = " ".join(reading.names)
    others = sum(not character.isascii() for character in text)
    if common := _COMMON.get(reading.encoding):
        return sum(bool(common.fullmatch(character.encode(reading.encoding))) for character in text) / others
    words = _WORD.findall(text)
    return sum(sum(not character.isascii() for character in word) for word in words if _is_one_script(word)) / others


def _is_one_script(word: str) -> bool:
    """Whether a word is Cyrillic alone, in capitals or not, or Latin with few marks."""
    is_cyrillic = ["\u0400" <= character <= "\u04ff" for character in word]
    if any(is_cyrillic):
        return all(is_cyrillic) and (word[1:].islower() or word.isupper() or len(word) == 1)
    return 2 * sum(character.isascii() for character in word) >= len(word)
