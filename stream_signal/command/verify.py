"""`stream-signal verify`: a result, proven by counting it in several ways, or compared with the manifest of its job."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.command.flags import parse, refuse_stdout, settings_of
from stream_signal.command.proposals import explain
from stream_signal.core.errors import ClosedOutputError
from stream_signal.core.printable import printable
from stream_signal.job.config import find_config, load_config
from stream_signal.outputs.files import write_stdout
from stream_signal.outputs.stderr import say
from stream_signal.stopping import StopSignals

if TYPE_CHECKING:
    import argparse

    from stream_signal.command.flags import Parser
    from stream_signal.core.errors import StreamSignalError

_JOBS = 2


def verify(parser: Parser, arguments: list[str]) -> bool:
    """Verify what the arguments say, and print the table; return whether all is well.

    Raises a StreamSignalError if nothing could be compared.
    """
    options = parse(parser, arguments)
    if options.follow:
        parser.error("verify counts inputs that end: leave out --follow")
    names = tuple(options.paths or options.inputs or ())
    if not names and not options.manifest and sys.stdin and sys.stdin.isatty():
        parser.print_help(sys.stderr)
        parser.exit(2)
    refuse_stdout(parser, names or ("-",))
    system.keep_memory()
    system.need_one_blas_thread()
    if options.manifest:
        return _by_manifest(options, names)
    all_agree, error = _in_several_ways(options, names or ("-",))
    if error:
        explain(error, parser, arguments)
    return all_agree


def _in_several_ways(options: argparse.Namespace, names: tuple[str, ...]) -> tuple[bool, StreamSignalError | None]:
    """Count in several ways, and print the table; return whether all agree, and the error that they agree on."""
    from stream_signal.job.hints import advised
    from stream_signal.job.named import files_of
    from stream_signal.job.verify import table, verify

    config = load_config(find_config(options.config, ignored=options.no_config), settings_of(options))
    with StopSignals() as stop:
        stop.check()
        names = files_of(names, config)
        jobs = max(options.jobs or _JOBS, _JOBS)
        outcomes, error = verify(names, config, jobs=jobs, sample=options.sample, stop=stop)
    if error:
        error.hint = advised(error, names, config)
    has_differences = any(outcome.differs for outcome in outcomes)
    if error and not has_differences and getattr(error, "line", None) is None:
        raise error  # of the whole input, as if it is missing or empty: there was nothing to compare
    _show(table(outcomes))
    for outcome in outcomes:
        if outcome.differs:
            say(f"{outcome.way}: {outcome.differs}")
    if has_differences:
        say("this is a defect of stream-signal: please report it, with the input")
        return False, None
    return outcomes[0].answer is not None, error


def _by_manifest(options: argparse.Namespace, names: tuple[str, ...]) -> bool:
    from stream_signal.job.recount import load_manifest, recount, table

    manifest = load_manifest(options.manifest)
    path = options.config or (None if options.no_config else manifest.config)
    with StopSignals() as stop:
        stop.check()
        findings = recount(manifest, names or None, path, settings_of(options))
    _show(table(findings))
    changed = [finding.what for finding in findings if finding.matters and not finding.is_same]
    if changed:
        say(f"{options.manifest} no longer holds: {', '.join(changed)}")
    return not changed


def _show(text: str) -> None:
    with suppress(ClosedOutputError):  # the exit code still tells
        write_stdout("".join(f"{printable(line)}\n" for line in text.split("\n")[:-1]).encode())
