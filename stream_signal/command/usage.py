"""What is wrong with a command line, on one line, with the nearest flag."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from stream_signal.core.urls import without_secrets
from stream_signal.hints.shell import typed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What others have as commands, and this one as flags.
IN_WORDS = {"help": "--help", "version": "--version"}
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


def misspelt_command(arguments: Sequence[str], commands: Iterable[str]) -> list[str] | None:
    """Return the lines of a hint if the first argument is no file and may be meant as a command; None if not.

    >>> misspelt_command(["candels", "--rows", "3"], ["candles", "verify"])
    ['did you mean the command `candles`?', 'try stream-signal candles --rows 3']
    >>> misspelt_command(["candles.csv"], ["candles", "verify"])
    """
    word, *rest = arguments or [""]
    if not re.fullmatch(r"[A-Za-z-]+", word) or word.startswith("-") or os.path.exists(word):
        return None
    from difflib import get_close_matches

    if word == "run" and rest:
        words, command = "there is no command `run`: the inputs follow at once", rest
    elif near := get_close_matches(word.lower(), [*commands, *IN_WORDS], n=1):
        words, command = f"did you mean the command `{near[0]}`?", [near[0], *rest]
    else:
        return None
    if any(without_secrets(text) != text for text in rest):
        return [words]
    return [words, f"try {' '.join(['stream-signal', *map(typed, command)])}"]


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
