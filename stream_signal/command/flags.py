"""The flags of the two commands: their values, and which flags exclude each other.

Every mistake in a command line is reported before anything is read or written, with exit code 2.
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
    parser.add_argument(
        "--input", metavar="PATH", type=_path, dest="inputs", action="append", help="the same, as a flag"
    )
    parser.add_argument(
        "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml, if it exists)"
    )
    parser.add_argument(
        "--output", metavar="PATH", type=_path, default="-", help="write the metrics here (default: -, stdout)"
    )
    parser.add_argument("--log-file", metavar="PATH", type=_log_path, help="append the log here, as JSON Lines")
    parser.add_argument("--window", metavar="N", type=_window, help="rows in the rolling mean; overrides the config")
    parser.add_argument(
        "--column",
        metavar="NAME",
        type=_column,
        help="name of the close column, or its number from 1; overrides the config",
    )
    parser.add_argument(
        "--signals", metavar="PATH", type=_path, help="write a line for each row here (-: stdout, with --output FILE)"
    )
    parser.add_argument(
        "--signals-format",
        choices=("csv", "jsonl"),
        help="default: jsonl if PATH ends in .jsonl or .ndjson, otherwise csv",
    )
    parser.add_argument(
        "--time-column",
        metavar="NAME",
        type=_column,
        help="name of the timestamp column, or its number from 1 (default: the first known name)",
    )
    parser.add_argument(
        "--follow", action="store_true", help="keep reading the file as it grows, until SIGINT or SIGTERM"
    )
    parser.add_argument(
        "--idle-timeout", metavar="SECONDS", type=_seconds, help="end --follow after so many seconds without new bytes"
    )
    parser.add_argument(
        "--checkpoint", metavar="PATH", type=_file, help="resume from the state saved here, if any; save it here"
    )
    parser.add_argument(
        "--checkpoint-every",
        metavar="SECONDS",
        type=_seconds,
        help="save the state every so many seconds (default: 30)",
    )
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=_seconds,
        help="write the metrics so far every so many seconds",
    )
    parser.add_argument(
        "--max-bad",
        metavar="SHARE",
        type=_share,
        help="with bad_rows: missing, fail if more than this share of the rows is bad; overrides the config",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail if the answer is doubtful in any way; look at the times of all rows"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="do not report doubts about the answer on stderr")
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="log to stderr; -vv: tracebacks in the log file"
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
        "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml, if it exists)"
    )
    return parser


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help of a fixed width, so that the documents can show it and a test can compare it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=110)


def _log_path(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("expected a file, found '-'; -v logs to stderr")
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


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"expected a share of the rows, from 0 to 1, found {text!r}")
    return share


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
    """Refuse flags that exclude or need each other."""
    if options.checkpoint_every and not options.checkpoint:
        parser.error("--checkpoint-every needs --checkpoint")
    if options.signals == "-" and is_stdout(options.output) and not _is_null(options.output):
        parser.error("--signals - writes the signals to stdout: the metrics need --output FILE")
    if options.signals_format and not options.signals:
        parser.error("--signals-format needs --signals")
    if options.idle_timeout and not options.follow:
        parser.error("--idle-timeout needs --follow")
    if options.follow and (len(inputs) > 1 or "-" in inputs):
        parser.error("--follow needs one file, by its path; a pipe is read as it is written, without --follow")


def refuse_overwriting(parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace) -> None:
    """Refuse to overwrite an input, the config or another output, by any name of the file."""
    from stream_signal.job.run import DEFAULT_CONFIG  # noqa: PLC0415

    taken = {_identity(path) if path != "-" else _identity_of(0): "an input" for path in inputs}
    taken[_identity(options.config or DEFAULT_CONFIG)] = "the config"
    if options.signals == "-":
        taken[_identity_of(1)] = "the signals on stdout"
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
            parser.error(f"{flag} {path} would overwrite {taken[file]}")
        taken[file] = what


def is_stdout(path: str) -> bool:
    """Whether a path is stdout under another name, like /dev/stdout."""
    try:
        return path == "-" or os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def _is_null(path: str) -> bool:
    return os.path.exists(path) and os.path.samefile(path, os.devnull)


def _identity(path: str) -> object:
    """Identify a file by device and inode if it exists, otherwise by its path."""
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
