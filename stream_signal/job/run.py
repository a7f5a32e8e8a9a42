"""One run of a job: config -> source -> stream -> metrics."""

from __future__ import annotations

import errno
import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from stream_signal import __version__
from stream_signal.core.config import Config, as_config
from stream_signal.core.errors import (
    ClosedOutputError,
    ConfigError,
    InputError,
    InternalError,
    Interrupted,
    OutputError,
    StreamSignalError,
    reason,
)
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import without_secrets, without_urls
from stream_signal.inputs.events import Begin, Counted, End
from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.missing import MORE_FILES
from stream_signal.job.assemble import assemble
from stream_signal.job.attempt import attempt
from stream_signal.job.config import DEFAULT_CONFIG, find_config, load_config
from stream_signal.job.log import Log
from stream_signal.job.sources import source_of
from stream_signal.job.stopping import StopSignals
from stream_signal.outputs.metrics import (
    UNKNOWN_VERSION,
    ErrorRecord,
    Metrics,
    check_output,
    write_metrics,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Protocol

    from stream_signal.core.series.panel import Counts
    from stream_signal.inputs.digest import Digests
    from stream_signal.inputs.events import Source
    from stream_signal.job.order import Order

    class File(Protocol):
        """Anything with the `read` of a file."""

        def read(self, size: int, /) -> bytes | str:
            """Return at most `size` bytes or characters, none at the end."""


# Ranges that are handed out before they are needed, to workers of which nobody knows how many there are.
_AHEAD = 256
_DEFECT = "this is a defect of stream-signal: please report it, with the traceback that -vv --log-file FILE writes"


def run(
    config: Config | Mapping[str, Any] | None,
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | File | Iterable[bytes],
    *,
    executor: Executor | None = None,
    range_bytes: int = 64 * 1024 * 1024,
) -> Metrics:
    r"""Run the job from Python: read the whole source, return its metrics.

    `config` may be a dict of settings, or None for the defaults. `source` is a path, `-` for stdin, an open file,
    bytes, or any iterable of bytes, cut anywhere. Raises a StreamSignalError that says what is wrong, or TypeError if
    the source is of another type; nothing is written and nothing is logged.

    The workers of an `executor`, if one is given, count ranges of `range_bytes` bytes of a file; it may be any
    `concurrent.futures.Executor` whose workers can read the file by its path.

    >>> run(Config(window=2), [b"close\n4.58\n4.", b"58\n4.59\n"]).value
    0.3333333333333333
    """
    started = time.perf_counter()
    config = as_config(config)
    stream = SignalStream(config)
    if config.newest_first or isinstance(source, (str, os.PathLike)):
        inputs = _source_of(config, source)
        if executor and not config.newest_first:
            from stream_signal.job.parallel import ParallelSource, Workers

            workers = Workers(lambda: executor, range_bytes, _AHEAD, share_files=False, may_fail=False)
            inputs = ParallelSource(
                inputs.names, lambda names: FilesSource(names, config), stream, workers, Log(None, 0)
            )
        read(stream, inputs)
    else:
        from stream_signal.inputs.given import chunks_of

        for chunk in chunks_of(source):
            stream.feed(chunk)
    return Metrics.of(config, stream, stream.finish(), time.perf_counter() - started)


def _source_of(config: Config, source: object) -> Source:
    """Return the source of a path."""
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(f"newest_first: expected the path of a file, found {type(source).__name__}")
    path = os.fsdecode(source)
    if "\n" in path and not os.path.exists(path):
        raise InputError("expected a path, found CSV as a str: encode it as UTF-8")
    return source_of((path,), config, batches=True)


def read(stream: SignalStream, source: Source) -> None:
    """Feed the inputs of a source to `stream`, which then only has to be finished."""
    events, is_first = source.events(0, 0, None), True
    try:
        for event in events:
            if isinstance(event, bytes):
                stream.feed(event)
            elif isinstance(event, Begin):
                if not is_first:
                    stream.end_input()
                is_first = False
                name = event.name if len(source.names) > 1 or event.name not in source.names else None
                stream.begin_input(name and without_secrets(name), event.size, event.line_of, event.name)
            elif isinstance(event, Counted):
                stream.add(event.stretch, event.tail)
            elif not isinstance(event, End):
                stream.feed_batch(event)
    finally:
        events.close()  # now, with the thread and the file that it may have


def execute(order: Order) -> None:
    """Run the job as the command does: config, log, metrics and, when it fails, the error record.

    Every failure raises a StreamSignalError, once its record is written. The last line of the log comes after the
    metrics; if it cannot be written, the job has succeeded all the same, and stderr says so.
    """
    started = time.perf_counter()
    version = order.settings.get("version", UNKNOWN_VERSION)
    config: Config | None = None
    stream: SignalStream | None = None
    with StopSignals() as stop, Log(order.log_file, order.verbosity) as log, _Held(stop) as held:
        try:
            stop.check()
            config_path = order.config or (find_config() if order.use_config else None)
            config = load_config(config_path, order.settings)
            version = config.version
            with stop.held():  # it imports structlog, and an interrupted import cannot be completed
                _log_start(log, order, config, config_path)
            check_output(order.output)
            if order.keys_output:
                check_output(order.keys_output)
            digests = _digests(order)
            drive, doubts, report = assemble(order, config, held, log, stop, started, digests.tap if digests else None)
            stream = drive.stream
            counts = drive.run()
            metrics = Metrics.of(config, stream, counts, time.perf_counter() - started)
            if order.strict:
                doubts.refuse()
            if order.manifest and digests:
                _write_manifest(order.manifest, digests, config_path, order, config, counts, metrics)
            if report:
                report.write(metrics)
            write_metrics(metrics, order.output, order.keys_output, form=order.metrics_format, last=stop.last_step())
        except ClosedOutputError as error:
            log.info("output closed", reason=str(error))
            return
        except StreamSignalError as error:
            if isinstance(error, Interrupted) and stream:
                error.rows = stream.rows
            if isinstance(error, ConfigError) and version == UNKNOWN_VERSION:
                version = error.version or version
            _record_failure(error, version, order, config, log, stop)
            raise
        except Exception as error:
            unexpected = _unexpected(error)
            unexpected.__cause__ = error
            _record_failure(unexpected, version, order, config, log, stop)
            raise unexpected from error
        try:
            doubts.say()
            log.info("job finished", **metrics.without_table().as_dict())
        except OutputError as error:
            from stream_signal.outputs.stderr import complain

            complain(error)


def _unexpected(error: Exception) -> StreamSignalError:
    """Say in words what no part of the job has expected: a defect, or a limit of the system, met anywhere."""
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        return InputError(f"the system opens no more files: {reason(error)}").with_hint(MORE_FILES)
    return InternalError(f"internal error: {without_urls(f'{type(error).__name__}: {error}')}").with_hint(_DEFECT)


class _Held(ExitStack):
    """What a job has open until its end; by then its record is written, and what cannot be closed changes nothing."""

    def __init__(self, stop: StopSignals) -> None:
        super().__init__()
        self._stop = stop

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.obey()  # it ends anyway
        try:
            super().__exit__(kind, error, at)
        except Exception as unclosed:  # noqa: BLE001 - of any package
            text = f"cannot close what the job used: {type(unclosed).__name__}: {unclosed}"
            if error:
                error.add_note(text)
            else:
                from stream_signal.outputs.stderr import say

                say(text)


def _digests(order: Order) -> Digests | None:
    if not order.manifest:
        return None
    from stream_signal.inputs.digest import Digests

    check_output(order.manifest)
    return Digests(order.inputs)


def _write_manifest(  # noqa: PLR0913, PLR0917 - all that it has
    path: str,
    digests: Digests,
    config_path: str | None,
    order: Order,
    config: Config,
    counts: Counts,
    metrics: Metrics,
) -> None:
    from stream_signal.outputs.manifest import Manifest, write_manifest

    inputs = [digest._asdict() for digest in digests.find()]
    write_manifest(Manifest.of(inputs, config_path, order.settings, config, counts, metrics), path)


def _log_start(log: Log, order: Order, config: Config, config_path: str | None) -> None:
    if log.listens:
        versions = {"stream_signal": __version__, "python": sys.version.split()[0]}
        inputs = list(map(without_secrets, order.inputs))
        log.info("job started", versions=versions, config=config._asdict(), inputs=inputs)
        if config_path and not order.config:
            log.info("config found", path=config_path, ignore="--no-config")


def _record_failure(
    error: StreamSignalError, version: str, order: Order, config: Config | None, log: Log, stop: StopSignals
) -> None:
    """Write the error to the log, and in place of the metrics; what cannot be written does not hide it."""
    if isinstance(error, ConfigError) and order.config is None and str(error).startswith(f"{DEFAULT_CONFIG}: "):
        ignore = "--no-config ignores ./config.yaml"
        error.hint = f"{error.hint}; {ignore}" if error.hint else ignore
    if error.hint and error.hint != MORE_FILES:  # then not even a module can be opened
        from stream_signal.job.advised import advised

        error.hint = advised(error, order.inputs, config, follows=order.follow)
    record = ErrorRecord.of(version, error)

    def write() -> None:
        try:
            form = order.metrics_format
            write_record(record, order.output, form=form, wait=not stop.received, last=stop.last_step())
        except Interrupted:  # by now the job has failed, and it waits for no reader
            stop.obey()
            write_record(record, order.output, form=order.metrics_format, wait=False)

    attempt(error, lambda: log.failure("job failed", error), stop)
    unwritten = attempt(error, write, stop)
    if unwritten:
        attempt(error, lambda: log.warning("record not written", reason=unwritten), stop)
