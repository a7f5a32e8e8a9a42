"""A stream fed in pieces, with either engine: all that can be observed afterwards."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

from stream_signal import Config, DataError, SignalStream, State
from stream_signal.core.limits import Tuning
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.state import NotApart

if TYPE_CHECKING:
    from stream_signal.core.state import Stretch


BY_ROWS: dict[str, Any] = {"tuning": Tuning("rows")}
"""the arguments that use only the text reader"""


def by_blocks(block_bytes: int) -> dict[str, Any]:
    """Return the arguments that use only the block engine, in blocks of `block_bytes`."""
    return {"tuning": Tuning("blocks", block_bytes=block_bytes)}


def outcome(pieces: list[bytes], engine: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    """Feed the pieces; return all that can be observed afterwards."""
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
        "rows with a mean": counted.rows_with_mean,
        "error": error,
        "header": counted.header,
        "repairs": counted.repairs.counts,
        "first repairs": counted.repairs.first,
    }


def moved(stopped: SignalStream, config: Config, **engine: Any) -> tuple[SignalStream, int]:
    """Move the stream through JSON, as into another process; return it and the offset to feed it from."""
    state = State.from_json(json.loads(json.dumps(stopped.state().as_json())), config.window, config.windows)
    return SignalStream.from_state(config, state, **engine), state.offset


def lines_of(pieces: list[bytes], form: str = "csv", engine: dict[str, Any] | None = None, **options: Any) -> bytes:
    """Feed the pieces; return the signal lines, and the error that ended them, if any."""
    lines = SignalLines(form)
    stream = SignalStream(Config(**options), [lines], **engine or {})
    written = lines.format.header
    try:
        for piece in pieces:
            stream.feed(piece)
            written += lines.take()
        stream.finish()
    except DataError as error:
        return written + lines.take() + str(error).encode()
    return written + lines.take()


def stretch_of(stream: SignalStream, lines: bytes, offset: int = 1) -> Stretch | None:
    """Count lines as another process does, those from an offset on; None if the stream has to read them."""
    apart = stream.apart()
    if not apart:
        return None
    try:
        stretch = SignalStream.count_apart(pickle.loads(pickle.dumps(apart)), [lines[:7], lines[7:]], offset)
    except NotApart:
        return None
    copied: Stretch = pickle.loads(pickle.dumps(stretch))
    return copied


def counted(pieces: list[bytes], config: Config, stops: set[int], **engine: Any) -> list[Any]:
    """Count the pieces; between those at `stops`, another process goes on."""

    def observers() -> list[Any]:
        return [SignalLines(), TimeOrder()]

    seen = observers()
    stream = SignalStream(config, seen, **engine)
    before, written = b"", b""
    error = None
    try:
        for at, piece in enumerate(pieces):
            if at in stops:
                written += seen[0].take()
                state = State.from_json(json.loads(json.dumps(stream.state().as_json())), config.window)
                seen = observers()
                stream = SignalStream.from_state(config, state, seen, **engine)
                piece = before[state.offset :] + piece  # noqa: PLW2901 - it is read again
                before = before[: state.offset]
            stream.feed(piece)
            before += piece
        stream.finish()
    except Exception as failure:  # noqa: BLE001 - compared
        error = repr(failure)
    written += seen[0].take()
    order = seen[1]
    return [error, stream.header, stream.rows, stream.signals, stream.repairs, written, order.counts, order.pairs]
