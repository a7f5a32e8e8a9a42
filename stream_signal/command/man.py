"""The manual page, in the language of man(7), made from the parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal import __version__
from stream_signal.command.described import all_commands
from stream_signal.command.flags import DESCRIPTION, EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.command.described import Command, Flag

_EXIT_CODES = {
    "0": "success, or the reader of stdout closed the pipe",
    "1": "the job failed; the error record and stderr say why",
    "2": "the command line is wrong; nothing was read or written",
    "129, 130, 143": "stopped by SIGHUP, SIGINT or SIGTERM; with --follow, that is the normal end, and the code is 0",
}
_ENVIRONMENT = {
    "NO_COLOR": "if it is set and not empty, there is no colour on a terminal",
    "COLUMNS": "how wide the help is; otherwise it is as wide as the terminal",
}


def page() -> str:
    """Return the page `stream-signal(1)`."""
    job, *others = all_commands()
    lines = [
        '.\\" Written by `stream-signal man`.',
        f'.TH STREAM-SIGNAL 1 "" "stream-signal {__version__}" "User Commands"',
        ".SH NAME",
        "stream-signal \\- exact rolling-mean signals from candle CSV",
        ".SH SYNOPSIS",
        ".B stream-signal",
        "[PATH ...] [FLAGS]",
    ]
    for command in others:
        arguments = " ".join(argument.metavar for argument in command.arguments)
        lines += [".br", f".B stream-signal {command.name}", f"[FLAGS] {arguments}".rstrip()]
    lines += [".SH DESCRIPTION", _text(" ".join(DESCRIPTION.split())), "Without a path, or with"]
    lines += [f".BR {_text('-')} ,", "the candles are read from stdin."]
    for group in job.groups:
        lines += [f'.SH "{group.title.upper()}"', *_flags(group.flags)]
    lines += [".SH COMMANDS", "The first argument selects one; to read a file of that name, write ./ before it."]
    for command in others:
        lines += _command(command)
    lines += [".SH EXAMPLES", ".nf", *(_text(line.strip()) for line in EXAMPLES.splitlines()[1:]), ".fi"]
    for title, table in (('"EXIT STATUS"', _EXIT_CODES), ("ENVIRONMENT", _ENVIRONMENT)):
        lines.append(f".SH {title}")
        for name, meaning in table.items():
            lines += [".TP", f".B {_text(name)}", _text(meaning)]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> Iterator[str]:
    yield f'.SS "stream-signal {command.name}"'
    yield _text(command.summary + ".")
    for group in command.groups:
        yield from _flags(group.flags)


def _flags(flags: list[Flag]) -> Iterator[str]:
    for flag in flags:
        yield ".TP"
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in flag.names)
        yield " ".join(part for part in (names, f"\\fI{_text(flag.metavar)}\\fR" if flag.metavar else "") if part)
        yield _text(flag.help)


def _text(text: str) -> str:
    """Write text so that man shows it as it is: a hyphen that can be copied, no request, no escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
