"""Who counts ranges: worker processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from stream_signal import system
from stream_signal.core.errors import ClusterError
from stream_signal.core.urls import shown_path, unless_secret
from stream_signal.job.parallel import Workers
from stream_signal.stopping import leave_to_parent

if TYPE_CHECKING:
    from concurrent.futures import Executor, ProcessPoolExecutor
    from contextlib import ExitStack
    from multiprocessing.process import BaseProcess

    from stream_signal.stopping import StopSignals

# To begin a range costs a worker 0.3 ms, once it has its memory; it counts 8 MiB in 6 ms. To be handed one takes 1 ms.
LEAST_RANGE_BYTES = 8 * 1024 * 1024
MOST_RANGE_BYTES = 64 * 1024 * 1024
# As many for each process, so that all of them end at nearly the same time.
RANGES_EACH = 12
# Packages that start threads.
_THREADED = {"fsspec", "prometheus_client", "pyarrow"}
# A task costs the scheduler about a millisecond, and a worker counts this in a few tenths of a second.
_CLUSTER_RANGE_BYTES = 64 * 1024 * 1024
_LOCAL = "local"
_CONNECT_SECONDS = 10
_AHEAD = 3  # ranges for each thread of a worker
_HOST = "127.0.0.1"
# Dask and its workers log to stderr, which has the words of the job and nothing else. What fails is told by an error.
_SILENT = {"handlers": ["none"], "propagate": False}
_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "loggers": dict.fromkeys(("distributed", "bokeh", "tornado", "asyncio"), _SILENT),
}


def processes(count: int, range_bytes: int, resources: ExitStack, stop: StopSignals) -> Workers:
    """Return so many worker processes for ranges of that size; they end with `resources`."""

    def start() -> Executor:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import active_children, get_context

        # A fork takes 2 ms and shares what is loaded, a new process 100 ms. It is not safe with threads around.
        method = "fork" if sys.platform == "linux" and not _THREADED & sys.modules.keys() else "spawn"
        executor = ProcessPoolExecutor(count, get_context(method), _begin)
        resources.push(partial(_end, executor, set(active_children())))
        return executor

    return Workers(start, range_bytes, 3 * count, stop.deferred)


def range_bytes_for(count: int, total_bytes: int, *, keyed: bool) -> int:
    """Return the size of a range for so many processes and bytes; to join one with keys takes longer.

    >>> [range_bytes_for(2, total_bytes, keyed=False) >> 20 for total_bytes in (10**7, 10**9, 10**12)]
    [8, 39, 64]
    """
    if keyed:
        return MOST_RANGE_BYTES
    return min(max(total_bytes // (RANGES_EACH * count), LEAST_RANGE_BYTES), MOST_RANGE_BYTES)


def _end(
    executor: ProcessPoolExecutor, others: set[BaseProcess], _: object, error: BaseException | None, __: object
) -> None:
    """End the workers, all child processes but `others`; at once if the job has failed or was stopped.

    One of them may hang, in a read of a disk that is gone for example, and nobody waits for what it counts. The
    thread of the executor is waited for: it may close the pipes that Python, as it ends, writes to.
    """
    if error is not None:
        from concurrent.futures import Future
        from multiprocessing import active_children

        # The executor tells all futures that it is broken, and one that was cancelled would not take it.
        for item in list(executor._pending_work_items.values()):  # noqa: SLF001
            if item.future.cancelled():
                item.future = Future()
        for worker in set(active_children()) - others:
            worker.kill()
        # One that was killed as it sent has left half a message, and the executor would wait for the rest of it as
        # long as there is anybody who could write it: this process, by then.
        executor._result_queue._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001
    executor.shutdown(cancel_futures=True)


def _begin() -> None:
    """Begin a worker: signals are for the job to obey, and no worker outlives it, even if it is killed."""
    import gc
    from multiprocessing import parent_process
    from threading import Thread

    gc.freeze()
    leave_to_parent()

    def end_with_parent() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=end_with_parent, daemon=True).start()


def cluster(address: str, resources: ExitStack, stop: StopSignals) -> Workers:
    """Return the workers of the cluster at `address`, or a cluster of this machine for `local`, until `resources` end.

    ClusterError if the package is missing, or the scheduler cannot be reached.
    """
    client: Any = None
    os.environ.setdefault("DASK_LOGGING", repr(_LOGGING))  # where the processes of the workers find it, too
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("--cluster needs Dask").with_hint("pip install 'stream-signal[cluster]'") from error
    try:
        client = resources.enter_context(
            _local(Client) if address == _LOCAL else Client(address, timeout=_CONNECT_SECONDS)
        )
    except (OSError, ValueError, TypeError) as error:
        why = unless_secret(str(error), address) or type(error).__name__
        raise ClusterError(f"cannot reach the cluster at {shown_path(address)}: {why}") from error

    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    threads = sum(client.nthreads().values())
    if not threads:
        raise ClusterError(f"the cluster at {shown_path(address)} has no workers")

    def start() -> Executor:
        executor: Executor = resources.enter_context(client.get_executor(pure=False))
        return executor

    return Workers(start, _CLUSTER_RANGE_BYTES, threads * _AHEAD, stop.deferred, share_files=False, may_fail=False)


def _local(client: Any) -> Any:
    """Start a cluster of one worker process for each core; it and its dashboard listen to this machine alone."""
    count = system.usable_cores()
    return client(host=_HOST, n_workers=count, threads_per_worker=1, dashboard_address=f"{_HOST}:0")
