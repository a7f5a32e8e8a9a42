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
is another line: what to type next. Their exit codes are all in `stream_signal.command.main`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

# How much data a message quotes: enough to recognise a row of candles, short enough for one line of a terminal.
FOUND_CHARACTERS = 60


def shown(found: bytes | str) -> str:
    """Quote data for a message: printable, on one line, cut to a sane length.

    >>> shown(b"42,004.66")
    "'42,004.66'"
    >>> shown(b"1" * 1000)
    "'111111111111111111111111111111111111111111111111111111111111...'"
    """
    # Four bytes make a character at most, so this much is decoded however long the line is.
    text = found[: FOUND_CHARACTERS * 4 + 4].decode("utf-8", "replace") if isinstance(found, bytes) else found
    return repr(text[:FOUND_CHARACTERS] + "..." * (len(text) > FOUND_CHARACTERS))


def reason(error: OSError | ValueError | EOFError) -> str:
    """Return the message of the operating system, without its number; a path with a NUL in it is a ValueError."""
    return getattr(error, "strerror", None) or str(error)


class StreamSignalError(Exception):
    """The base of every error that stream-signal raises on purpose; `hint` says what to try next, on one line."""

    hint: str | None = None

    def with_hint(self, hint: str | None) -> Self:
        """Set the hint, and return the error.

        >>> InputError("cannot read 'dta.csv'").with_hint("did you mean 'data.csv'?").hint
        "did you mean 'data.csv'?"
        """
        self.hint = hint
        return self


class ConfigError(StreamSignalError):
    """A setting is wrong; `version` is that of the config, if it could be read all the same."""

    version: str | None = None


class InputError(StreamSignalError):
    """The input cannot be opened or read."""


class DataError(StreamSignalError):
    """The data is malformed or ambiguous.

    `line` counts from 1 (None means the whole input); `expected` and `found` are text for people; `source`
    names the input if there are several.
    """

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

    def __init__(self, column: str | int) -> None:
        super().__init__(None, f"a header with the column {column!r}", "none")
        self.args = (column,)  # what pickle calls the class with
        self.column = column

    def __str__(self) -> str:
        column = shown(self.column) if isinstance(self.column, str) else self.column
        return f"{self.source + ': ' if self.source else ''}Missing required column: {column}"


class TruncatedError(DataError):
    """The stream ended before a row, or inside one."""


class DoubtError(StreamSignalError):
    """The answer is doubtful, and only a sure one was wanted."""


class CheckpointError(StreamSignalError):
    """The job cannot resume from the checkpoint at `path`: `differs` says why, `advice` what to do."""

    def __init__(self, path: str, differs: str, advice: str) -> None:
        super().__init__(path, differs, advice)
        self.path = path
        self.differs = differs
        self.advice = advice

    def __str__(self) -> str:
        return f"checkpoint {self.path!r}: {self.differs}; {self.advice}"


class ClusterError(StreamSignalError):
    """Workers on other machines cannot count the input."""


class OutputError(StreamSignalError):
    """The metrics, the log or the candles cannot be written."""


class ClosedOutputError(OutputError):
    """The reader of the output closed the pipe."""


class Interrupted(StreamSignalError):  # noqa: N818 - nobody made an error
    """A signal asked the job to stop; `signal` is its number, `rows` how many were counted by then."""

    def __init__(self, signal: int, name: str) -> None:
        super().__init__(signal, name)
        self.signal = signal
        self.name = name
        self.rows = 0

    def __str__(self) -> str:
        return f"interrupted by {self.name} after {self.rows} rows"


class InternalError(StreamSignalError):
    """An unexpected error; its cause is the original one."""
