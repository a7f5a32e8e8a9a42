"""Reading ahead: a thread makes the next chunks while the job counts the one before.

It pays where making a chunk takes time without the interpreter, as decompression does. The thread is at most
CHUNKS_AHEAD chunks ahead, and it has ended when the generator is closed, whatever it waits for.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from stream_signal.inputs.events import IDLE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from stream_signal.inputs.events import Patience

Chunk = TypeVar("Chunk")
CHUNKS_AHEAD = 4
# How long the thread waits for a pipe before it looks whether it should end.
_LOOK_SECONDS = 0.05
# A read that nothing can interrupt, as of a server that is silent, must not keep a job that is stopped.
_JOIN_SECONDS = 2.0
_LONGEST_WAIT_SECONDS = 24 * 3600.0


def read_ahead(chunks: Callable[[Patience], Iterator[Chunk]], patience: Patience) -> Generator[Chunk | bytes]:
    """Yield the chunks that `chunks` makes, in a thread, and IDLE when none comes for the seconds of `patience`.

    `chunks` takes the patience of the thread, and is to yield IDLE after so long. What it raises is raised here.
    """
    # SimpleQueue is safe against a signal that raises in the middle of it.
    made: SimpleQueue[Chunk | BaseException | None] = SimpleQueue()
    room: SimpleQueue[bool] = SimpleQueue()  # True for each chunk that may be made, False to end
    ending = threading.Event()

    def make() -> None:
        end: BaseException | None = None
        try:
            for chunk in chunks(lambda: _LOOK_SECONDS):
                if ending.is_set():
                    return
                if chunk:
                    made.put(chunk)
                    if not room.get():
                        return
        except BaseException as error:  # noqa: BLE001 - the job raises it
            end = error
        made.put(end)

    for _ in range(CHUNKS_AHEAD):
        room.put(True)
    thread = threading.Thread(target=make, name="reading ahead", daemon=True)
    try:
        thread.start()
        while True:
            try:
                item = made.get(timeout=min(patience(), _LONGEST_WAIT_SECONDS) if patience else None)
            except Empty:
                yield IDLE
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
            room.put(True)
    finally:
        ending.set()
        room.put(False)
        if thread.ident:
            thread.join(_JOIN_SECONDS)
