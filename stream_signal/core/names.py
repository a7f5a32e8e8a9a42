"""The names of inputs: the key that a pattern finds in one.

A pattern is that of a shell, with `{key}` in it once: `{key}-1m-*.csv`. It is matched against the file name alone, or
against that of the zip file if the member of one does not match. A name that can be read in two ways is refused:
`{key}-*.csv` finds BTC and BTC-USD in `BTC-USD-2024.csv`.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import product

from stream_signal.core.errors import ConfigError, InputError, shown
from stream_signal.core.urls import is_url, path_in, shown_path

KEY = "{key}"
_PARTS = re.compile(r"(\*|\?|\[!?\]?[^\]]*\])")


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
