"""Advice: a hint that has something to type in it, as a value that the edge puts into a whole command.

A hint is made where the data is; only the command knows the path and the flags that were given, and writes the line
that can be typed as it stands. For everybody else, an advice is its text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.printable import typed_path

if TYPE_CHECKING:
    from typing import Self

# Stands for the path of the input in a command; the job, which knows it, puts it in.
FILE = "FILE"
INTO_THE_JOB = " | stream-signal"


class Way(NamedTuple):
    """One thing to type: other flags for the job, or a command before it."""

    flags: str = ""
    """as they are typed; each takes the place of the same one, if that was given"""
    command: str = ""
    """prints the rows as the job reads them"""
    without: tuple[str, ...] = ()
    """other settings whose flags have to go"""

    def __str__(self) -> str:
        job = INTO_THE_JOB if self.flags else INTO_THE_JOB.rstrip()
        return f"{self.command}{job} {self.flags}".rstrip() if self.command else self.flags


class Advice(str):
    """A hint with what to type: `ways`, the best one first, or ways that are equally good if `words` says so.

    `words` are the hint without the ways.

    >>> advice = Advice.of("line 1 looks like data", Way("--no-header --column 5"))
    >>> str(advice), advice.ways[0].flags
    ('line 1 looks like data: try --no-header --column 5', '--no-header --column 5')
    """

    __slots__ = ("needs_few_bad", "ways", "words")

    words: str
    ways: tuple[Way, ...]
    needs_few_bad: bool

    def __new__(cls, text: str, words: str = "", ways: tuple[Way, ...] = (), *, needs_few_bad: bool = False) -> Self:
        """Make one whose text is not the usual one."""
        made = super().__new__(cls, text)
        made.words, made.ways, made.needs_few_bad = words, ways, needs_few_bad
        return made

    @classmethod
    def of(cls, words: str, *ways: Way, between: str = " or ") -> Self:
        """Make one with the usual text."""
        return cls(f"{words}{': ' if words else ''}try {between.join(map(str, ways))}", words, ways)

    def __getnewargs__(self) -> tuple[str, str, tuple[Way, ...]]:  # type: ignore[override]
        """Survive pickling, as an error does that comes from a worker."""
        return str(self), self.words, self.ways

    def located(self, path: str | None, printing: str | None = None) -> Self:
        """Return it with the path of the input in its commands; None is stdin, which has none, and cannot be typed.

        `printing` is the command that prints what the job reads, if the file itself is compressed.

        >>> advice = Advice.of("", Way(command="iconv -f utf-16 -t utf-8 FILE"))
        >>> str(advice.located("my.csv.gz", "gzip -dc my.csv.gz"))
        'try gzip -dc my.csv.gz | iconv -f utf-16 -t utf-8 | stream-signal'
        >>> str(advice.located(None))
        'try iconv -f utf-16 -t utf-8 FILE | stream-signal'
        """
        if path is None:
            return type(self)(str(self), self.words)
        text, ways = str(self), []
        for way in self.ways:
            command = way.command
            if printing and command.endswith(f" {FILE}"):
                command = f"{printing} | {command.removesuffix(FILE).rstrip(' <')}"
            elif not printing:
                command = command.replace(FILE, typed_path(path))
            text = text.replace(way.command, command) if way.command else text
            if FILE not in command or command != way.command:
                ways.append(way._replace(command=command))
        return type(self)(text, self.words, tuple(ways), needs_few_bad=self.needs_few_bad)
