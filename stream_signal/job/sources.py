"""What a job reads: the source that fits its inputs and its order, and who counts ranges of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.config import BY_NAME
from stream_signal.core.errors import ClusterError, ConfigError
from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.opening import expanded
from stream_signal.inputs.probe import OLDEST_FIRST, probe, refuse
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.config import Config
    from stream_signal.core.errors import Hint
    from stream_signal.inputs.events import Source
    from stream_signal.inputs.plain import Opened
    from stream_signal.inputs.rotation import Rotations
    from stream_signal.job.parallel import Workers
    from stream_signal.order import Order
    from stream_signal.outputs.parts import Job

    _Tap = Callable[[Opened], Opened]

# Below this, a second process saves less than it takes to start it.
AUTO_BYTES = 256 * 1024 * 1024
# Each range has to show so many of its first closes, less one, and these are read row by row.
MOST_WINDOW = 2000


def source_of(
    names: tuple[str, ...],
    config: Config,
    tap: _Tap | None = None,
    *,
    batches: bool = False,
) -> Source:
    """Return the source that reads inputs once, from their first byte on, in one process.

    `tap`, if given, is shown each input that is read from its start, and returns what is read in its place. With
    `batches`, rows of Parquet and Arrow files may be given as Batch. InputError if `config` wants what cannot be read.
    """
    if not config.newest_first:
        return FilesSource(expanded(names), config, tap=tap, batches=batches)
    from stream_signal.inputs.backwards import BackwardsSource

    return BackwardsSource(names, config)


def inputs_of(order: Order, config: Config, left_out: list[str]) -> tuple[str, ...]:
    """Return the names of the inputs, those of the members in place of a zip file; refuse what cannot be read so.

    The members that are no tables come into `left_out`.
    """
    if config.newest_first and (order.follow or order.checkpoint):
        what, flag = ("a file that grows", "--follow") if order.follow else ("a checkpoint", "--checkpoint")
        hint = f"leave out {flag}, or sort the rows first; {OLDEST_FIRST}"
        raise ConfigError(f"newest_first: {what} needs the rows in order of time").with_hint(hint)
    reads_on = order.follow or config.newest_first
    names = order.inputs if reads_on else expanded(order.inputs, left_out)
    for name in names:
        if order.follow:
            refuse("follow", name)
        if config.newest_first:
            refuse("newest first", name)
        if order.checkpoint:
            refuse("checkpoint", name)
    if config.key == BY_NAME and config.key_pattern:
        from stream_signal.core.names import key_in

        for name in names:
            # A pipe or a URL may be an archive, whose members have the keys.
            if name != "-" and probe(name).kind not in {"pipe", "URL"}:
                key_in(name, config.key_pattern)
    return names


def source_for(job: Job, rotations: Rotations | None) -> Source:
    """Return what a job reads; `rotations` know the files that it follows, if it does."""
    order, config = job.order, job.config
    workers = _workers(job)  # the log says why there are none, also where nothing could be shared out
    if rotations:
        from stream_signal.inputs.follow import FollowedSource

        return FollowedSource(order.inputs[0], order.idle_timeout, rotations)
    if config.newest_first:
        return source_of(order.inputs, config)

    tap = next((output.tap for output in job.parts(Output) if output.tap), None)

    def files(names: tuple[str, ...]) -> FilesSource:
        has_checkpoint = bool(order.checkpoint)
        return FilesSource(names, config, has_checkpoint=has_checkpoint, batches=True, tap=tap, left_out=job.left_out)

    if not workers:
        return files(order.inputs)
    from stream_signal.job.parallel import ParallelSource

    return ParallelSource(order.inputs, files, job.stream, workers, job.log)


def rotations_of(job: Job) -> Rotations | None:
    """Return what knows the files that had the name of the followed one, if one is followed."""
    order = job.order
    if not order.follow:
        return None
    from stream_signal.inputs.rotation import Rotations

    header, rows = (lambda: job.stream.header), (lambda: job.stream.rows)
    return Rotations(order.inputs[0], order.rotated, order.written_paths, job.config, header, rows)


def reversal_of(order: Order, head_lines: int | None) -> Hint:
    """Say how the inputs can be read in order of time, if they turn out to be newest first."""
    from stream_signal.core.errors import Hint
    from stream_signal.inputs.backwards import reversal
    from stream_signal.job.hints import located

    if order.follow or order.checkpoint:
        flag = "--follow" if order.follow else "--checkpoint"
        return Hint(f"{flag} needs the rows in order of time: sort them first")
    hint = reversal(order.inputs, head_lines)
    return located(hint, order.inputs[0]) if len(order.inputs) == 1 else Hint(hint.words)


def _workers(job: Job) -> Workers | None:
    """Return who counts ranges of the inputs; None if one process reads them."""
    order, config = job.order, job.config
    if order.jobs == 1 and not order.cluster:
        return None
    why = alone(order, config)
    if why and order.cluster:
        raise ClusterError(f"--cluster counts parts of files apart, and here {why}").with_hint("leave out --cluster")
    if why:
        if order.jobs:
            job.log.info("one process", why=why)
        return None
    if order.cluster:
        from stream_signal.job.workers import cluster

        return cluster(order.cluster, job.resources, job.stop)
    total_bytes = sum(probe(name).size for name in order.inputs)
    if not order.jobs and total_bytes < AUTO_BYTES:
        return None
    from stream_signal.job.workers import processes, range_bytes_for

    count = order.jobs or system.usable_cores()
    job.log.info("processes", jobs=count)
    range_bytes = range_bytes_for(count, total_bytes, keyed=config.is_keyed)
    return processes(count, range_bytes, job.resources, job.stop) if count > 1 else None


def alone(order: Order, config: Config) -> str | None:
    """Say why one process has to read the inputs, if it has to."""
    if order.follow:
        return "a followed file is read as it grows"
    if config.newest_first:
        return "a file is read from its end"
    if order.signals:
        return "signals are written row by row"
    if config.is_keyed and config.grouped:
        return "the keys are grouped"
    if config.is_ranged:
        return "rows are left out by their times"
    if max(config.window, *config.windows, 1) > MOST_WINDOW:
        return f"a window of more than {MOST_WINDOW} rows is long beside a range"
    return None
