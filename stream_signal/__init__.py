r"""Exact rolling-mean signals from candle CSV, as a stream.

The signal rate of a file, a pipe or bytes:

    >>> from stream_signal import Config, run
    >>> run([b"close\n4.58\n4.", b"58\n4.59\n"], window=2).value
    0.3333333333333333

The same as bytes arrive, with an observer that sees each row:

    >>> from stream_signal import Observer, SignalStream
    >>> class Printer(Observer):
    ...     def row(self, row):
    ...         print(row.number, row.close, row.mean, row.above)
    >>> stream = SignalStream(Config(window=2), observers=[Printer()])
    >>> stream.feed(b"close\n4.58\n4.59\n")
    1 4.58 None False
    2 4.59 4.585 True
    >>> stream.finish()
    Counts(rows=2, signals=1, value=0.5)

The mean alone, of any numbers; a float stands for its shortest decimal form:

    >>> from stream_signal import RollingMean
    >>> mean = RollingMean(3)
    >>> for value in (0.1, 0.2, 0.3):
    ...     mean.update(value)
    >>> mean.get()
    0.2

The signals of an array, a list or a Series:

    >>> from stream_signal import signals
    >>> signals([4.58, 4.58, 4.59], window=2)
    array([False, False,  True])

Five names are stable: run, signals, Config, RollingMean and SignalStream. The others are provisional: a minor version
may change them. Everything that can go wrong is a StreamSignalError, and a DoubtWarning says why an answer is doubtful.
The command is `stream-signal --help`.
"""

from __future__ import annotations

__version__ = "0.2.0"

TYPE_CHECKING = False  # the command begins here, and a signal that comes before its first line ends it in silence
if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.errors import (
        CheckpointError,
        ClosedOutputError,
        ClusterError,
        ConfigError,
        DataError,
        DoubtError,
        DoubtWarning,
        InputError,
        InternalError,
        Interrupted,
        MissingColumnError,
        OutputError,
        StreamSignalError,
        TruncatedError,
    )
    from stream_signal.core.mean import RollingMean
    from stream_signal.core.observe import Observer
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.observers.time_order import TimeOrder
    from stream_signal.core.rows import Row
    from stream_signal.core.series.panel import Counts
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.state import State
    from stream_signal.core.stream import SignalStream
    from stream_signal.job.arrays import signals
    from stream_signal.job.run import run
    from stream_signal.outputs.metrics import Metrics

__all__ = [
    "CheckpointError",
    "ClosedOutputError",
    "ClusterError",
    "Config",
    "ConfigError",
    "Counts",
    "DataError",
    "DoubtError",
    "DoubtWarning",
    "InputError",
    "InternalError",
    "Interrupted",
    "Metrics",
    "MissingColumnError",
    "Observer",
    "OutputError",
    "RollingMean",
    "Row",
    "Segment",
    "SignalLines",
    "SignalStream",
    "State",
    "StreamSignalError",
    "TimeOrder",
    "TruncatedError",
    "run",
    "signals",
]

_HOMES = {
    "Config": "core.config",
    "Counts": "core.series.panel",
    "Metrics": "outputs.metrics",
    "Observer": "core.observe",
    "RollingMean": "core.mean",
    "Row": "core.rows",
    "Segment": "core.series.segment",
    "SignalLines": "core.observers.signal_lines",
    "SignalStream": "core.stream",
    "State": "core.state",
    "TimeOrder": "core.observers.time_order",
    "run": "job.run",
    "signals": "job.arrays",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, so that the command starts without the others."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'core.errors')}"), name)


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return [*__all__, "__doc__", "__version__"]
