"""Exact rolling-mean signals from candle CSV, as a stream.

from stream_signal import Config, SignalStream, run

run(Config(window=20), "data.csv").value      # a path, "-", a binary file, or any iterable of bytes
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from stream_signal.config import Config
    from stream_signal.errors import (
        CheckpointError,
        ClosedOutputError,
        ConfigError,
        DataError,
        InputError,
        InternalError,
        Interrupted,
        MissingColumnError,
        OutputError,
        StreamSignalError,
        TruncatedError,
    )
    from stream_signal.job import run
    from stream_signal.metrics import Metrics
    from stream_signal.rolling import RollingMean
    from stream_signal.state import State
    from stream_signal.stream import SignalStream

__all__ = [
    "CheckpointError",
    "ClosedOutputError",
    "Config",
    "ConfigError",
    "DataError",
    "InputError",
    "InternalError",
    "Interrupted",
    "Metrics",
    "MissingColumnError",
    "OutputError",
    "RollingMean",
    "SignalStream",
    "State",
    "StreamSignalError",
    "TruncatedError",
    "run",
]

_ROOMS = {
    "Config": "config",
    "Metrics": "metrics",
    "RollingMean": "rolling",
    "SignalStream": "stream",
    "State": "state",
    "run": "job",
}


def __getattr__(name: str) -> object:
    """Open a room when its name is first asked for: the command starts without those that it does not enter."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'errors')}"), name)
