"""What can go wrong, split by who must act.

    StreamSignalError
    ├── ConfigError             a setting is wrong: edit the config or the flag
    ├── InputError              the bytes cannot be had: check the path, the pipe, the permissions
    ├── DataError               the bytes cannot be read with one meaning: look at the line it names
    │   ├── MissingColumnError  the header has no such column
    │   └── TruncatedError      the stream ended too early: nothing in it, or inside a quoted field
    ├── CheckpointError         a checkpoint is damaged, or of other settings or data: it says which, and what to do
    ├── OutputError             a result cannot be written: check the folder, the disk
    │   └── ClosedOutputError   whoever read the output went away
    ├── Interrupted             somebody asked the process to stop
    └── InternalError           a defect of stream-signal: please report it

Each error is one line of text that names the place, what was expected and what was found. The exit codes that go
with them are given in one place, `stream_signal.command.main`.
"""

from __future__ import annotations

# What a message quotes of the data: enough to recognise a row of candles, short enough for one line of a terminal.
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
    return ascii(text[:FOUND_CHARACTERS] + "..." * (len(text) > FOUND_CHARACTERS))


def reason(error: OSError | ValueError) -> str:
    """Give the words of the operating system, without its number; a path with a NUL in it is a ValueError."""
    return getattr(error, "strerror", None) or str(error)


class StreamSignalError(Exception):
    """The base of every error that stream-signal raises on purpose."""


class ConfigError(StreamSignalError):
    """A setting is not what it may be."""


class InputError(StreamSignalError):
    """The input cannot be opened or read."""


class DataError(StreamSignalError):
    """A line cannot be read with one meaning.

    `line` counts from 1 (None where the whole input is meant); `expected` and `found` are text for people; `source`
    names the input where there are several.
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


class CheckpointError(StreamSignalError):
    """The checkpoint at `path` cannot be taken up: `differs` says why, `advice` what to do."""

    def __init__(self, path: str, differs: str, advice: str) -> None:
        super().__init__(path, differs, advice)
        self.path = path
        self.differs = differs
        self.advice = advice

    def __str__(self) -> str:
        return f"checkpoint {self.path!r}: {self.differs}; {self.advice}"


class OutputError(StreamSignalError):
    """The metrics, the log or the candles cannot be written."""


class ClosedOutputError(OutputError):
    """The reader of the output has gone: there is nobody left to tell."""


class Interrupted(StreamSignalError):  # noqa: N818 - it is no error of anybody's
    """A signal asked the job to stop; `signal` is its number, `rows` what was counted by then."""

    def __init__(self, signal: int, name: str) -> None:
        super().__init__(signal, name)
        self.signal = signal
        self.name = name
        self.rows = 0

    def __str__(self) -> str:
        return f"interrupted by {self.name} after {self.rows} rows"


class InternalError(StreamSignalError):
    """An error that nobody foresaw; its cause is the original one."""
