"""What can go wrong, split by who must act.

    StreamSignalError
    ├── ConfigError             a setting is wrong: edit the config or the flag
    ├── InputError              the input cannot be read: check the path, the pipe, the permissions
    ├── DataError               the data is malformed or ambiguous: look at the line it names
    │   ├── MissingColumnError  the header has no such column
    │   └── TruncatedError      the stream ended too early: it is empty, or ends inside a quoted field
    ├── DoubtError          the answer is doubtful, and the job is strict: look at the data, or run it without --strict
    ├── CheckpointError         a checkpoint is damaged, or has other settings or data: it says which, and what to do
    ├── ClusterError            workers on other machines fail, or read other files: look at the cluster
    ├── OutputError             a result cannot be written: check the folder, the disk
    │   └── ClosedOutputError   the reader of the output closed the pipe
    ├── Interrupted             a signal asked the job to stop
    └── InternalError           a bug in stream-signal: please report it

Each error is one line of text that names the place, what was expected and what was found. Its `hint`, if there is one,
says what to do next; of an error in the data, `hints.data` makes one from the `clue`. Nobody reads the text of an error
to find out what it is: its class has a `code`, which stays the same. Their exit codes are all in
`stream_signal.command.main`. A doubt about an answer that was asked for from Python is no error but a DoubtWarning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from typing import Any, ClassVar, Self

    # What an error was found in, as values without words: a kind, of which `hints.data` has a table, and its facts.
    Clue = tuple[str, dict[str, Any]]

# Stands for the path of the input in the commands of a hint.
FILE = "FILE"

# How much data a message quotes: enough to recognise a row of candles, short enough for one line of a terminal.
FOUND_CHARACTERS = 60


def shown(value: bytes | str) -> str:
    """Quote data for a message: printable, on one line, cut to a sane length.

    >>> shown(b"42,004.66")
    "'42,004.66'"
    >>> shown(b"1" * 1000)
    "'111111111111111111111111111111111111111111111111111111111111...'"
    """
    # Four bytes make a character at most, so this much is decoded however long the line is.
    text = value[: FOUND_CHARACTERS * 4 + 4].decode("utf-8", "replace") if isinstance(value, bytes) else value
    return repr(text[:FOUND_CHARACTERS] + "..." * (len(text) > FOUND_CHARACTERS))


def reason(error: OSError | ValueError | EOFError) -> str:
    """Return the message of the operating system, without its number; a path with a NUL in it is a ValueError."""
    return getattr(error, "strerror", None) or str(error)


class Way(NamedTuple):
    """One thing to type: the command line that was given, with changes."""

    flags: tuple[str, ...] = ()
    """each takes the place of the same one, if that was given"""
    before: tuple[tuple[str, ...], ...] = ()
    """a pipeline that prints the rows as the job reads them; its first command reads FILE, or stdin if it names none"""
    without: tuple[str, ...] = ()
    """other settings whose flags have to go"""
    instead: tuple[str, str] | None = None
    """an argument, and what takes its place"""
    first: tuple[str, ...] = ()
    """a command that has to be run before the job"""


class Pattern(str):
    """An argument in which the shell replaces `*` by the names of files."""

    __slots__ = ()


class Hint(NamedTuple):
    """What to do about an error or a doubt: `words`, and `ways` if there is something to type, the best one first."""

    words: str
    ways: tuple[Way, ...] = ()
    either: bool = False
    """whether only a person can tell which of the ways is right"""
    path: str | None = None
    """of the input that it is about; None if that is stdin, or not known"""
    printing: tuple[str, ...] = ()
    """a command that prints that input, if it is compressed"""


class StreamSignalError(Exception):
    """The base of every error that stream-signal raises on purpose."""

    code: ClassVar[str]
    """what `--error-format full` calls it"""
    hint: Hint | None = None
    """what to do about it"""
    clue: Clue | None = None
    """what it was found in"""

    def with_hint(self, hint: Hint | str | None) -> Self:
        """Set the hint, which may be its words alone, and return the error.

        >>> InputError("cannot read 'dta.csv'").with_hint("did you mean 'data.csv'?").hint.words
        "did you mean 'data.csv'?"
        """
        self.hint = Hint(hint) if isinstance(hint, str) else hint
        return self

    def with_clue(self, kind: str, /, **facts: Any) -> Self:
        """Set the clue, and return the error."""
        self.clue = kind, facts
        return self


class ConfigError(StreamSignalError):
    """A setting is wrong; `path` is that of the config, and `version` its version, if it could be read all the same."""

    code = "config"
    path: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {super().__str__()}" if self.path else super().__str__()


class InputError(StreamSignalError):
    """The input cannot be opened or read."""

    code = "input"


class DataError(StreamSignalError):
    """The data is malformed or ambiguous.

    `line` counts from 1 (None means the whole input); `expected` and `found` are text for people; `source`
    names the input if there are several.
    """

    code = "data"

    def __init__(self, line: int | None, expected: str, found: str, source: str | None = None) -> None:
        super().__init__(line, expected, found, source)
        self.line = line
        self.expected = expected
        self.found = found
        self.source = source

    def __str__(self) -> str:
        where = [self.source] if self.source else []
        if self.line is not None:
            where.append(f"line {self.line}")
        return ": ".join([*where, f"expected {self.expected}, found {self.found}"])


class MissingColumnError(DataError):
    """No line at the head of the input names the column."""

    code = "missing_column"

    def __init__(self, column: str | int) -> None:
        super().__init__(None, f"a header with the column {column!r}", "none")
        self.args = (column,)  # what pickle calls the class with
        self.column = column

    def __str__(self) -> str:
        column = shown(self.column) if isinstance(self.column, str) else self.column
        return f"{self.source + ': ' if self.source else ''}Missing required column: {column}"


class TruncatedError(DataError):
    """The stream ended before a row, or inside one."""

    code = "truncated"


class DoubtError(StreamSignalError):
    """The answer is doubtful, and only a sure one was wanted."""

    code = "doubt"


class DoubtWarning(UserWarning):
    """The answer is doubtful."""


class CheckpointError(StreamSignalError):
    """The job cannot resume from the checkpoint at `path`: `differs` says why, `advice` what to do."""

    code = "checkpoint"

    def __init__(self, path: str, differs: str, advice: str) -> None:
        super().__init__(path, differs, advice)
        self.path = path
        self.differs = differs
        self.advice = advice

    def __str__(self) -> str:
        return f"checkpoint {self.path!r}: {self.differs}; {self.advice}"


class ClusterError(StreamSignalError):
    """Workers on other machines cannot count the input."""

    code = "cluster"


class OutputError(StreamSignalError):
    """The metrics, the log or the candles cannot be written."""

    code = "output"


class ClosedOutputError(OutputError):
    """The reader of the output closed the pipe."""

    code = "closed_output"


class Interrupted(StreamSignalError):  # noqa: N818 - nobody made an error
    """A signal asked the job to stop; `signal` is its number, `rows` how many were counted by then."""

    code = "interrupted"

    def __init__(self, signal: int, name: str) -> None:
        super().__init__(signal, name)
        self.signal = signal
        self.name = name
        self.rows = 0

    def __str__(self) -> str:
        return f"interrupted by {self.name} after {self.rows} rows"


class InternalError(StreamSignalError):
    """An unexpected error; its cause is the original one."""

    code = "internal"
