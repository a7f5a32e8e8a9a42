"""A stream fed with pieces, by either engine: what can be known of it afterwards."""

from __future__ import annotations

import json
from typing import Any

from stream_signal import Config, DataError, SignalStream, State
from stream_signal.core.observers.signal_lines import SignalLines


def by_blocks(block_bytes: int) -> dict[str, Any]:
    """Make the arguments that give everything to the block engine, in blocks of so many bytes."""
    return {"engine": "blocks", "block_bytes": block_bytes}


def outcome(pieces: list[bytes], engine: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Feed the pieces; return everything there is to know afterwards."""
    counted = SignalStream(Config(**options), **engine or {})
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


def moved(stopped: SignalStream, config: Config, **engine: Any) -> tuple[SignalStream, int]:
    """Take the stream through JSON, as into another process; return it, and where it has to be fed from."""
    state = State.from_json(json.loads(json.dumps(stopped.state().as_json())), config.window)
    return SignalStream.from_state(config, state, **engine), state.offset


def lines_of(pieces: list[bytes], form: str = "csv", engine: dict[str, Any] | None = None, **options: Any) -> bytes:
    """Feed the pieces; return the lines of signals, and the error that ended them, if any."""
    lines = SignalLines(form)
    stream = SignalStream(Config(**options), [lines], **engine or {})
    told = lines.format.header
    try:
        for piece in pieces:
            stream.feed(piece)
            told += lines.take()
        stream.finish()
    except DataError as error:
        return told + lines.take() + str(error).encode()
    return told + lines.take()
