"""What is wrong with a command line, on one line, with the nearest flag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMANDS = ("candles", "checkpoint", "formats", "verify", "completion", "man")
_UNKNOWN = re.compile(r"unrecognized arguments: (?P<words>.*)", re.DOTALL)
# `-verbose` reads as `-v` with the rest as its value.
_ONE_DASH = re.compile(r"argument (?P<flag>-\w)\b.*: ignored explicit argument '(?P<rest>.*)'", re.DOTALL)


def in_words(message: str, flags: Iterable[str]) -> str:
    """Put a message of argparse into words on one line; `flags` are those that there are.

    >>> in_words("unrecognized arguments: --windw", ["--window", "--version"])
    'unrecognized argument --windw; did you mean --window?'
    """
    if found := _ONE_DASH.fullmatch(message):
        return _of_flag(found["flag"] + found["rest"], flags)
    if found := _UNKNOWN.fullmatch(message):
        words = found["words"].split()
        for word in words:
            if word.startswith("-"):
                return _of_flag(word.partition("=")[0], flags)
        return f"unexpected argument {found['words']!r}"
    return " ".join(message.splitlines())


def misspelt_command(argument: str) -> str | None:
    """Return a hint if a path that is not there may be a misspelt command."""
    from difflib import get_close_matches

    near = get_close_matches(argument, COMMANDS, n=1)
    return f"did you mean the command `stream-signal {near[0]}`?" if near else None


def _of_flag(name: str, flags: Iterable[str]) -> str:
    near = _nearest(name.lstrip("-").lower(), {flag.lstrip("-"): flag for flag in flags})
    return f"unrecognized argument {name}" + (f"; did you mean {near}?" if near else "")


def _nearest(name: str, flags: dict[str, str]) -> str | None:
    longer = sorted((flag for flag in flags if flag.startswith(name)), key=len)
    if longer and (len(name) > 1 or len(longer) == 1):
        return flags[longer[0]]
    from difflib import get_close_matches

    near = get_close_matches(name, flags, n=1)
    return flags[near[0]] if near else None
