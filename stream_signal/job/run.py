"""One run of a job: config -> source -> stream -> metrics."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from stream_signal import __version__
from stream_signal.core.config import MAX_CONFIG_BYTES, Config, parse_config
from stream_signal.core.errors import (
    ClosedOutputError,
    ConfigError,
    InternalError,
    Interrupted,
    OutputError,
    StreamSignalError,
)
from stream_signal.core.stream import SignalStream
from stream_signal.inputs.plain import CHUNK_BYTES, PlainSource, read_chunks, read_small, size_of
from stream_signal.job.doubts import Doubts
from stream_signal.job.drive import Drive
from stream_signal.job.log import Log
from stream_signal.job.stopping import StopSignals
from stream_signal.outputs.metrics import (
    UNKNOWN_VERSION,
    ErrorRecord,
    Metrics,
    check_output,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.first_look import FirstLook
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.inputs.events import Source
    from stream_signal.outputs.sink import Sink

    class BinaryFile(Protocol):
        """Anything with the `read` of a file opened in binary mode."""

        def read(self, size: int, /) -> bytes:
            """Return at most `size` bytes, none at the end."""


DEFAULT_CONFIG = "config.yaml"
CHECKPOINT_SECONDS = 30.0


class Order(NamedTuple):
    """What the command was asked to do."""

    inputs: tuple[str, ...]
    """paths, `-` for stdin, read in this order as one stream"""
    output: str = "-"
    """path, or `-` for stdout"""
    config: str | None = None
    """path; None: ./config.yaml if it exists, otherwise the built-in settings"""
    log_file: str | None = None
    verbosity: int = 0
    window: int | None = None
    """in rows; overrides the config"""
    column: str | int | None = None
    """overrides the config"""
    checkpoint: str | None = None
    """path: resumed from at the start if it exists, and saved as the job runs"""
    checkpoint_every: float = CHECKPOINT_SECONDS
    """seconds"""
    every: float | None = None
    """seconds between two writes of the metrics so far"""
    signals: str | None = None
    """path, or `-` for stdout: a line for each row"""
    signals_format: str | None = None
    """csv or jsonl; None: by the ending of the path"""
    time_column: str | int | None = None
    """None: the first with a known name"""
    follow: bool = False
    """keep reading the one input as it grows"""
    idle_timeout: float | None = None
    """seconds without new bytes after which a followed file has ended"""
    max_bad: float | None = None
    """overrides the config"""
    quiet: bool = False
    """say no doubts on stderr"""
    strict: bool = False
    """every doubt is an error, and every row is looked at"""


def run(config: Config, source: str | os.PathLike[str] | bytes | bytearray | BinaryFile | Iterable[bytes]) -> Metrics:
    r"""Run the job from Python: read the whole source, return its metrics.

    `source` is a path, `-` for stdin, a binary file, bytes, or any iterable of bytes, cut anywhere. Raises a
    StreamSignalError that says what is wrong; nothing is written and nothing is logged.

    >>> run(Config(window=2), [b"close\n4.58\n4.", b"58\n4.59\n"]).value
    0.3333333333333333
    """
    started = time.perf_counter()
    stream = SignalStream(config)
    chunks: Iterable[bytes]
    if isinstance(source, (str, os.PathLike)):
        chunks = read_chunks(os.fspath(source))
        stream.begin_input(size=size_of(os.fspath(source)))
    elif isinstance(source, (bytes, bytearray)):
        chunks = [bytes(source)]
    elif hasattr(source, "read"):
        chunks = iter(lambda: source.read(CHUNK_BYTES), b"")
    else:
        chunks = source
    for chunk in chunks:
        stream.feed(chunk)
    return Metrics.of(config, stream.finish(), time.perf_counter() - started)


def execute(order: Order) -> None:
    """Run the job as the command does: config, log, metrics and, when it fails, the error record.

    Every failure raises a StreamSignalError, once its record is written. The last line of the log comes after the
    metrics; if it cannot be written, the job has succeeded all the same, and stderr says so.
    """
    started = time.perf_counter()
    version = UNKNOWN_VERSION
    stream: SignalStream | None = None
    with StopSignals() as stop, Log(order.log_file, order.verbosity) as log, ExitStack() as held:
        try:
            config = load_config(order.config, order.window, order.column, order.max_bad)
            version = config.version
            with stop.held():  # it imports structlog, and an interrupted import cannot be completed
                _log_start(log, order, config)
            check_output(order.output)
            drive, doubts = _prepare(order, config, held, log, stop, started)
            stream = drive.stream
            metrics = Metrics.of(config, drive.run(), time.perf_counter() - started)
            if order.strict:
                doubts.refuse()
            write_record(metrics, order.output)
            stop.obey()  # the job is done
        except ClosedOutputError as error:
            log.info("output closed", reason=str(error))
            return
        except StreamSignalError as error:
            if isinstance(error, Interrupted) and stream:
                error.rows = stream.rows
            _record_failure(error, version, order.output, log)
            raise
        except Exception as error:
            unexpected = InternalError(f"internal error: {type(error).__name__}: {error}")
            unexpected.__cause__ = error
            _record_failure(unexpected, version, order.output, log)
            raise unexpected from error
        try:
            doubts.say()
            log.info("job finished", **metrics._asdict())
        except OutputError as error:
            from stream_signal.outputs.stderr import complain  # noqa: PLC0415 - nearly never needed

            complain(error)


def load_config(
    path: str | None, window: int | None = None, column: str | int | None = None, max_bad: float | None = None
) -> Config:
    """Read the config file at `path`, or ./config.yaml if it exists; otherwise return the built-in settings.

    `window`, `column` and `max_bad` override it. ConfigError names the file; InputError if it cannot be read.
    """
    if path is None and not os.path.lexists(DEFAULT_CONFIG):
        overrides = {"window": window, "column": column, "max_bad": max_bad}
        return Config(**{key: value for key, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    path = path or DEFAULT_CONFIG
    try:
        return parse_config(read_small(path, MAX_CONFIG_BYTES), window=window, column=column, max_bad=max_bad)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _prepare(  # noqa: PLR0913, PLR0915, PLR0917 - all that a job is made of
    order: Order, config: Config, held: ExitStack, log: Log, stop: StopSignals, started: float
) -> tuple[Drive, Doubts]:
    """Build what the order asks for; its files stay open, and locked, until `held` ends."""
    observers: list[Observer] = []
    times: FirstLook | TimeOrder
    sinks: list[Sink] = []
    checkpoint = saved = signals = time_order = look = None
    first = offset = 0
    if order.checkpoint:
        from stream_signal.job.checkpoint import (  # noqa: PLC0415 - a job without one starts faster
            Checkpoint,
            CheckpointSaver,
            deciding_settings,
        )
        from stream_signal.job.position import Position  # noqa: PLC0415

        checkpoint = held.enter_context(Checkpoint(order.checkpoint))
    if order.signals:
        from stream_signal.core.line_format import format_for  # noqa: PLC0415
        from stream_signal.core.observers.signal_lines import SignalLines  # noqa: PLC0415
        from stream_signal.outputs.signals import SignalsWriter  # noqa: PLC0415

        lines = SignalLines(order.signals_format or format_for(order.signals), order.time_column)
        signals = held.enter_context(SignalsWriter(order.signals, lines, lambda: stop.received))
        observers.append(lines)
        sinks.append(signals)
    if log.listens or order.signals or order.strict:
        from stream_signal.core.observers.time_order import TimeOrder  # noqa: PLC0415

        times = time_order = TimeOrder(order.time_column)
        observers.append(time_order)
    else:
        from stream_signal.core.observers.first_look import FirstLook  # noqa: PLC0415

        times = look = FirstLook(order.time_column)
    if checkpoint:
        position = Position(order.inputs)
        settings = deciding_settings(config, signals)
        saved = checkpoint.load(settings, position.input)
    if checkpoint and saved:
        if saved.parts:
            position.resume(saved.parts, checkpoint.path)
        first, offset = position.first, position.offset
        try:
            stream = SignalStream.from_state(config, saved.state, observers, look=look)
        except ValueError as error:
            raise checkpoint.damaged(f"it is damaged: {error}") from None
    else:
        stream = SignalStream(config, observers, look=look)
    if checkpoint:
        saver = CheckpointSaver(checkpoint, settings, position, stream, signals, log, order.checkpoint_every)
        sinks.append(saver)
        if saved:
            saver.resume_signals(saved)
            log.info("checkpoint taken up", rows=stream.rows, input=order.inputs[first], offset=offset)
    doubts = Doubts(stream, times, log, quiet=order.quiet)
    if order.follow:
        sinks.append(doubts)
    if time_order and log.listens:
        from stream_signal.job.journal import Journal  # noqa: PLC0415

        sinks.append(Journal(stream, log, time_order, signals))
    if order.every:
        from stream_signal.outputs.snapshots import MetricsSoFar  # noqa: PLC0415

        sinks.append(MetricsSoFar(order.every, config, stream, order.output, started))
    return Drive(_source(order), stream, sinks, stop, first, offset), doubts


def _source(order: Order) -> Source:
    if not order.follow:
        return PlainSource(order.inputs)
    from stream_signal.inputs.follow import FollowedSource  # noqa: PLC0415 - only --follow needs it

    return FollowedSource(order.inputs[0], order.idle_timeout)


def _log_start(log: Log, order: Order, config: Config) -> None:
    if log.listens:
        versions = {"stream_signal": __version__, "python": sys.version.split()[0]}
        log.info("job started", versions=versions, config=config._asdict(), inputs=list(order.inputs))


def _record_failure(error: StreamSignalError, version: str, output: str, log: Log) -> None:
    """Write the error to the log, and in place of the metrics; what cannot be written does not hide it."""
    attempts: list[Callable[[], None]] = [
        lambda: log.failure("job failed", error),
        lambda: write_record(ErrorRecord.of(version, error), output, wait=not isinstance(error, Interrupted)),
    ]
    for attempt in attempts:
        try:
            attempt()
        except Interrupted:
            raise
        except Exception as unwritten:  # noqa: BLE001 - no other error hides the failure
            if not isinstance(error, OutputError):
                error.add_note(str(unwritten))
