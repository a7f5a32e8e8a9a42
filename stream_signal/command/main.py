"""The command: from arguments to an exit code, nothing else."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.command.flags import (
    PARSERS,
    is_stdout,
    job_parser,
    parse,
    refuse_contradictions,
    refuse_overwriting,
    settings_of,
)
from stream_signal.command.printing import EXIT_FAILURE, EXIT_SUCCESS, printed

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from stream_signal.command.flags import Parser
    from stream_signal.core.errors import Hint

EXIT_USAGE = 2  # the command line is wrong
EXIT_SIGNAL = 128  # plus the number of the signal: 129 for SIGHUP, 130 for SIGINT, 143 for SIGTERM


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    system.make_stdio_binary()
    if arguments and arguments[0] in {"help", "version"} and not os.path.exists(arguments[0]):
        from stream_signal.command.usage import IN_WORDS

        arguments = [*arguments[1:], IN_WORDS[arguments[0]]]
    if not arguments or arguments[0] not in PARSERS:  # `./candles` is a file
        return _run_job(arguments)
    name, *arguments = arguments
    parser = PARSERS[name]()
    if name == "verify":
        return _verify(parser, arguments)
    if name == "sniff":
        return _sniff(parser, arguments)
    options = parser.parse_args(arguments)
    return printed(lambda: _PRINTED[name](options), parser, arguments)


def _run_job(arguments: list[str]) -> int:
    parser = job_parser()
    options = parse(parser, arguments)
    inputs = tuple(options.paths or options.inputs or ["-"])
    if options.print_config:
        refuse_contradictions(parser, inputs, options)
        return printed(lambda: _config(options), parser, arguments)
    if not (options.paths or options.inputs) and sys.stdin and sys.stdin.isatty():
        parser.print_short_help(sys.stderr)
        return EXIT_USAGE
    if options.signals and is_stdout(options.signals):
        options.signals = "-"  # opening it again would truncate what is already there
    refuse_contradictions(parser, inputs, options)
    refuse_overwriting(parser, inputs, options)

    from stream_signal.core.errors import InputError, Interrupted, StreamSignalError
    from stream_signal.job.run import execute
    from stream_signal.order import Order

    system.keep_memory()
    system.need_one_blas_thread()
    gc.freeze()  # what was imported stays
    gc.enable()

    def lines(hint: Hint) -> list[str]:
        from stream_signal.command.proposals import lines_of

        return lines_of(hint, parser, arguments)

    asked = {name: value for name, value in vars(options).items() if name in Order._fields and value is not None}
    asked |= {"inputs": inputs, "settings": settings_of(options), "lines_of": lines}
    order = Order(**asked, verbosity=options.verbose, use_config=not options.no_config)
    try:
        execute(order)
    except StreamSignalError as error:
        if not order.logs_to_stderr:
            from stream_signal.command.usage import misspelt_command
            from stream_signal.outputs.stderr import complain

            meant = misspelt_command(arguments, PARSERS) if isinstance(error, InputError) else None
            complain(error, meant or (lines(error.hint) if error.hint else []))
        return EXIT_SIGNAL + error.signal if isinstance(error, Interrupted) else EXIT_FAILURE
    return EXIT_SUCCESS


def _config(options: Namespace) -> Iterable[bytes]:
    from stream_signal.job.config import as_yaml, find_config

    path = find_config(options.config, ignored=options.no_config)
    return [as_yaml(path, settings_of(options)).encode()]


def _formats(_: Namespace) -> Iterable[bytes]:
    from stream_signal.core.formats import table

    return [table().encode()]


def _completion(options: Namespace) -> Iterable[bytes]:
    from stream_signal.command.completion import script

    return [script(options.shell).encode()]


def _schema(options: Namespace) -> Iterable[bytes]:
    from stream_signal.command.schemas import schema_of
    from stream_signal.core.printable import json_text

    return [(json_text(schema_of(options.name), indent=2) + "\n").encode()]


def _candles(options: Namespace) -> Iterable[bytes]:
    from stream_signal.command.candles import candles, market
    from stream_signal.job.config import find_config, load_config

    seed = load_config(find_config(options.config)).seed if options.seed is None else options.seed
    return market(options.rows, seed, options.symbols) if options.symbols else candles(options.rows, seed)


def _checkpoint(options: Namespace) -> Iterable[bytes]:
    from stream_signal.core.printable import json_text
    from stream_signal.job.checkpoint import as_lines, contents_of

    contents = contents_of(options.file)
    return [(json_text(contents) + "\n" if options.json else as_lines(contents)).encode()]


def _sniff(parser: Parser, arguments: list[str]) -> int:
    from stream_signal.command.sniff import of_job, sniffed

    return printed(lambda: sniffed(parser, arguments), job_parser(), of_job(arguments))


def _verify(parser: Parser, arguments: list[str]) -> int:
    from stream_signal.command.proposals import explain
    from stream_signal.command.verify import verify
    from stream_signal.core.errors import Interrupted, StreamSignalError
    from stream_signal.outputs.stderr import say

    try:
        return EXIT_SUCCESS if verify(parser, arguments) else EXIT_FAILURE
    except Interrupted as error:
        say(f"interrupted by {error.name}")
        return EXIT_SIGNAL + error.signal
    except StreamSignalError as error:
        explain(error, parser, arguments)
        return EXIT_FAILURE


# The commands that print something; `sniff` and `verify`, which take the arguments of the job, are others.
_PRINTED = {
    "candles": _candles,
    "checkpoint": _checkpoint,
    "formats": _formats,
    "schema": _schema,
    "completion": _completion,
}
