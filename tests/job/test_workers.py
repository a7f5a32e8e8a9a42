"""Worker processes: what is left of them when the job ends."""

from __future__ import annotations

import subprocess
import sys
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
        for future in waiting[5:]:  # as a source does that gives up
            future.cancel()
        raise InputError("cannot read")


def test_a_job_that_fails_leaves_nothing_behind() -> None:
    """Neither a worker, one that hangs included, nor a thread of the executor, outlives a job that fails."""
    before = set(threading.enumerate()), set(active_children())
    for _ in range(5):
        with pytest.raises(InputError):
            fail_while_they_count()
        assert (set(threading.enumerate()), set(active_children())) == before


SENDS = """
import struct, sys, time
from contextlib import ExitStack
from stream_signal.job.workers import LEAST_RANGE_BYTES, processes
from stream_signal.stopping import StopSignals

def send_half_a_result():
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["result_queue"]._writer._send(struct.pack("!i", 1000))
    time.sleep(600)

with StopSignals() as stop, ExitStack() as resources:
    executor = processes(1, LEAST_RANGE_BYTES, resources, stop).start()
    sending = executor.submit(send_half_a_result)
    while not sending.running():
        time.sleep(0.01)
    time.sleep(0.5)
    raise SystemExit("the job fails")
"""


def test_a_worker_that_is_killed_as_it_sends() -> None:
    """A job that fails while a worker sends what it has counted does not wait for the other half."""
    done = subprocess.run([sys.executable, "-c", SENDS], capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (1, b"the job fails\n")
