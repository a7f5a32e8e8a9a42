"""Resumption: how a job with a checkpoint begins where the one before it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError
from stream_signal.core.stream import SignalStream
from stream_signal.job.checkpoint import CheckpointSaver, Covered, deciding_settings
from stream_signal.job.position import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.inputs.events import Source
    from stream_signal.inputs.rotation import Rotations
    from stream_signal.job.checkpoint import Checkpoint
    from stream_signal.job.log import Log
    from stream_signal.job.order import Order
    from stream_signal.outputs.signals import SignalsWriter


class Resumption:
    """What `checkpoint` holds, for the job of an order; `saved` is None if there is nothing yet.

    `position` is where its inputs continue. CheckpointError if the checkpoint is not one of this job, InputError if its
    inputs can have none.
    """

    def __init__(
        self,
        order: Order,
        config: Config,
        checkpoint: Checkpoint,
        signals: SignalsWriter | None,
        rotations: Rotations | None,
    ) -> None:
        self.position = Position(order.inputs)
        self._order = order
        self._config = config
        self._checkpoint = checkpoint
        self._signals = signals
        self._rotations = rotations
        self._last_time: TimeOrder | None = None
        if self.position.is_of_files and order.resume_by:
            raise InputError("--resume-by is for a pipe; the rows of a file that were counted are not read again")
        if not (self.position.is_of_files or config.is_keyed):
            from stream_signal.core.observers.time_order import TimeOrder

            self._last_time = TimeOrder(config.time_column, name="last_time")
        self._settings = deciding_settings(config, signals)
        self.saved = checkpoint.load(self._settings, self.position.input, config.max_keys if config.is_keyed else 0)

    @property
    def observers(self) -> list[Observer]:
        """The last timestamp tells the sender of a pipe where to continue."""
        return [self._last_time] if self._last_time else []

    def stream(self, observers: Sequence[Observer]) -> SignalStream:
        """Return the stream as it was saved, or a new one; CheckpointError if the inputs are not those of then."""
        saved, path = self.saved, self._checkpoint.path
        if not saved:
            return SignalStream(self._config, observers)
        if saved.parts and self._rotations:
            self.position.resume_followed(saved.parts, saved.followed, self._rotations, path)
        elif saved.parts:
            self.position.resume(saved.parts, path)
        try:
            stream = SignalStream.from_state(self._config, saved.state, observers)
        except ValueError as error:
            raise self._checkpoint.damaged(f"it is damaged: {error}") from None
        if self._last_time and "last_time" not in saved.state.observed and stream.rows:
            self._last_time.forget()
        return stream

    def saver(self, stream: SignalStream, log: Log) -> CheckpointSaver:
        """Return the sink that saves the stream, with the signals continued after the lines of its rows."""
        order, position, saved = self._order, self.position, self.saved
        covered = Covered(self._settings, position, stream, self._signals, self._rotations)
        saver = CheckpointSaver(self._checkpoint, covered, log, order.checkpoint_every, quiet=order.is_quiet)
        if self._rotations:
            saver.begin_followed(saved)
        if saved:
            saver.resume_signals(saved)
            if not position.is_of_files:
                saver.resume_pipe(saved)
            log.info(
                "checkpoint taken up", rows=stream.rows, input=order.inputs[position.first], offset=position.offset
            )
        return saver

    def without_repeats(self, source: Source, stream: SignalStream) -> Source:
        """Return the source without the rows that the sender repeats, if the order expects that."""
        if not (self.saved and self._last_time and self._order.resume_by and stream.rows):
            return source
        from stream_signal.job.repeats import WithoutRepeats, repeats_of

        repeats = repeats_of(self._config, self.saved, self._last_time, self._checkpoint.path)
        return WithoutRepeats(source, repeats, stream.skip_lines)
