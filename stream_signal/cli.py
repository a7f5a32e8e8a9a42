"""The command line: arguments and exit codes, nothing else."""

from __future__ import annotations

import argparse
import os
import sys

from stream_signal import __version__

EXIT_SUCCESS = 0
EXIT_FAILURE = 1  # the job failed: the error record and stderr say why
EXIT_USAGE = 2  # the command line is wrong
EXIT_SIGNAL = 128  # plus the number of the signal: 130 for SIGINT, 143 for SIGTERM

CHECKPOINT_SECONDS = 30.0
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


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["candles"]:
            return _write_candles(arguments[1:])
        return _run_job(arguments)
    finally:
        _flush_help()


def _run_job(arguments: list[str]) -> int:
    parser = _job_parser()
    options = parser.parse_intermixed_args(arguments)
    if options.paths and options.inputs:
        parser.error("give the inputs as paths or with --input, not both: their order would be a guess")
    inputs = tuple(options.paths or options.inputs or ["-"])
    if not (options.paths or options.inputs) and sys.stdin and sys.stdin.isatty():
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    if options.checkpoint_every and not options.checkpoint:
        parser.error("--checkpoint-every: there is no --checkpoint to save")
    _refuse_overwriting(parser, inputs, options)

    from stream_signal.errors import Interrupted, StreamSignalError  # noqa: PLC0415 - --help does not need the job
    from stream_signal.job import Order, execute  # noqa: PLC0415

    order = Order(
        inputs,
        output=options.output,
        config=options.config,
        log_file=options.log_file,
        verbosity=options.verbose,
        window=options.window,
        column=options.column,
        checkpoint=options.checkpoint,
        checkpoint_every=options.checkpoint_every or CHECKPOINT_SECONDS,
        every=options.every,
    )
    try:
        execute(order)
    except Interrupted as interrupted:
        _complain(interrupted)
        return EXIT_SIGNAL + interrupted.signal
    except StreamSignalError as error:
        _complain(error)
        return EXIT_FAILURE
    return EXIT_SUCCESS


def _write_candles(arguments: list[str]) -> int:
    options = _candles_parser().parse_args(arguments)

    from stream_signal.candles import candles  # noqa: PLC0415 - only this command needs them
    from stream_signal.errors import ClosedOutputError, StreamSignalError  # noqa: PLC0415
    from stream_signal.files import write_stdout  # noqa: PLC0415
    from stream_signal.job import load_config  # noqa: PLC0415

    try:
        seed = load_config(options.config).seed if options.seed is None else options.seed
        for block in candles(options.rows, seed):
            write_stdout(block)
    except ClosedOutputError:
        return EXIT_SUCCESS
    except StreamSignalError as error:
        _complain(error)
        return EXIT_FAILURE
    return EXIT_SUCCESS


def _job_parser() -> argparse.ArgumentParser:
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


def _candles_parser() -> argparse.ArgumentParser:
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
    from stream_signal.config import MAX_WINDOW  # noqa: PLC0415 - only where the flag is used

    return _integer(text, 1, MAX_WINDOW)


def _rows(text: str) -> int:
    return _integer(text, 1, MAX_CANDLES)


def _seed(text: str) -> int:
    from stream_signal.config import MAX_SEED  # noqa: PLC0415

    return _integer(text, 0, MAX_SEED)


def _integer(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected an integer from {least} to {most}, found {text!r}")
    return int(text)


def _column(text: str) -> str | int:
    from stream_signal.config import MAX_COLUMN  # noqa: PLC0415

    if text.isascii() and text.isdigit():
        return _integer(text, 1, MAX_COLUMN)
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the name of a column, or its number from 1, found nothing")
    return text


def _refuse_overwriting(parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace) -> None:
    """Refuse to write the metrics or the log over what is read, or over each other, by whatever name."""
    from stream_signal.job import DEFAULT_CONFIG  # noqa: PLC0415

    taken = {_identity(path) if path != "-" else _identity_of_stdin(): "an input" for path in inputs}
    taken[_identity(options.config or DEFAULT_CONFIG)] = "the config"
    for flag, path in (
        ("--output", options.output),
        ("--log-file", options.log_file),
        ("--checkpoint", options.checkpoint),
    ):
        if path in {None, "-"} or (os.path.exists(path) and not os.path.isfile(path)):
            continue  # a pipe or a device is not overwritten
        file = _identity(path)
        if file in taken:
            parser.error(f"{flag} {path}: that is {taken[file]}, and would be overwritten")
        taken[file] = "the output" if flag == "--output" else "the log"


def _identity(path: str) -> object:
    """Tell a file by what it is, where it is there, else by its place."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def _identity_of_stdin() -> object:
    try:
        status = os.fstat(0)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a path, found nothing")
    return text


def _complain(error: Exception) -> None:
    """Say it on stderr, on one line; where there is no stderr, the exit code has to do."""
    from stream_signal.metrics import one_line  # noqa: PLC0415

    if sys.stderr is None:
        return
    try:
        for text in (one_line(error), *getattr(error, "__notes__", ())):
            sys.stderr.write(f"stream-signal: {text}\n")
        sys.stderr.flush()
    except OSError:
        pass


def _flush_help() -> None:
    """Flush what argparse printed; a reader who has gone (`--help | head`) is no error."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
