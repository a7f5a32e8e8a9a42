"""A stream fed with pieces, by either engine: what can be known of it afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stream_signal import Config, DataError, SignalStream, State
from stream_signal.core import stream
from stream_signal.core.blocks import engine as block_engine
from stream_signal.core.observers.signal_lines import SignalLines

if TYPE_CHECKING:
    import pytest


def hand_over(patch: pytest.MonkeyPatch, block_bytes: int, least: int = 0, start: int = 0) -> None:
    """Hand everything from `start` on to the block engine, in blocks of so many bytes, `least` at least."""
    patch.setattr(stream, "BLOCK_ENGINE_FROM_BYTES", start)
    patch.setattr(stream, "BACKLOG_BYTES", 0)
    patch.setattr(block_engine, "LEAST_BLOCK_BYTES", least)
    patch.setattr(block_engine, "BLOCK_BYTES", block_bytes)
    patch.setattr(block_engine, "LEAST_RUN_ROWS", 1)


def outcome(pieces: list[bytes], **options: Any) -> dict[str, Any]:
    """Feed the pieces; return everything there is to know afterwards."""
    counted = SignalStream(Config(**options))
    error = None
    try:
        for piece in pieces:
            counted.feed(piece)
        counted.finish()
    except DataError as failure:
        error = str(failure)
    return {
        "rows": counted.rows,
        "signals": counted.signals,
        "error": error,
        "header": counted.header,
        "repairs": counted.repairs.counts,
        "first repairs": counted.repairs.first,
    }


def moved(stopped: SignalStream, config: Config) -> tuple[SignalStream, int]:
    """Take the stream through JSON, as into another process; return it, and where it has to be fed from."""
    state = State.from_json(json.loads(json.dumps(stopped.state().as_json())), config.window)
    return SignalStream.from_state(config, state), state.offset


def lines_of(pieces: list[bytes], form: str = "csv", **options: Any) -> bytes:
    """Feed the pieces; return the lines of signals, and the error that ended them, if any."""
    lines = SignalLines(form)
    stream = SignalStream(Config(**options), lines)
    told = lines.head
    try:
        for piece in pieces:
            stream.feed(piece)
            told += lines.take()
        stream.finish()
    except DataError as error:
        return told + lines.take() + str(error).encode()
    return told + lines.take()
