"""Workers of a Dask cluster."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal import system
from stream_signal.core.errors import ClusterError
from stream_signal.core.urls import shown_path, unless_secret
from stream_signal.job.parallel import Workers

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from contextlib import ExitStack

    from stream_signal.stopping import StopSignals

# A task costs the scheduler about a millisecond, and a worker counts this in a few tenths of a second.
RANGE_BYTES = 64 * 1024 * 1024
LOCAL = "local"
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


def cluster(address: str, held: ExitStack, stop: StopSignals) -> Workers:
    """Return the workers of the cluster at `address`, or a cluster of this machine for `local`, until `held` ends.

    ClusterError if the package is missing, or the scheduler cannot be reached.
    """
    client: Any = None
    os.environ.setdefault("DASK_LOGGING", repr(_LOGGING))  # where the processes of the workers find it, too
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("--cluster needs Dask").with_hint("pip install 'stream-signal[cluster]'") from error
    try:
        client = held.enter_context(_local(Client) if address == LOCAL else Client(address, timeout=_CONNECT_SECONDS))
    except (OSError, ValueError, TypeError) as error:
        why = unless_secret(str(error), address) or type(error).__name__
        raise ClusterError(f"cannot reach the cluster at {shown_path(address)}: {why}") from error

    threads = sum(client.nthreads().values())
    if not threads:
        raise ClusterError(f"the cluster at {shown_path(address)} has no workers")

    def start() -> Executor:
        executor: Executor = held.enter_context(client.get_executor(pure=False))
        return executor

    return Workers(start, RANGE_BYTES, threads * _AHEAD, stop.held, share_files=False, may_fail=False)


def _local(client: Any) -> Any:
    """Start a cluster of one worker process for each core; it and its dashboard listen to this machine alone."""
    count = system.usable_cores()
    return client(host=_HOST, n_workers=count, threads_per_worker=1, dashboard_address=f"{_HOST}:0")
