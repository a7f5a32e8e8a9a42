"""Exact rolling-mean signals from candle CSV, as a stream.

from stream_signal import Config, SignalStream, run

run(Config(window=20), "data.csv").value      # a path, "-", a binary file, or any iterable of bytes
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.errors import (
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
    from stream_signal.core.rolling import RollingMean
    from stream_signal.core.state import State
    from stream_signal.core.stream import SignalStream
    from stream_signal.job.run import run
    from stream_signal.outputs.metrics import Metrics

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

_HOMES = {
    "Config": "core.config",
    "Metrics": "outputs.metrics",
    "RollingMean": "core.rolling",
    "SignalStream": "core.stream",
    "State": "core.state",
    "run": "job.run",
}


def __getattr__(name: str) -> object:
    """Import what a public name stands for when it is first asked for: the command starts without the rest."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'core.errors')}"), name)
