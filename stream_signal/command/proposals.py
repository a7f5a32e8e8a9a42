"""What to type next, whole: the command line that was given, changed as a hint says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.advice import Advice
from stream_signal.core.printable import typed
from stream_signal.core.urls import without_secrets

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from stream_signal.core.advice import Way

# What a pipe cannot be read with.
_OF_FILES = {"follow", "rotated", "newest_first", "checkpoint", "jobs", "cluster"}
_INPUTS = {"paths", "inputs"}


class _Given(NamedTuple):
    """A flag with its value, or a path, of a command line."""

    dest: str
    texts: list[str]


def lines_of(hint: str, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> list[str]:
    """Return the lines that say a hint: its words, and each way as a command line, whole and alone.

    A way that cannot be typed so, because the rows come through a pipe or the command line has a secret in it, stays in
    the words.
    """
    if not isinstance(hint, Advice) or not hint.ways or any(without_secrets(text) != text for text in arguments):
        return [hint]
    given = list(_given(parser, arguments))
    whole = [_whole(way, given, parser) for way in hint.ways]
    if None in whole:
        return [hint]
    lines = [f"{'or' if number else 'try'} {line}" for number, line in enumerate(whole)]
    return [hint.words, *lines] if hint.words else lines


def _whole(way: Way, given: list[_Given], parser: argparse.ArgumentParser) -> str | None:
    """Return the whole command line of one way; None if there is none."""
    import shlex

    replaced = {*way.without, *(each.dest for each in _given(parser, shlex.split(way.flags)))}
    kept = [each for each in given if each.dest not in replaced]
    inputs = [each for each in kept if each.dest in _INPUTS]
    if not inputs or any(each.texts[-1] == "-" for each in inputs):
        return None
    if way.command:
        if len(inputs) > 1 or any(each.dest in _OF_FILES for each in kept):
            return None
        kept.remove(inputs[0])
    flags = [typed(text) for each in kept for text in each.texts]
    before = f"{way.command} | " if way.command else ""
    return " ".join(part for part in (before + parser.prog, *flags, way.flags) if part)


def _given(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Iterator[_Given]:
    """Yield what a command line has, in its order; what follows `--` is a path, and is one without it, too."""
    actions = parser._option_string_actions  # noqa: SLF001 - as argparse has no other way to read its flags
    rest = list(arguments)
    while rest:
        text = rest.pop(0)
        if text == "--":
            yield from (_Given("paths", [f"./{path}" if path.startswith("-") else path]) for path in rest)
            return
        is_short = text[:1] == "-" and text[:2] != "--" and len(text) > 1
        names = [f"-{letter}" for letter in text[1:]] if is_short else [text.partition("=")[0]]
        found = [actions[name] for name in names if name in actions]
        if not found:
            yield _Given("paths", [text])
            continue
        # Of `-qw 5` or `-qw5`, the first that takes a value has the rest of it, or what follows.
        at, action = next(((at, each) for at, each in enumerate(found) if each.nargs != 0), (0, found[0]))
        takes_next = action.nargs != 0 and "=" not in text and (not is_short or at == len(names) - 1)
        yield _Given(action.dest, [text, *rest[: int(takes_next)]])
        del rest[: int(takes_next)]
