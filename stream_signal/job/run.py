"""One run of a job: config -> source -> stream -> metrics."""

from __future__ import annotations

import os
import sys
import time
import warnings
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
from stream_signal.job.doubts import Doubts, doubts_in, thousands_of, warn
from stream_signal.job.drive import read
from stream_signal.job.failure import in_words, record
from stream_signal.job.sources import source_of
from stream_signal.order import Order
from stream_signal.outputs.log import Log
from stream_signal.outputs.metrics import Metrics
from stream_signal.outputs.parts import Job
from stream_signal.stopping import StopSignals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from concurrent.futures import Executor
    from types import TracebackType
    from typing import Protocol

    from stream_signal.hints.doubts import Doubt
    from stream_signal.inputs.events import Source as Events
    from stream_signal.job.drive import Drive

    class File(Protocol):
        """Anything with the `read` of a file."""

        def read(self, size: int, /) -> bytes | str:
            """Return at most `size` bytes or characters, none at the end."""

    class Frame(Protocol):
        """Anything that gives its rows as a stream of Arrow: a data frame, a table, a result of DuckDB."""

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            """Return the rows as a stream of Arrow."""

    Path = str | os.PathLike[str]
    Source = Path | Sequence[Path] | bytes | bytearray | memoryview | File | Frame | Iterable[bytes]
    Given = Config | Mapping[str, Any] | Path | None


# Ranges that are handed out before they are needed, to workers of which nobody knows how many there are.
_AHEAD = 256
# What a job of Python may write, by the names of the flags.
_WRITTEN = ("signals", "report", "manifest")
_FROM_THE_END = Hint("sort the rows, or let `newest_first` read the file from its end")


def run(
    source: Source,
    config: Given = None,
    *,
    strict: bool = False,
    executor: Executor | None = None,
    range_bytes: int = 64 * 1024 * 1024,
    **settings: Any,
) -> Metrics:
    r"""Run the job from Python: read the whole source, return its metrics; `settings` win over those of `config`.

    What makes the answer doubtful is in the `doubts` of the metrics, and a DoubtWarning each; if the job is `strict`,
    all timestamps are compared, and a doubt raises DoubtError, which is a StreamSignalError as all that may be wrong.
    TypeError if the source is of another type. Nothing is logged, and nothing is written but the `signals`, a `report`
    or a `manifest` if its path is given. The workers of an `executor` count ranges of `range_bytes` bytes of a file.

    >>> run([b"close\n4.58\n4.", b"58\n4.59\n"], window=2).value
    0.3333333333333333
    """
    started = time.perf_counter()
    outputs = {name: os.fsdecode(path) for name in _WRITTEN if (path := settings.pop(name, None)) is not None}
    source, config = _in_order(source, config)
    path = os.fsdecode(config) if isinstance(config, (str, os.PathLike)) else None
    config = _config_of(config, settings)
    if outputs:
        metrics, doubts = _written(source, config, {**outputs, "config": path}, started, strict=strict)
    else:
        first_rows = None if strict or config.is_ranged else FIRST_ROWS
        times, thousands = TimeOrder(config.time_column, rows=first_rows), thousands_of(config)
        stream = SignalStream(config, [times, thousands] if thousands else [times])
        _feed(stream, source, config, executor, range_bytes)
        metrics = Metrics.of(config, stream, stream.finish(), time.perf_counter() - started)
        doubts = doubts_in(stream, times, lambda _: _FROM_THE_END, thousands)
    return metrics._replace(doubts=warn(doubts, strict=strict))


def _in_order(source: Any, config: Any) -> tuple[Any, Any]:
    """Return the source and the config, which used to come first."""
    is_config = source is None or isinstance(source, (Config, dict))
    if not is_config or config is None or isinstance(config, Config):
        return source, config
    warnings.warn("run(config, source) is now run(source, config)", DeprecationWarning, stacklevel=3)
    return config, source


def _config_of(config: Given, settings: dict[str, Any]) -> Config:
    """Return the config with these settings on top."""
    if "window" in settings:  # which stands for all windows
        settings = {"windows": (), **Config.in_rows(settings)}
    if isinstance(config, (str, os.PathLike)):
        return load_config(os.fsdecode(config), settings)
    return as_config(config, settings)


def _feed(stream: SignalStream, source: Source, config: Config, executor: Executor | None, range_bytes: int) -> None:
    """Feed a stream with all that a source has."""
    from stream_signal.inputs.objects import feed, names_of

    names = names_of(source)
    if names is not None:
        inputs = source_of(names, config, batches=True)
        read(stream, _shared_out(inputs, config, stream, executor, range_bytes) if executor else inputs)
    elif config.newest_first:
        raise InputError(f"newest_first: expected the path of a file, found {type(source).__name__}")
    else:
        feed(stream, source, config)


def _written(
    source: Source, config: Config, outputs: dict[str, Any], started: float, *, strict: bool
) -> tuple[Metrics, list[Doubt]]:
    """Run a job that writes what has a path; return its metrics and its doubts."""
    from stream_signal.inputs.objects import names_of
    from stream_signal.job.overwriting import overwritten

    names = names_of(source)
    if names is None:
        what = ", ".join(name for name in _WRITTEN if name in outputs)
        raise TypeError(f"{what}: expected a path or paths as the source, found {type(source).__name__}")
    if why := overwritten(names, outputs["config"], outputs):
        raise OutputError(why.removeprefix("--"))
    order = Order(names, output="", strict=strict, jobs=1, **outputs)
    with ExitStack() as resources:
        job = Job(order, config, Log(None, 0), StopSignals(), resources, started)
        drive, results = assemble(job)
        metrics = results.write(drive.run())
        (seen,) = job.parts(Doubts)
        return metrics, doubts_in(job.stream, seen.times, lambda _: _FROM_THE_END, seen.thousands)


def _shared_out(inputs: Events, config: Config, stream: SignalStream, executor: Executor, range_bytes: int) -> Events:
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
