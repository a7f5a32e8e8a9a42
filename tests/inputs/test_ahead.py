"""Reading ahead: the same chunks, some of them before they are asked for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from stream_signal import InputError
from stream_signal.inputs.ahead import CHUNKS_AHEAD, read_ahead
from stream_signal.inputs.events import IDLE
from support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.inputs.events import Patience


def test_it_is_bounded() -> None:
    """However slow the job is, only so many chunks are made before they are taken."""
    made: list[int] = []

    def chunks(_patience: Patience) -> Iterator[bytes]:
        for number in range(100):
            made.append(number)
            yield bytes([number + 1])

    ahead = read_ahead(chunks, None)
    assert next(ahead) == b"\x01"
    wait_until(lambda: len(made) > CHUNKS_AHEAD)
    time.sleep(0.05)  # for one too many
    assert len(made) <= CHUNKS_AHEAD + 2
    assert list(ahead) == [bytes([number]) for number in range(2, 101)]


def test_an_error_comes_in_its_place() -> None:
    """What the thread raises is raised where the chunk would have come."""

    def chunks(_patience: Patience) -> Iterator[bytes]:
        yield b"a"
        raise InputError("damaged")

    before = set(threading.enumerate())  # earlier tests may have left threads, such as that of an executor
    ahead = read_ahead(chunks, None)
    assert next(ahead) == b"a"
    with pytest.raises(InputError, match="damaged"):
        next(ahead)
    assert set(threading.enumerate()) <= before


def test_it_waits_as_patiently_as_the_job() -> None:
    """While no chunk is made, IDLE comes after the seconds that the job has, and closing ends the thread."""

    def chunks(patience: Patience) -> Iterator[bytes]:
        assert patience
        while True:
            time.sleep(patience())
            yield IDLE

    before = set(threading.enumerate())
    ahead = read_ahead(chunks, lambda: 0.01)
    assert [next(ahead), next(ahead)] == [IDLE, IDLE]
    assert set(threading.enumerate()) - before
    begun = time.monotonic()
    ahead.close()
    assert time.monotonic() - begun < 1
    assert set(threading.enumerate()) <= before


def test_a_read_that_nothing_ends() -> None:
    """A thread that hangs in a read does not keep the job, which may have been stopped."""
    event = threading.Event()

    def chunks(_patience: Patience) -> Iterator[bytes]:
        yield b"a"
        event.wait(30)

    ahead = read_ahead(chunks, None)
    assert next(ahead) == b"a"
    begun = time.monotonic()
    ahead.close()
    assert time.monotonic() - begun < 5
    event.set()
