"""The command: from arguments to an exit code, nothing else."""

from __future__ import annotations

import os
import sys

from stream_signal import system
from stream_signal.command.flags import (
    candles_parser,
    is_stdout,
    job_parser,
    refuse_contradictions,
    refuse_overwriting,
)

EXIT_SUCCESS = 0
EXIT_FAILURE = 1  # the job failed: the error record and stderr say why
EXIT_USAGE = 2  # the command line is wrong
EXIT_SIGNAL = 128  # plus the number of the signal: 130 for SIGINT, 143 for SIGTERM


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    system.make_stdio_binary()
    try:
        if arguments[:1] == ["candles"]:
            return _write_candles(arguments[1:])
        return _run_job(arguments)
    finally:
        _flush_help()


def _run_job(arguments: list[str]) -> int:
    parser = job_parser()
    options = parser.parse_intermixed_args(arguments)
    if options.paths and options.inputs:
        parser.error("give the inputs as paths or with --input, not both: their order would be ambiguous")
    inputs = tuple(options.paths or options.inputs or ["-"])
    if not (options.paths or options.inputs) and sys.stdin and sys.stdin.isatty():
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    if options.signals and is_stdout(options.signals):
        options.signals = "-"  # opening it again would truncate what is already there
    refuse_contradictions(parser, inputs, options)
    refuse_overwriting(parser, inputs, options)

    from stream_signal.core.errors import Interrupted, StreamSignalError  # noqa: PLC0415 - --help does not need the job
    from stream_signal.job.run import CHECKPOINT_SECONDS, Order, execute  # noqa: PLC0415
    from stream_signal.outputs.stderr import complain  # noqa: PLC0415

    system.keep_memory()

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
        signals=options.signals,
        signals_format=options.signals_format,
        time_column=options.time_column,
        follow=options.follow,
        idle_timeout=options.idle_timeout,
        max_bad=options.max_bad,
        quiet=options.quiet,
        strict=options.strict,
    )
    try:
        execute(order)
    except Interrupted as interrupted:
        complain(interrupted)
        return EXIT_SIGNAL + interrupted.signal
    except StreamSignalError as error:
        complain(error)
        return EXIT_FAILURE
    return EXIT_SUCCESS


def _write_candles(arguments: list[str]) -> int:
    options = candles_parser().parse_args(arguments)

    from stream_signal.command.candles import candles  # noqa: PLC0415 - only this command needs them
    from stream_signal.core.errors import ClosedOutputError, StreamSignalError  # noqa: PLC0415
    from stream_signal.job.run import load_config  # noqa: PLC0415
    from stream_signal.outputs.files import write_stdout  # noqa: PLC0415
    from stream_signal.outputs.stderr import complain  # noqa: PLC0415

    try:
        seed = load_config(options.config).seed if options.seed is None else options.seed
        for block in candles(options.rows, seed):
            write_stdout(block)
    except ClosedOutputError:
        return EXIT_SUCCESS
    except StreamSignalError as error:
        complain(error)
        return EXIT_FAILURE
    return EXIT_SUCCESS


def _flush_help() -> None:
    """Flush what argparse printed; a closed pipe (`--help | head`) is not an error."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
