"""Exact rolling-mean signals from candle CSV, as a stream.

from stream_signal import Config, SignalStream, run

run(Config(window=20), "data.csv").value      # a path, "-", a binary file, or any iterable of bytes
"""

from __future__ import annotations

__version__ = "0.1.0"

from stream_signal.config import Config
from stream_signal.errors import (
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
from stream_signal.stream import SignalStream

__all__ = [
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
    "StreamSignalError",
    "TruncatedError",
    "run",
]
