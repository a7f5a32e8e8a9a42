"""What an order asks for -> the parts of its job, put together: source, observers, stream, sinks.

Each part is imported when an order asks for it, so that the plain job starts without the others.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.config import BY_NAME
from stream_signal.core.errors import ConfigError
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import is_url
from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.opening import bytes_in, expanded
from stream_signal.inputs.probe import OLDEST_FIRST, probe, refuse
from stream_signal.job.doubts import Doubts
from stream_signal.job.drive import Drive
from stream_signal.outputs.files import STDOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack

    from stream_signal.core.config import Config
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.key_charts import KeyCharts
    from stream_signal.core.observers.overview import Overview
    from stream_signal.inputs.events import Source
    from stream_signal.inputs.plain import Opened
    from stream_signal.inputs.rotation import Rotations
    from stream_signal.job.checkpoint import Checkpoint
    from stream_signal.job.log import Log
    from stream_signal.job.order import Order
    from stream_signal.job.parallel import Workers
    from stream_signal.job.report import ReportWriter
    from stream_signal.job.resume import Resumption
    from stream_signal.job.stopping import StopSignals
    from stream_signal.outputs.metrics import Metrics
    from stream_signal.outputs.progress import Progress
    from stream_signal.outputs.signals import SignalsWriter
    from stream_signal.outputs.sink import Sink

# Below this, a second process saves less than it takes to start it.
AUTO_BYTES = 256 * 1024 * 1024
# Each range has to show so many of its first closes, less one, and these are read row by row.
MOST_WINDOW = 2000


def assemble(  # noqa: PLR0913, PLR0917 - what all jobs have
    order: Order,
    config: Config,
    held: ExitStack,
    log: Log,
    stop: StopSignals,
    started: float,
    tap: Callable[[Opened], Opened] | None = None,
) -> tuple[Drive, Doubts, ReportWriter | None]:
    """Build the job of an order, `started` on the clock of `time.perf_counter`, what doubts its answer, and its report.

    Its files stay open, and locked, until `held` ends. `tap`, if given, is shown each input that is read from its start
    to its end, and returns what is read in its place.
    """
    order = order._replace(inputs=_inputs(order, config))
    _check_keys(order, config)
    source = _source(order, config, tap)
    checkpoint = _checkpoint(order, held)
    signals = _signals(order, config, held, stop)
    # The timestamps of all rows, if the order is one that takes its time for each row.
    sees_all = log.listens or bool(order.signals) or order.strict
    times = TimeOrder(config.time_column, rows=None if sees_all else FIRST_ROWS)
    rotations = _rotations(order, config)
    overview = _overview(order, config)
    charts = _key_charts(order, config)
    observers: list[Observer] = [each for each in (signals and signals.lines, times, overview, charts) if each]
    resumption = _resumption(order, config, checkpoint, signals, rotations)
    if resumption:
        observers += resumption.observers
        stream = resumption.stream(observers)
    else:
        stream = SignalStream(config, observers)
    if rotations and not (resumption and resumption.saved):
        rotations.begin()

    doubts = Doubts(stream, times, log, lambda: _reversal(order), quiet=order.is_quiet)
    sinks: list[Sink] = [signals] if signals else []
    if config.key is None and (len(order.inputs) > 1 or "-" in order.inputs or any(map(is_url, order.inputs))):
        from stream_signal.job.alike import Alike

        sinks.append(Alike(stream, order.inputs, doubts))
    sinks += [resumption.saver(stream, log)] if resumption else []  # before whatever writes to the log, which may fail
    if rotations:
        from stream_signal.job.truncation import TruncationWarning

        sinks.append(TruncationWarning(log, quiet=order.is_quiet))
    sinks += [doubts] if order.follow else []
    if log.listens:
        from stream_signal.job.journal import Journal

        sinks.append(Journal(stream, log, times, signals))
    sinks += _so_far(order, config, held, stream, started)
    report = _page(order, config, stream, overview, charts, doubts, started)
    sinks += [report] if report else []

    if workers := _workers(order, config, held, log, stop):
        from stream_signal.job.parallel import ParallelSource

        def source_of(names: tuple[str, ...]) -> Source:
            return _files(names, order, config, tap)

        source = ParallelSource(order.inputs, source_of, stream, workers, log)
    if rotations:
        from stream_signal.inputs.follow import FollowedSource

        rotations.header, rotations.rows = lambda: stream.header, lambda: stream.rows
        source = FollowedSource(order.inputs[0], order.idle_timeout, rotations)
    first = offset = 0
    if resumption:
        source = resumption.without_repeats(source, stream)
        first, offset = resumption.position.first, resumption.position.offset
    if _shows_progress(order):
        sinks.append(held.enter_context(_progress(order, stream, stop, first, offset)))
    return Drive(source, stream, sinks, stop, first, offset), doubts, report


def _shows_progress(order: Order) -> bool:
    """Whether stderr is a terminal for people, where nothing else is drawn as the job runs."""
    if order.progress is False or order.logs_to_stderr or (order.quiet and not order.progress):
        return False
    if not (sys.stderr and sys.stderr.isatty()):
        return False
    writes_to_stdout = order.signals == STDOUT or (order.every and order.output == STDOUT)
    return not (writes_to_stdout and sys.stdout and sys.stdout.isatty())


def _progress(order: Order, stream: SignalStream, stop: StopSignals, first: int, offset: int) -> Progress:
    from stream_signal.outputs.progress import Progress

    def sizes() -> tuple[int, int]:
        found = None if order.follow else bytes_in(order.inputs)
        return (sum(found[:first]) + offset, sum(found)) if found else (0, 0)

    return Progress(stream, sizes, stop.held, at_once=bool(order.progress))


def _check_keys(order: Order, config: Config) -> None:
    if order.keys_output and not config.is_keyed:
        raise ConfigError("key: expected one, since --keys-output writes a line for each key, found none").with_hint(
            "name the column of the symbols, such as --key symbol"
        )
    if order.resume_by and config.is_keyed:
        raise ConfigError("key: --resume-by time tells rows apart by their time alone, and each key has its own times")
    if config.key == BY_NAME and config.key_pattern:
        from stream_signal.core.names import key_in

        for name in order.inputs:
            # A pipe or a URL may be an archive, whose members have the keys.
            if name != "-" and probe(name).kind not in {"pipe", "URL"}:
                key_in(name, config.key_pattern)


def _so_far(order: Order, config: Config, held: ExitStack, stream: SignalStream, started: float) -> Iterator[Sink]:
    """Yield what writes the metrics so far, and what serves them, if that is ordered."""
    if order.prometheus:
        from stream_signal.outputs.served import Served

        yield held.enter_context(Served(order.prometheus, config, stream, started))
    if order.every:
        from stream_signal.outputs.metrics import write_metrics
        from stream_signal.outputs.snapshots import MetricsSoFar

        def write(metrics: Metrics) -> None:
            write_metrics(metrics, order.output, order.keys_output, form=order.metrics_format)

        yield MetricsSoFar(order.every, config, stream, started, write)


def _inputs(order: Order, config: Config) -> tuple[str, ...]:
    """Return the names of the inputs, those of the members in place of a zip file."""
    reads_on = order.follow or config.newest_first
    names = order.inputs if reads_on else expanded(order.inputs)
    for name in names:
        if order.follow:
            refuse("follow", name)
        if config.newest_first:
            refuse("newest first", name)
        if order.checkpoint:
            refuse("checkpoint", name)
    return names


def _source(order: Order, config: Config, tap: Callable[[Opened], Opened] | None) -> Source:
    if config.newest_first:
        from stream_signal.inputs.backwards import BackwardsSource

        if order.follow or order.checkpoint:
            what, flag = ("a file that grows", "--follow") if order.follow else ("a checkpoint", "--checkpoint")
            hint = f"leave out {flag}, or sort the rows first; {OLDEST_FIRST}"
            raise ConfigError(f"newest_first: {what} needs the rows in order of time").with_hint(hint)
        return BackwardsSource(order.inputs, config)
    return _files(order.inputs, order, config, tap)


def _files(names: tuple[str, ...], order: Order, config: Config, tap: Callable[[Opened], Opened] | None) -> FilesSource:
    # A report says how many bytes of CSV were read, so it takes the rows as text.
    return FilesSource(names, config, has_checkpoint=bool(order.checkpoint), batches=not order.report, tap=tap)


def _reversal(order: Order) -> str:
    """Say how the inputs can be read in order of time, if they turn out to be newest first."""
    from stream_signal.inputs.backwards import reversal

    if order.follow or order.checkpoint:
        return f"{'--follow' if order.follow else '--checkpoint'} needs the rows in order of time: sort them first"
    return reversal(order.inputs)


def _workers(order: Order, config: Config, held: ExitStack, log: Log, stop: StopSignals) -> Workers | None:
    """Return who counts ranges of the inputs; None if one process reads them."""
    if order.jobs == 1 and not order.cluster:
        return None
    why = alone(order, config, log)
    if why:
        if order.jobs or order.cluster or order.report:
            log.info("one process", why=why)
        return None
    if order.cluster:
        from stream_signal.job.cluster import cluster

        return cluster(order.cluster, held, stop)
    total_bytes = sum(probe(name).size for name in order.inputs)
    if not order.jobs and total_bytes < AUTO_BYTES:
        return None
    from stream_signal.job.processes import processes, range_bytes_for

    count = order.jobs or system.usable_cores()
    log.info("processes", jobs=count)
    range_bytes = range_bytes_for(count, total_bytes, keyed=config.is_keyed)
    return processes(count, range_bytes, held, stop) if count > 1 else None


def alone(order: Order, config: Config, log: Log) -> str | None:
    """Say why one process has to read the inputs, if it has to."""
    if order.follow:
        return "a followed file is read as it grows"
    if config.newest_first:
        return "a file is read from its end"
    if order.signals:
        return "signals are written row by row"
    if order.report:
        return "the report shows the rows in their places"
    if config.key == BY_NAME:
        return "each file has a key of its own"
    if config.is_keyed and config.grouped:
        return "the keys are grouped"
    if config.is_keyed and (log.listens or order.strict):
        return "the timestamps of each key are compared in order"
    if max(config.window, *config.windows, 1) > MOST_WINDOW:
        return f"a window of more than {MOST_WINDOW} rows is long beside a range"
    return None


def _checkpoint(order: Order, held: ExitStack) -> Checkpoint | None:
    if not order.checkpoint:
        return None
    from stream_signal.job.checkpoint import Checkpoint

    return held.enter_context(Checkpoint(order.checkpoint))


def _signals(order: Order, config: Config, held: ExitStack, stop: StopSignals) -> SignalsWriter | None:
    if not order.signals:
        return None
    from stream_signal.core.line_format import format_for
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.outputs.signals import SignalsWriter

    form = order.signals_format or format_for(order.signals)
    lines = SignalLines(form, config.time_column, keyed=config.is_keyed, windows=config.windows)
    writer = SignalsWriter(order.signals, lines, lambda: stop.received, quiet=order.is_quiet)
    return held.enter_context(writer)


def _overview(order: Order, config: Config) -> Overview | None:
    if not order.report:
        return None
    from stream_signal.core.observers.overview import Overview
    from stream_signal.outputs.report import check_report

    check_report(order.report)
    return Overview(config.time_column, keyed=config.is_keyed, windows=1 + len(config.windows))


def _key_charts(order: Order, config: Config) -> KeyCharts | None:
    if not (order.report and config.is_keyed):
        return None
    from stream_signal.core.observers.key_charts import KeyCharts

    return KeyCharts(config.time_column)


def _page(  # noqa: PLR0913, PLR0917 - what a page shows
    order: Order,
    config: Config,
    stream: SignalStream,
    overview: Overview | None,
    charts: KeyCharts | None,
    doubts: Doubts,
    started: float,
) -> ReportWriter | None:
    if not (order.report and overview):
        return None
    from stream_signal.job.report import Page, ReportWriter

    return ReportWriter(order.report, Page(config, stream, overview, charts, doubts, started), order.every)


def _rotations(order: Order, config: Config) -> Rotations | None:
    if not order.follow:
        return None
    from stream_signal.inputs.rotation import Rotations

    return Rotations(order.inputs[0], order.rotated, order.own, config)


def _resumption(
    order: Order,
    config: Config,
    checkpoint: Checkpoint | None,
    signals: SignalsWriter | None,
    rotations: Rotations | None,
) -> Resumption | None:
    if not checkpoint:
        return None
    from stream_signal.job.resume import Resumption

    return Resumption(order, config, checkpoint, signals, rotations)
