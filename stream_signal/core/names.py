"""The names of inputs: the key that a pattern finds in one, and whether they say that each has a symbol of its own.

A pattern is that of a shell, with `{key}` in it once: `{key}-1m-*.csv`. It is matched against the file name alone, or
against that of the zip file if the member of one does not match. A name that can be read in two ways is refused:
`{key}-*.csv` finds BTC and BTC-USD in `BTC-USD-2024.csv`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise, product
from typing import TYPE_CHECKING

from stream_signal.core.errors import ConfigError, InputError, shown
from stream_signal.core.urls import is_url, path_in, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEY = "{key}"
_PARTS = re.compile(r"(\*|\?|\[!?\]?[^\]]*\])")
_NUMBERS = re.compile(r"([0-9]+)")
_MONTH = re.compile(r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*", re.IGNORECASE)
# A year, with a month and a day or without; or a part of a date.
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:[01][0-9](?:[0-3][0-9])?)?|[0-3]?[0-9]").fullmatch
_WORDS = re.compile(r"[A-Za-z0-9]+")
# BTCUSDT, AAPL, ES; or in lower case, with a currency at the end.
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,14}|[a-z0-9]{2,12}(?:usd[tc]?|eur|gbp|jpy|btc|eth|perp)").fullmatch
_NO_SYMBOL = re.compile(
    r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*|(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*"
    r"|[QHMDWTVPSC][0-9]+|PART[0-9]*|OLD|NEW|CSV|GZ|ZIP",
    re.IGNORECASE,
).fullmatch


def key_in(name: str, pattern: str) -> str:
    """Return the key that `pattern` finds in the name of an input; InputError if it finds none, or two.

    >>> key_in("data/BTCUSDT-1m-2024-01.csv", "{key}-1m-*.csv"), key_in("ETH.zip/prices.csv", "{key}.zip")
    ('BTCUSDT', 'ETH')
    """
    expressions = _expressions(pattern)
    for part in names_in(name):
        keys = {match["key"] for ways in expressions if (match := ways.fullmatch(part))}
        if len(keys) > 1:
            both = " and ".join(sorted(map(shown, keys), key=len))
            raise _no_key(name, f"one key as {shown(pattern)} has it", f"{both} in {shown(part)}").with_hint(
                "say more of the name: --key-pattern '{key}-1m-*.csv' instead of '{key}-*.csv'"
            )
        if keys:
            return keys.pop()
    hint = "name the files by their paths" if name == "-" else "give the pattern that its name has: --key-pattern"
    raise _no_key(name, f"a name like {shown(pattern)}", "stdin" if name == "-" else "another one").with_hint(hint)


def names_in(name: str) -> list[str]:
    """Return the names that may have the key: that of the file, and those of the archives that it is in."""
    path = path_in(name) if is_url(name) else name
    *folders, file = re.split(r"[/\\]", path.rstrip("/"))
    return [file, *(folder for folder in reversed(folders) if folder.lower().endswith(".zip"))]


@cache
def _expressions(pattern: str) -> list[re.Pattern[str]]:
    """Return expressions that give the shortest and the longest key that the pattern finds."""
    before, _, after = pattern.partition(KEY)
    ways = product(("?", ""), repeat=2)
    try:
        return [
            re.compile(f"{_regex(before, lazy)}(?P<key>.+{key_lazy}){_regex(after)}", re.DOTALL)
            for lazy, key_lazy in ways
        ]
    except re.error as error:
        expected = "a pattern of file names"
        raise ConfigError(f"key_pattern: expected {expected}, found {shown(pattern)} ({error})") from None


def _regex(pattern: str, lazy: str = "") -> str:
    parts = []
    for part in _PARTS.split(pattern):
        if part == "*":
            parts.append(f".*{lazy}")
        elif part == "?":
            parts.append(".")
        elif len(part) > 2 and part[0] == "[" and part[-1] == "]":
            inside = part[1:-1].replace("\\", r"\\").replace("[", r"\[").replace("]", r"\]").replace("^", r"\^")
            parts.append(f"[^{inside[1:]}]" if inside[0] == "!" else f"[{inside}]")
        else:
            parts.append(re.escape(part))
    return "".join(parts)


def _no_key(name: str, expected: str, found: str) -> InputError:
    cannot = f"cannot tell the key of {shown_path(name)} by its name (`@file`)"
    return InputError(f"{cannot}: expected {expected}, found {found}")


def _archive_of(name: str) -> str:
    """Return the zip file, perhaps on stdin, that an input is a member of, by its name; none is empty."""
    *folders, _ = re.split(r"[/\\]", name)
    ends = [at for at, folder in enumerate(folders, 1) if folder.lower().endswith(".zip") or name.startswith("-/")]
    return "/".join(folders[: ends[0]]) if ends else ""


def look_alike(names: Iterable[str]) -> tuple[str, str, str] | None:
    """Return two names that differ only in what looks like a symbol, and their pattern; None if there are no two.

    Those of the members of one archive are not compared: they are of one series.

    >>> look_alike(["BTCUSDT-1m-2024-01.csv", "BTCUSDT-1m-2024-02.csv", "ETHUSDT-1m-2024-01.csv"])
    ('BTCUSDT-1m-2024-01.csv', 'ETHUSDT-1m-2024-01.csv', '{key}-1m-2024-0*.csv')
    >>> look_alike(["candles-JAN.csv", "candles-FEB.csv"]), look_alike(["a1.csv", "a2.csv"])
    (None, None)
    >>> look_alike(["z.zip/BTCUSDT.csv", "z.zip/ETHUSDT.csv"])
    """
    first: dict[tuple[str, str], tuple[str, str]] = {}
    places = [(names_in(name)[0], _archive_of(name)) for name in names]
    for name, archive in places:
        for word in _WORDS.finditer(name):
            if not _SYMBOL(word[0]) or _NO_SYMBOL(word[0]):
                continue
            around = name[: word.start()], name[word.end() :]
            other, beside = first.setdefault(around, (name, archive))
            if _without_digits(other) != _without_digits(name) and not (archive and archive == beside):
                return other, name, _pattern_of(around, [name for name, _ in places])
    return None


def overlapping(inputs: Sequence[tuple[str, int, int]]) -> tuple[str, str, str] | None:
    """Return two inputs of different series, and the pattern of their names; None if there are no two.

    Each has its name, and its first and its last time. Two series are those whose times overlap by half of the shorter
    one, and whose names differ by more than a date, or a number that goes up by one. The members of an archive are one,
    unless their names look like symbols.

    >>> overlapping([("000001.csv", 1, 9), ("600000.csv", 1, 9)])
    ('000001.csv', '600000.csv', '{key}.csv')
    >>> overlapping([("part-0.csv", 1, 9), ("part-1.csv", 1, 9)]), overlapping([("a.csv", 1, 4), ("b.csv", 4, 9)])
    (None, None)
    """
    places = [(names_in(name)[0], _archive_of(name)) for name, *_ in inputs]
    names = list(dict.fromkeys(name for name, _ in places))
    spans = sorted((min(times), max(times), place) for (_, *times), place in zip(inputs, places, strict=True))
    for (start, end, (one, archive)), (later, latest, (other, beside)) in pairwise(spans):
        overlap = min(end, latest) - later
        if 2 * overlap <= min(end - start, latest - later):
            continue
        if archive and archive == beside and not look_alike((one, other)):
            continue
        if not _are_of_one_series(one, other, names):
            first, second = sorted((one, other), key=names.index)
            return first, second, _pattern_between(first, second, names)
    return None


def _are_of_one_series(one: str, other: str, names: list[str]) -> bool:
    """Whether two names differ only by dates, or by one number of those that all names have in its place."""
    parts, others = (_NUMBERS.split(_MONTH.sub("0", name)) for name in (one, other))
    if parts[::2] != others[::2]:
        return False
    differing = [at for at, (part, another) in enumerate(zip(parts, others, strict=True)) if part != another]
    if all(_DATE(part[at]) for part in (parts, others) for at in differing):
        return True
    numbers = sorted(int(texts[differing[0]]) for name in names if (texts := _NUMBERS.split(name))[::2] == parts[::2])
    return len(differing) == 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _pattern_between(one: str, other: str, names: list[str]) -> str:
    """Return a pattern in which the key is the one word by which two names differ, or else all but their ending."""
    words, others = list(_WORDS.finditer(one)), list(_WORDS.finditer(other))
    differing = [word for word, another in zip(words, others, strict=False) if word[0] != another[0]]
    if len(words) == len(others) and len(differing) == 1:
        return _pattern_of((one[: differing[0].start()], one[differing[0].end() :]), names)
    ending = re.search(r"(?:\.[A-Za-z]+)*$", one)
    return f"{KEY}{ending[0] if ending else ''}"


def _without_digits(name: str) -> str:
    return re.sub("[0-9]", "", name)


def _pattern_of(around: tuple[str, str], names: list[str]) -> str:
    """Return a pattern for all names that begin and go on as these two do, for as long as they are alike."""
    before, after = around
    end = re.search(r"(?:\.[A-Za-z]+)+$", after)
    ending = end[0] if end else ""
    rests = []
    for name in names:
        word = re.match(r"[A-Za-z0-9]+", name[len(before) :]) if name.startswith(before) else None
        if word and name.endswith(ending):
            rests.append(name[len(before) + word.end() : len(name) - len(ending)])
    if len(set(rests)) == 1:
        return f"{before}{KEY}{after}"
    alike = 0
    while all(rest[alike : alike + 1] == rests[0][alike : alike + 1] != "" for rest in rests):
        alike += 1
    return f"{before}{KEY}{rests[0][:alike]}*{ending}"
