"""Names of inputs that say that each has a symbol of its own: they differ in nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_signal.core.names import KEY, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = re.compile(r"[A-Za-z0-9]+")
# BTCUSDT, AAPL, ES; or in lower case, with a currency at the end.
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,14}|[a-z0-9]{2,12}(?:usd[tc]?|eur|gbp|jpy|btc|eth|perp)").fullmatch
_NO_SYMBOL = re.compile(
    r"(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*|(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*"
    r"|[QHMDWTVPSC][0-9]+|PART[0-9]*|OLD|NEW|CSV|GZ|ZIP",
    re.IGNORECASE,
).fullmatch


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
