"""One run of a job: config -> source -> stream -> metrics."""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal import __version__
from stream_signal.core.config import MAX_CONFIG_BYTES, Config, as_config, configured, read_settings
from stream_signal.core.errors import (
    ClosedOutputError,
    ConfigError,
    InputError,
    InternalError,
    Interrupted,
    OutputError,
    StreamSignalError,
)
from stream_signal.core.stream import SignalStream
from stream_signal.inputs.events import Begin
from stream_signal.inputs.plain import PlainSource, read_chunks, read_small, size_of
from stream_signal.job.doubts import Doubts
from stream_signal.job.drive import Drive
from stream_signal.job.log import STDERR, Log
from stream_signal.job.stopping import StopSignals
from stream_signal.outputs.metrics import (
    UNKNOWN_VERSION,
    ErrorRecord,
    Metrics,
    check_output,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.first_look import FirstLook
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.inputs.events import Source
    from stream_signal.outputs.sink import Sink

    class File(Protocol):
        """Anything with the `read` of a file."""

        def read(self, size: int, /) -> bytes | str:
            """Return at most `size` bytes or characters, none at the end."""


DEFAULT_CONFIG = "config.yaml"
CHECKPOINT_SECONDS = 30.0
_DEFECT = "this is a defect of stream-signal: please report it, with the traceback that -vv --log-file FILE writes"


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
    settings: Mapping[str, Any] = {}
    """those of the command line, which override the config"""
    use_config: bool = True
    """whether to look for ./config.yaml"""
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
    follow: bool = False
    """keep reading the one input as it grows"""
    rotated: str | None = None
    """pattern of the names that old files of the followed one get; None: unknown"""
    resume_by: str | None = None
    """"time": a sender repeats rows, and those up to the last timestamp of the checkpoint are skipped"""
    quiet: bool = False
    """nothing on stderr but errors"""
    idle_timeout: float | None = None
    """seconds without new bytes after which a followed file has ended"""
    strict: bool = False
    """every doubt is an error, and every row is looked at"""

    @property
    def logs_to_stderr(self) -> bool:
        """Whether stderr is for the log alone, without words for people."""
        return self.log_file == STDERR


def run(
    config: Config | Mapping[str, Any] | None,
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | File | Iterable[bytes],
) -> Metrics:
    r"""Run the job from Python: read the whole source, return its metrics.

    `config` may be a dict of settings, or None for the defaults. `source` is a path, `-` for stdin, an open file,
    bytes, or any iterable of bytes, cut anywhere. Raises a StreamSignalError that says what is wrong, or TypeError if
    the source is of another type; nothing is written and nothing is logged.

    >>> run(Config(window=2), [b"close\n4.58\n4.", b"58\n4.59\n"]).value
    0.3333333333333333
    """
    started = time.perf_counter()
    config = as_config(config)
    stream = SignalStream(config)
    chunks: Iterable[bytes]
    if config.newest_first:
        chunks = _from_the_end(stream, config, source)
    elif isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(source)
        if "\n" in path and not os.path.exists(path):
            raise InputError("expected a path, found CSV as a str: encode it as UTF-8")
        chunks = read_chunks(path)
        stream.begin_input(size=size_of(path))
    else:
        from stream_signal.inputs.given import chunks_of  # noqa: PLC0415 - the command reads paths

        chunks = chunks_of(source)
    for chunk in chunks:
        stream.feed(chunk)
    return Metrics.of(config, stream.finish(), time.perf_counter() - started)


def _from_the_end(stream: SignalStream, config: Config, source: object) -> Iterable[bytes]:
    """Begin the file in `stream`, and yield its bytes for it."""
    from stream_signal.inputs.backwards import BackwardsSource  # noqa: PLC0415 - few files need it

    if not isinstance(source, (str, os.PathLike)):
        raise InputError(f"newest_first: expected the path of a file, found {type(source).__name__}")
    for event in BackwardsSource((os.fspath(source),), config).events(0, 0, None):
        if isinstance(event, bytes):
            yield event
        elif isinstance(event, Begin):
            stream.begin_input(None, event.size, event.line_of)


def execute(order: Order) -> None:
    """Run the job as the command does: config, log, metrics and, when it fails, the error record.

    Every failure raises a StreamSignalError, once its record is written. The last line of the log comes after the
    metrics; if it cannot be written, the job has succeeded all the same, and stderr says so.
    """
    started = time.perf_counter()
    version = order.settings.get("version", UNKNOWN_VERSION)
    stream: SignalStream | None = None
    with StopSignals() as stop, Log(order.log_file, order.verbosity) as log, ExitStack() as held:
        try:
            config_path = order.config or (find_config() if order.use_config else None)
            config = load_config(config_path, order.settings)
            version = config.version
            with stop.held():  # it imports structlog, and an interrupted import cannot be completed
                _log_start(log, order, config, config_path)
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
            if isinstance(error, ConfigError) and version == UNKNOWN_VERSION:
                version = error.version or version
            _record_failure(error, version, order, log)
            raise
        except Exception as error:
            unexpected = InternalError(f"internal error: {type(error).__name__}: {error}").with_hint(_DEFECT)
            unexpected.__cause__ = error
            _record_failure(unexpected, version, order, log)
            raise unexpected from error
        try:
            doubts.say()
            log.info("job finished", **metrics._asdict())
        except OutputError as error:
            from stream_signal.outputs.stderr import complain  # noqa: PLC0415 - nearly never needed

            complain(error)


def find_config() -> str | None:
    """Return the path of the config that is read without being named, if it exists."""
    return DEFAULT_CONFIG if os.path.lexists(DEFAULT_CONFIG) else None


def load_config(path: str | None, settings: Mapping[str, Any] | None = None) -> Config:
    """Return the settings of the config file at `path`, or the built-in ones without a path.

    `settings` override them. ConfigError names the file if it is wrong by itself; InputError if it cannot be read.
    """
    document = read_config(path)
    try:
        return configured(document, settings or {})
    except ConfigError as error:
        if path is None or _is_config(document):
            raise
        raise _in_file(path, error) from None


def _is_config(document: Mapping[str, Any]) -> bool:
    try:
        configured(document, {})
    except ConfigError:
        return False
    return True


def read_config(path: str | None) -> dict[str, Any]:
    """Read the settings of the config file at `path`, as written; none without a path."""
    if path is None:
        return {}
    try:
        return read_settings(read_small(path, MAX_CONFIG_BYTES))
    except ConfigError as error:
        raise _in_file(path, error) from None


def _in_file(path: str, error: ConfigError) -> ConfigError:
    named = ConfigError(f"{path}: {error}")
    named.version = error.version
    named.hint = error.hint
    return named


def _prepare(  # noqa: PLR0913, PLR0915, PLR0917 - all that a job is made of
    order: Order, config: Config, held: ExitStack, log: Log, stop: StopSignals, started: float
) -> tuple[Drive, Doubts]:
    """Build what the order asks for; its files stay open, and locked, until `held` ends."""
    observers: list[Observer] = []
    times: FirstLook | TimeOrder
    sinks: list[Sink] = []
    checkpoint = saved = signals = time_order = look = rotations = last_time = repeats = None
    first = offset = 0
    time_column = config.time_column
    source = _source(order, config)
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

        lines = SignalLines(order.signals_format or format_for(order.signals), time_column)
        signals = held.enter_context(SignalsWriter(order.signals, lines, lambda: stop.received))
        observers.append(lines)
        sinks.append(signals)
    if log.listens or order.signals or order.strict:
        from stream_signal.core.observers.time_order import TimeOrder  # noqa: PLC0415

        times = time_order = TimeOrder(time_column)
        observers.append(time_order)
    else:
        from stream_signal.core.observers.first_look import FirstLook  # noqa: PLC0415

        times = look = FirstLook(time_column)
    if checkpoint:
        position = Position(order.inputs)
        if not position.is_of_files:
            from stream_signal.core.observers.last_time import LastTime  # noqa: PLC0415

            last_time = LastTime(time_column)
            observers.append(last_time)
        elif order.resume_by:
            raise InputError("--resume-by is for a pipe; the rows of a file that were counted are not read again")
        settings = deciding_settings(config, signals)
        saved = checkpoint.load(settings, position.input)
    if order.follow:
        from stream_signal.inputs.rotation import Rotations  # noqa: PLC0415 - only --follow needs it
        from stream_signal.job.truncation import TruncationWarning  # noqa: PLC0415

        own = [path for path in (order.output, order.signals, order.log_file, order.checkpoint) if path]
        rotations = Rotations(order.inputs[0], order.rotated, own)
        if not saved:
            rotations.begin()
        sinks.append(TruncationWarning(log, quiet=order.quiet or order.logs_to_stderr))
    if checkpoint and saved:
        if saved.parts and rotations:
            position.resume_followed(saved.parts, saved.followed, rotations, checkpoint.path)
        elif saved.parts:
            position.resume(saved.parts, checkpoint.path)
        first, offset = position.first, position.offset
        try:
            stream = SignalStream.from_state(config, saved.state, observers, look=look)
        except ValueError as error:
            raise checkpoint.damaged(f"it is damaged: {error}") from None
    else:
        stream = SignalStream(config, observers, look=look)
    if checkpoint:
        every, quiet = order.checkpoint_every, order.quiet or order.logs_to_stderr
        saver = CheckpointSaver(
            checkpoint,
            settings,
            position,
            stream,
            signals,
            log,
            every,
            rotations,
            quiet=quiet,
        )
        sinks.append(saver)
        if rotations:
            saver.begin_followed(saved)
        if saved and last_time:
            if "last_time" not in saved.state.observed and stream.rows:
                last_time.forget()
            if order.resume_by and stream.rows:
                from stream_signal.job.repeats import repeats_of  # noqa: PLC0415

                repeats = repeats_of(config, saved, last_time, checkpoint.path)
        if saved:
            saver.resume_signals(saved)
            if last_time:
                saver.resume_pipe(saved)
            log.info("checkpoint taken up", rows=stream.rows, input=order.inputs[first], offset=offset)
    doubts = Doubts(stream, times, log, quiet=order.quiet or order.logs_to_stderr)
    if order.follow:
        sinks.append(doubts)
    if time_order and log.listens:
        from stream_signal.job.journal import Journal  # noqa: PLC0415

        sinks.append(Journal(stream, log, time_order, signals))
    if order.every:
        from stream_signal.outputs.snapshots import MetricsSoFar  # noqa: PLC0415

        sinks.append(MetricsSoFar(order.every, config, stream, order.output, started))
    if rotations:
        from stream_signal.inputs.follow import FollowedSource  # noqa: PLC0415 - only --follow needs it

        rotations.header, rotations.rows = lambda: stream.header, lambda: stream.rows
        source = FollowedSource(order.inputs[0], order.idle_timeout, rotations)
    if repeats:
        from stream_signal.job.repeats import WithoutRepeats  # noqa: PLC0415

        source = WithoutRepeats(source, repeats, stream.skip_lines)
    return Drive(source, stream, sinks, stop, first, offset), doubts


def _source(order: Order, config: Config) -> Source:
    if config.newest_first:
        from stream_signal.inputs.backwards import OLDEST_FIRST, BackwardsSource  # noqa: PLC0415 - few files need it

        if order.follow or order.checkpoint:
            what = "a file that grows" if order.follow else "a checkpoint"
            raise ConfigError(f"newest_first: {what} needs the rows in order of time").with_hint(OLDEST_FIRST)
        return BackwardsSource(order.inputs, config)
    return PlainSource(order.inputs)


def _log_start(log: Log, order: Order, config: Config, config_path: str | None) -> None:
    if log.listens:
        versions = {"stream_signal": __version__, "python": sys.version.split()[0]}
        log.info("job started", versions=versions, config=config._asdict(), inputs=list(order.inputs))
        if config_path and not order.config:
            log.info("config found", path=config_path, ignore="--no-config")


def _record_failure(error: StreamSignalError, version: str, order: Order, log: Log) -> None:
    """Write the error to the log, and in place of the metrics; what cannot be written does not hide it."""
    if isinstance(error, ConfigError) and order.config is None and str(error).startswith(f"{DEFAULT_CONFIG}: "):
        ignore = "--no-config ignores ./config.yaml"
        error.hint = f"{error.hint}; {ignore}" if error.hint else ignore
    if error.hint:
        from stream_signal.core.foreign import with_path  # noqa: PLC0415 - only a failed job needs it

        path = order.inputs[0] if len(order.inputs) == 1 else getattr(error, "source", None)
        error.hint = with_path(error.hint, path or "-")
    record, wait = ErrorRecord.of(version, error), not isinstance(error, Interrupted)
    _attempt(error, lambda: log.failure("job failed", error))
    unwritten = _attempt(error, lambda: write_record(record, order.output, wait=wait))
    if unwritten:
        _attempt(error, lambda: log.warning("record not written", reason=unwritten))


def _attempt(error: StreamSignalError, write: Callable[[], None]) -> str | None:
    """Write something; return why that failed, unless it is why the job failed, and note it."""
    try:
        write()
    except Interrupted:
        raise
    except Exception as unwritten:  # noqa: BLE001 - no other error hides the failure
        if isinstance(error, OutputError):
            return None
        if str(unwritten) not in getattr(error, "__notes__", ()):
            error.add_note(str(unwritten))
        return str(unwritten)
    return None
