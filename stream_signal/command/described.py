"""What the flags of a parser are, as data: for the manual page and for the shells, which must not differ from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.command.flags import HIDDEN, PARSERS, PATHS, VALUES, job_parser

if TYPE_CHECKING:
    from argparse import Action

    from stream_signal.command.flags import Parser


class Flag(NamedTuple):
    """A flag, or an argument, which has no names."""

    names: tuple[str, ...]
    metavar: str
    """of its value; empty if it has none"""
    help: str
    values: tuple[str, ...]
    """what it may be, if that is little"""
    takes_path: bool
    repeats: bool


class Group(NamedTuple):
    """Flags that belong together."""

    title: str
    flags: list[Flag]


class Command(NamedTuple):
    """The job, which has no name, or one of the other commands."""

    name: str
    summary: str
    """its first sentence"""
    groups: list[Group]

    @property
    def flags(self) -> list[Flag]:
        """All that have a name."""
        return [flag for group in self.groups for flag in group.flags if flag.names]

    @property
    def arguments(self) -> list[Flag]:
        """All that have none."""
        return [flag for group in self.groups for flag in group.flags if not flag.names]


def all_commands() -> list[Command]:
    """Return the job and the other commands."""
    parsers = {"": job_parser(), **{name: make() for name, make in PARSERS.items()}}
    return [Command(name, _summary(parser), groups_of(parser)) for name, parser in parsers.items()]


def groups_of(parser: Parser) -> list[Group]:
    """Return all flags and arguments of a parser, as its help shows them."""
    groups = [
        Group(
            group.title or "",
            [_flag(action) for action in group._group_actions if action.help != HIDDEN],  # noqa: SLF001 - nobody else tells
        )
        for group in parser._action_groups  # noqa: SLF001
    ]
    return [group for group in groups if group.flags]


def _summary(parser: Parser) -> str:
    text = " ".join((parser.description or "").split())
    return text.partition(": ")[0].partition(". ")[0].removesuffix(".")


def _flag(action: Action) -> Flag:
    values = tuple(action.choices or VALUES.get(action.dest, ()))
    if action.dest == "format":
        from stream_signal.core.formats import FORMATS

        values = tuple(FORMATS)
    metavar = str(action.metavar or action.dest.upper()) if action.nargs != 0 else ""
    return Flag(
        tuple(action.option_strings),
        metavar,
        (action.help or "").replace("%%", "%"),
        values,
        takes_path=action.type in PATHS,
        repeats=action.nargs == "*" or action.dest in {"inputs", "time_column", "verbose"},
    )
