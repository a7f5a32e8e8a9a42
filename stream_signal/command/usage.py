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


def unknown(arguments: Sequence[str], flags: Iterable[str]) -> str:
    """Say which of the arguments that no flag takes is wrong, with the nearest of the flags that there are.

    >>> unknown(["--windw"], ["--window", "--version"]), unknown(["5", "6"], ["--window"])
    ('unrecognized argument --windw; did you mean --window?', "unexpected argument '5 6'")
    """
    for argument in arguments:
        if argument.startswith("-"):
            name = argument.partition("=")[0]
            near = _nearest(name.lstrip("-").lower(), {flag.lstrip("-"): flag for flag in flags})
            return f"unrecognized argument {name}" + (f"; did you mean {near}?" if near else "")
    return f"unexpected argument {' '.join(arguments)!r}"


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


def _nearest(name: str, flags: dict[str, str]) -> str | None:
    longer = sorted((flag for flag in flags if flag.startswith(name)), key=len)
    if longer and (len(name) > 1 or len(longer) == 1):
        return flags[longer[0]]
    from difflib import get_close_matches

    near = get_close_matches(name, flags, n=1)
    return flags[near[0]] if near else None
