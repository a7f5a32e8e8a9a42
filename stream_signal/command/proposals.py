"""What to type next, whole: the command line that was given, changed as a hint says, in lines of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.urls import without_secrets
from stream_signal.hints.shell import as_path, text_of, typed_all, typed_before
from stream_signal.outputs.stderr import complain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from stream_signal.core.errors import Hint, StreamSignalError, Way

# What a pipe cannot be read with.
_OF_FILES = {"follow", "rotated", "newest_first", "checkpoint", "jobs", "cluster"}
_INPUTS = {"paths", "inputs"}


class _Given(NamedTuple):
    """A flag with its value, or a path, of a command line."""

    dest: str
    texts: list[str]


def explain(error: StreamSignalError, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> None:
    """Write an error to stderr, and what to type next."""
    complain(error, lines_of(error.hint, parser, arguments))


def lines_of(hint: Hint | None, parser: argparse.ArgumentParser, arguments: Sequence[str]) -> list[str]:
    """Return the lines that say a hint: its words, and each way as a command line, whole and alone.

    If one cannot be typed so, as with a secret on the command line, the words have the flags that are missing.
    """
    if hint is None:
        return []
    if any(without_secrets(text) != text for text in arguments):
        return [text_of(hint)]
    given = list(_given(parser, arguments))
    whole = [_whole(way, hint, given, parser) for way in hint.ways]
    if not whole or None in whole:
        return [text] if (text := text_of(hint)) else []
    start = "either" if hint.either else "try"
    lines = [f"{'or' if number else start} {line}" for number, line in enumerate(whole)]
    return [hint.words, *lines] if hint.words else lines


def _whole(way: Way, hint: Hint, given: list[_Given], parser: argparse.ArgumentParser) -> str | None:
    """Return the whole command line of one way; None if there is none."""
    replaced = {*way.without, *(part.dest for part in _given(parser, way.flags))}
    kept = [part for part in given if part.dest not in replaced]
    before = ""
    if way.before:
        pipeline = typed_before(way.before, hint.path, hint.printing)
        if pipeline is None or any(part.dest in _OF_FILES for part in kept):
            return None
        before = f"{pipeline} | "
        inputs = [at for at, part in enumerate(kept) if part.dest in _INPUTS]
        is_read = as_path(hint.path or "-")
        reading = next((at for at in inputs if as_path(_value_of(kept[at].texts[-1])) == is_read), None)
        if len(inputs) > 1 and reading is not None:  # it comes from the pipeline, the others as they are
            kept[reading] = _Given("paths", [*kept[reading].texts[:-1], _with_value(kept[reading].texts[-1], "-")])
        elif reading is not None:
            del kept[reading]
        elif inputs:  # a URL, or one of several members of an archive
            return None
    if way.first:
        before = f"{typed_all(way.first)} && "
    texts = [text for part in kept for text in part.texts]
    if way.instead:
        old, new = way.instead
        at = next((at for at, text in enumerate(texts) if as_path(_value_of(text)) == as_path(old)), None)
        if at is None:
            return None
        texts[at] = _with_value(texts[at], new)
    return f"{before}{typed_all([*parser.prog.split(), *texts, *way.flags])}"


def _value_of(text: str) -> str:
    return text.partition("=")[2] if text.startswith("--") and "=" in text else text


def _with_value(text: str, value: str) -> str:
    return value if _value_of(text) == text else f"{text.partition('=')[0]}={value}"


def _given(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> Iterator[_Given]:
    """Yield what a command line has, in its order; what follows `--` is a path, and is one without it, too."""
    actions = parser._option_string_actions  # noqa: SLF001 - as argparse has no other way to read its flags
    rest = list(arguments)
    while rest:
        text = rest.pop(0)
        if text == "--":
            yield from (_Given("paths", [as_path(path)]) for path in rest)
            return
        is_short = text[:1] == "-" and text[:2] != "--" and len(text) > 1
        names = [f"-{letter}" for letter in text[1:]] if is_short else [text.partition("=")[0]]
        named = [actions[name] for name in names if name in actions]
        if not named:
            yield _Given("paths", [text])
            continue
        # Of `-qw 5` or `-qw5`, the first that takes a value has the rest of it, or what follows.
        at, action = next(((at, option) for at, option in enumerate(named) if option.nargs != 0), (0, named[0]))
        takes_next = action.nargs != 0 and "=" not in text and (not is_short or at == len(names) - 1)
        yield _Given(action.dest, [text, *rest[: int(takes_next)]])
        del rest[: int(takes_next)]
