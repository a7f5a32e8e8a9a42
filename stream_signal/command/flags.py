"""The flags of the two commands: what each may be, and what makes no sense together.

Whatever is wrong with a command line is said before anything is read or written, with exit code 2.
"""

from __future__ import annotations

import argparse
import os

from stream_signal import __version__

MAX_SECONDS = 10**9
MAX_CANDLES = 10**9  # minutes of two thousand years

_DESCRIPTION = """\
Read OHLCV candles as CSV from files or a pipe, count the rows whose close is above the rolling mean of
the last closes, exactly, and write the metrics as JSON.
"""
_EPILOG = """\
Without a path, or with -, the candles are read from stdin. `stream-signal candles` writes synthetic ones.
Exit codes: 0 success, 1 the job failed, 2 the command line is wrong, 130 or 143 stopped by SIGINT or SIGTERM.
"""
_CANDLES_DESCRIPTION = """\
Write synthetic BTC/USD one-minute candles as CSV to stdout: the same bytes for the same seed on every machine.
"""


def job_parser() -> argparse.ArgumentParser:
    """Return the parser of `stream-signal`."""
    parser = argparse.ArgumentParser(
        "stream-signal", description=_DESCRIPTION, epilog=_EPILOG, allow_abbrev=False, formatter_class=_Formatter
    )
    parser.add_argument(
        "paths", metavar="PATH", type=_path, nargs="*", help="candle CSV; several are read in order, as one stream"
    )
    parser.add_argument("--input", metavar="PATH", type=_path, dest="inputs", action="append", help="the same, by name")
    parser.add_argument(
        "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml where there is one)"
    )
    parser.add_argument(
        "--output", metavar="PATH", type=_path, default="-", help="where the metrics go (default: -, stdout)"
    )
    parser.add_argument("--log-file", metavar="PATH", type=_log_path, help="append the log here, as JSON Lines")
    parser.add_argument("--window", metavar="N", type=_window, help="rows in the rolling mean; overrides the config")
    parser.add_argument(
        "--column", metavar="NAME", type=_column, help="the close's name, or number from 1; overrides the config"
    )
    parser.add_argument(
        "--signals", metavar="PATH", type=_path, help="write a line for each row here (-: stdout, with --output FILE)"
    )
    parser.add_argument(
        "--signals-format",
        choices=("csv", "jsonl"),
        help="default: jsonl where PATH ends in .jsonl or .ndjson, else csv",
    )
    parser.add_argument(
        "--time-column",
        metavar="NAME",
        type=_column,
        help="the times' name, or number from 1 (default: the first of a known name)",
    )
    parser.add_argument(
        "--follow", action="store_true", help="go on reading the file as it grows, until SIGINT or SIGTERM"
    )
    parser.add_argument(
        "--idle-timeout", metavar="SECONDS", type=_seconds, help="end --follow after so long without new bytes"
    )
    parser.add_argument(
        "--checkpoint", metavar="PATH", type=_file, help="go on from the state saved here, if any; save it here"
    )
    parser.add_argument(
        "--checkpoint-every",
        metavar="SECONDS",
        type=_seconds,
        help="how often it is saved as the job goes (default: 30)",
    )
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=_seconds,
        help="write the metrics so far, each time so many seconds have gone",
    )
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="tell on stderr what happens; -vv: tracebacks in the log"
    )
    parser.add_argument("--version", action="version", version=f"stream-signal {__version__}")
    return parser


def candles_parser() -> argparse.ArgumentParser:
    """Return the parser of `stream-signal candles`."""
    parser = argparse.ArgumentParser(
        "stream-signal candles", description=_CANDLES_DESCRIPTION, allow_abbrev=False, formatter_class=_Formatter
    )
    parser.add_argument("--rows", metavar="N", type=_rows, default=10_000, help="candles to write (default: 10000)")
    parser.add_argument("--seed", metavar="N", type=_seed, help="default: the seed of the config")
    parser.add_argument(
        "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml where there is one)"
    )
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help of one width, so that the README can show it and a test compare it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=110)


def _log_path(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("expected a file, found '-'; -v tells what happens on stderr")
    return _path(text)


def _file(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("expected a file, found '-'")
    return _path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0 and at most {MAX_SECONDS}, found {text!r}")
    return seconds


def _window(text: str) -> int:
    from stream_signal.core.config import MAX_WINDOW  # noqa: PLC0415 - only where the flag is used

    return _integer(text, 1, MAX_WINDOW)


def _rows(text: str) -> int:
    return _integer(text, 1, MAX_CANDLES)


def _seed(text: str) -> int:
    from stream_signal.core.config import MAX_SEED  # noqa: PLC0415

    return _integer(text, 0, MAX_SEED)


def _integer(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected an integer from {least} to {most}, found {text!r}")
    return int(text)


def _column(text: str) -> str | int:
    from stream_signal.core.config import MAX_COLUMN  # noqa: PLC0415

    if text.isascii() and text.isdigit():
        return _integer(text, 1, MAX_COLUMN)
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the name of a column, or its number from 1, found nothing")
    return text


def refuse_contradictions(
    parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace
) -> None:
    """Refuse flags that make no sense together."""
    if options.checkpoint_every and not options.checkpoint:
        parser.error("--checkpoint-every: there is no --checkpoint to save")
    if options.signals == "-" and is_stdout(options.output) and not _is_null(options.output):
        parser.error("--signals - puts the signals on stdout: the metrics need --output FILE")
    if options.signals_format and not options.signals:
        parser.error("--signals-format: there are no --signals to write")
    if options.time_column and not (options.signals or options.log_file or options.verbose):
        parser.error("--time-column: there are no --signals, and no log, to tell of times")
    if options.idle_timeout and not options.follow:
        parser.error("--idle-timeout: there is nothing to --follow")
    if options.follow and (len(inputs) > 1 or "-" in inputs):
        parser.error("--follow: one file, by its path; a pipe is read to its end as it comes")


def refuse_overwriting(parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace) -> None:
    """Refuse to write anything over what is read, or over anything else that is written, by whatever name."""
    from stream_signal.job.run import DEFAULT_CONFIG  # noqa: PLC0415

    taken = {_identity(path) if path != "-" else _identity_of(0): "an input" for path in inputs}
    taken[_identity(options.config or DEFAULT_CONFIG)] = "the config"
    if options.signals == "-":
        taken[_identity_of(1)] = "where the signals go"
    for flag, what, path in (
        ("--output", "the output", options.output),
        ("--log-file", "the log", options.log_file),
        ("--signals", "the signals", options.signals),
        ("--checkpoint", "the checkpoint", options.checkpoint),
    ):
        if path in {None, "-"} or (os.path.exists(path) and not os.path.isfile(path)):
            continue  # a pipe or a device is not overwritten
        file = _identity(path)
        if file in taken:
            parser.error(f"{flag} {path}: that is {taken[file]}, and would be overwritten")
        taken[file] = what


def is_stdout(path: str) -> bool:
    """Whether a path names what stdout is, as /dev/stdout does."""
    try:
        return path == "-" or os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def _is_null(path: str) -> bool:
    return os.path.exists(path) and os.path.samefile(path, os.devnull)


def _identity(path: str) -> object:
    """Tell a file by what it is, where it is there, else by its place."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def _identity_of(descriptor: int) -> object:
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a path, found nothing")
    return text
