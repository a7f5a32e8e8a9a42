"""One run of a job: config -> source -> stream -> metrics."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from stream_signal import __version__
from stream_signal.core.config import Config, as_config
from stream_signal.core.errors import ClosedOutputError, Hint, InputError, Interrupted, OutputError
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import without_secrets
from stream_signal.inputs.files import FilesSource
from stream_signal.job.assemble import assemble
from stream_signal.job.config import find_config, load_config
from stream_signal.job.doubts import doubts_in, thousands_of, warn
from stream_signal.job.drive import read
from stream_signal.job.failure import in_words, record
from stream_signal.job.sources import source_of
from stream_signal.outputs.log import Log
from stream_signal.outputs.metrics import Metrics
from stream_signal.outputs.parts import Job
from stream_signal.stopping import StopSignals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Protocol

    from stream_signal.inputs.events import Source
    from stream_signal.job.drive import Drive
    from stream_signal.order import Order

    class File(Protocol):
        """Anything with the `read` of a file."""

        def read(self, size: int, /) -> bytes | str:
            """Return at most `size` bytes or characters, none at the end."""


# Ranges that are handed out before they are needed, to workers of which nobody knows how many there are.
_AHEAD = 256
_FROM_THE_END = Hint("sort the rows, or let `newest_first` read the file from its end")


def run(
    config: Config | Mapping[str, Any] | None,
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | File | Iterable[bytes],
    *,
    executor: Executor | None = None,
    range_bytes: int = 64 * 1024 * 1024,
    strict: bool = False,
) -> Metrics:
    r"""Run the job from Python: read the whole source, return its metrics.

    `config` may be a dict of settings, or None for the defaults. `source` is a path, `-` for stdin, an open file,
    bytes, or any iterable of bytes, cut anywhere. Raises a StreamSignalError that says what is wrong, or TypeError if
    the source is of another type; nothing is written and nothing is logged. What makes the answer doubtful is in the
    `doubts` of the metrics, and a DoubtWarning each; if the job is `strict`, all timestamps are compared, and a doubt
    raises DoubtError.

    The workers of an `executor`, if one is given, count ranges of `range_bytes` bytes of a file; it may be any
    `concurrent.futures.Executor` whose workers can read the file by its path.

    >>> run(Config(window=2), [b"close\n4.58\n4.", b"58\n4.59\n"]).value
    0.3333333333333333
    """
    started = time.perf_counter()
    config = as_config(config)
    times = TimeOrder(config.time_column, rows=None if strict else FIRST_ROWS)
    thousands = thousands_of(config)
    stream = SignalStream(config, [times, thousands] if thousands else [times])
    if config.newest_first or isinstance(source, (str, os.PathLike)):
        inputs = _source_of(config, source)
        read(stream, _shared_out(inputs, config, stream, executor, range_bytes) if executor else inputs)
    else:
        from stream_signal.inputs.objects import chunks_of

        for chunk in chunks_of(source):
            stream.feed(chunk)
    counts = stream.finish()
    doubts = warn(doubts_in(stream, times, lambda _: _FROM_THE_END, thousands), strict=strict)
    return Metrics.of(config, stream, counts, time.perf_counter() - started)._replace(doubts=doubts)


def _source_of(config: Config, source: object) -> Source:
    """Return the source of a path."""
    if not isinstance(source, (str, os.PathLike)):
        raise InputError(f"newest_first: expected the path of a file, found {type(source).__name__}")
    path = os.fsdecode(source)
    if "\n" in path and not os.path.exists(path):
        raise InputError("expected a path, found CSV as a str: encode it as UTF-8")
    return source_of((path,), config, batches=True)


def _shared_out(inputs: Source, config: Config, stream: SignalStream, executor: Executor, range_bytes: int) -> Source:
    """Return a source whose ranges are counted by the workers, if they may be."""
    if config.newest_first:
        return inputs
    from stream_signal.job.parallel import ParallelSource, Workers

    workers = Workers(lambda: executor, range_bytes, _AHEAD, share_files=False, may_fail=False)
    return ParallelSource(inputs.names, lambda names: FilesSource(names, config), stream, workers, Log(None, 0))


def execute(order: Order) -> None:
    """Run the job as the command does: config, log, outputs and, when it fails, the error record.

    Every failure raises a StreamSignalError, once its record is written. The last line of the log comes after the
    metrics; if it cannot be written, the job has succeeded all the same, and stderr says so.
    """
    started = time.perf_counter()
    config: Config | None = None
    drive: Drive | None = None
    with StopSignals() as stop, Log(order.log_file, order.verbosity) as log, _Resources(stop) as resources:
        try:
            stop.check()
            path = find_config(order.config, ignored=not order.use_config)
            config = load_config(path, order.settings)
            with stop.deferred():  # it imports structlog, and an interrupted import cannot be completed
                _log_start(log, order, config, path)
            drive, results = assemble(Job(order._replace(config=path), config, log, stop, resources, started))
            metrics = results.write(drive.run())
        except ClosedOutputError as error:
            log.info("output closed", reason=str(error))
            return
        except Exception as error:  # noqa: BLE001 - a defect ends with its record, too
            failure = in_words(error)
            if isinstance(failure, Interrupted) and drive:
                failure.rows = drive.stream.rows
            record(failure, order, config, log, stop)
            raise failure from failure.__cause__
        try:
            results.tell(metrics)
        except OutputError as error:
            from stream_signal.outputs.stderr import complain

            complain(error)


def _log_start(log: Log, order: Order, config: Config, path: str | None) -> None:
    is_found = path and not order.config
    if is_found and order.tells_notes:
        from stream_signal.outputs.stderr import say

        say(f"settings of {path}; --no-config leaves them out")
    if order.logs:
        versions = {"stream_signal": __version__, "python": sys.version.split()[0]}
        inputs = list(map(without_secrets, order.inputs))
        log.info("job started", versions=versions, config=config._asdict(), inputs=inputs)
        if is_found:
            log.info("config found", path=path, ignore="--no-config")


class _Resources(ExitStack):
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
