"""Worker processes: what is left of them when the job ends."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from multiprocessing import active_children

import pytest

from stream_signal.core.errors import InputError
from stream_signal.job.workers import LEAST_RANGE_BYTES, processes
from stream_signal.stopping import StopSignals


def fail_while_they_count() -> None:
    """Fail while some workers hang, and others have more to do."""
    with StopSignals() as stop, ExitStack() as held:
        executor = processes(2, LEAST_RANGE_BYTES, held, stop).start()
        waiting = [executor.submit(time.sleep, 600) for _ in range(9)]
        while not waiting[0].running():
            time.sleep(0.01)
        raise InputError("cannot read")


def test_a_job_that_fails_leaves_nothing_behind() -> None:
    """Neither a worker, one that hangs included, nor a thread of the executor, outlives a job that fails."""
    before = set(threading.enumerate()), set(active_children())
    for _ in range(5):
        with pytest.raises(InputError):
            fail_while_they_count()
        assert (set(threading.enumerate()), set(active_children())) == before
