"""The names of inputs: the key that a pattern finds in one, and whether they say that each has a symbol of its own.

A pattern is that of a shell, with `{key}` in it once: `{key}-1m-*.csv`. It is matched against the file name alone, or
against that of the zip file if the member of one does not match. A name that can be read in two ways is refused:
`{key}-*.csv` finds BTC and BTC-USD in `BTC-USD-2024.csv`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from stream_signal.core.errors import ConfigError, InputError, shown
from stream_signal.core.urls import is_url, path_in, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterable

KEY = "{key}"
_PARTS = re.compile(r"(\*|\?|\[!?\]?[^\]]*\])")
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
        found = {match["key"] for ways in expressions if (match := ways.fullmatch(part))}
        if len(found) > 1:
            both = " and ".join(sorted(map(shown, found), key=len))
            raise _no_key(name, f"one key as {shown(pattern)} has it", f"{both} in {shown(part)}").with_hint(
                "say more of the name: --key-pattern '{key}-1m-*.csv' instead of '{key}-*.csv'"
            )
        if found:
            return found.pop()
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


def look_alike(names: Iterable[str]) -> tuple[str, str, str] | None:
    """Return two names that differ only in what looks like a symbol, and their pattern; None if there are no two.

    >>> look_alike(["BTCUSDT-1m-2024-01.csv", "BTCUSDT-1m-2024-02.csv", "ETHUSDT-1m-2024-01.csv"])
    ('BTCUSDT-1m-2024-01.csv', 'ETHUSDT-1m-2024-01.csv', '{key}-1m-2024-0*.csv')
    >>> look_alike(["candles-JAN.csv", "candles-FEB.csv"]), look_alike(["a1.csv", "a2.csv"])
    (None, None)
    """
    first: dict[tuple[str, str], str] = {}
    names = [names_in(name)[0] for name in names]
    for name in names:
        for word in _WORDS.finditer(name):
            if not _SYMBOL(word[0]) or _NO_SYMBOL(word[0]):
                continue
            around = name[: word.start()], name[word.end() :]
            other = first.setdefault(around, name)
            if _without_digits(other) != _without_digits(name):
                return other, name, _pattern_of(around, names)
    return None


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
