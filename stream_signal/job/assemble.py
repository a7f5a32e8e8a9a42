"""The parts of a job, in their order, and how they are put together: outputs, sinks, stream, source.

A part is a module whose `wanted(job)` yields it. It is imported when an order asks for it, so that the plain job starts
without the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import OutputError
from stream_signal.core.stream import SignalStream
from stream_signal.inputs.opening import is_pattern
from stream_signal.inputs.probe import probe
from stream_signal.job.drive import Drive
from stream_signal.job.results import Results
from stream_signal.job.sources import inputs_of, rotations_of, source_for
from stream_signal.order import WRITTEN

if TYPE_CHECKING:
    from stream_signal.job.saver import CheckpointSaver
    from stream_signal.outputs.parts import Job, Output, Part, Sink

# What asks for each in the order, and its module. Once the metrics are there, the job has succeeded: behind them, there
# are only words for people.
OUTPUTS: list[Part] = [
    ("manifest", "stream_signal.job.manifest"),
    ("report", "stream_signal.outputs.report"),
    ("prometheus", "stream_signal.outputs.prometheus"),
    ("keys_output", "stream_signal.outputs.keys"),
    ("rates", "stream_signal.outputs.rates"),
    ("summary", "stream_signal.outputs.summary"),
    ("output", "stream_signal.outputs.record"),
    ("tells_summary", "stream_signal.outputs.terminal"),
]
# The signals come before the checkpoint, which covers only what is written; the checkpoint before all that writes to
# the log, which may fail; the results after the doubts, which some of them have. What is drawn comes last: whatever
# else is written erases it.
SINKS: list[Part] = [
    ("signals", "stream_signal.outputs.signals"),
    ("checkpoint", "stream_signal.job.saver"),
    (None, "stream_signal.job.doubts"),
    ("logs", "stream_signal.job.journal"),
    (None, "stream_signal.job.results"),
    ("draws_progress", "stream_signal.job.progress"),
]


def assemble(job: Job) -> tuple[Drive, Results]:
    """Put a job together: return what drives it, and what has its results."""
    _find_files(job)
    outputs: list[Output] = job.make(OUTPUTS)
    for output in outputs:
        job.resources.callback(output.close)
        output.check()
    job.read(inputs_of(job.order, job.config, job.left_out))
    sinks: list[Sink] = job.make(SINKS)
    parts: list[Sink | Output] = [*sinks, *outputs]
    observers = [observer for part in parts for observer in part.observers]
    rotations, checkpoint = rotations_of(job), _checkpoint(job)
    if not (checkpoint and checkpoint.resume(observers, rotations)):
        job.begin(SignalStream(job.config, observers))
        if rotations:
            rotations.begin()
    for sink in sinks:
        sink.start()
    source = source_for(job, rotations)
    if checkpoint:
        source = checkpoint.without_repeats(source)
    (results,) = job.parts(Results)
    return Drive(source, job.stream, sinks, job.stop, *job.position), results


def _find_files(job: Job) -> None:
    """Have it read the files that patterns and folders name, in order of time."""
    inputs = job.order.inputs
    if job.order.follow or not any(is_pattern(name) or probe(name).kind == "folder" for name in inputs):
        return
    from stream_signal.job.named import files_of
    from stream_signal.job.overwriting import overwritten

    found = files_of(inputs, job.config)
    if why := overwritten(found, job.order.config, {name: getattr(job.order, name) for name in WRITTEN}):
        raise OutputError(why.removeprefix("--"))
    if found != inputs:
        job.log.info("files found", inputs=list(found))
        job.read(found)


def _checkpoint(job: Job) -> CheckpointSaver | None:
    """Return what knows where the job begins, if it has a checkpoint."""
    if not job.order.checkpoint:
        return None
    from stream_signal.job.saver import CheckpointSaver

    (saver,) = job.parts(CheckpointSaver)
    return saver
