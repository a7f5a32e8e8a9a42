"""Every public name, used as a program would use it: `make check` reads this file against the package as installed.

The type that each use has is asserted here. What stands behind `type: ignore` is wrong, and has to stay an error: mypy
reports an ignore that nothing needs. tests/test_public_surface.py runs the functions, too.
"""

from __future__ import annotations

import warnings
from concurrent.futures import Executor, ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, assert_type

import numpy as np
from numpy.typing import NDArray

from stream_signal import (
    CheckpointError,
    ClosedOutputError,
    ClusterError,
    Config,
    ConfigError,
    Counts,
    DataError,
    DoubtError,
    DoubtWarning,
    InputError,
    InternalError,
    Interrupted,
    Metrics,
    MissingColumnError,
    Observer,
    OutputError,
    RollingMean,
    Row,
    Segment,
    SignalLines,
    SignalStream,
    State,
    StreamSignalError,
    TimeOrder,
    TruncatedError,
    run,
    signals,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


DATA = b"time,close\n60,4.58\n120,4.58\n180,4.59\n"


def the_job(path: Path) -> None:
    """Count a path, bytes, pieces of bytes and an open file: each returns a record."""
    path.write_bytes(DATA)
    pieces: Iterable[bytes] = [DATA[:20], DATA[20:]]
    metrics = run(path, Config(window=2))
    assert_type(metrics, Metrics)
    assert_type(metrics.value, float)
    assert_type(metrics.rows_processed, int)
    assert_type(metrics.by_key, dict[str, dict[str, Any]] | None)
    assert_type(metrics.doubts, tuple[str, ...])
    run(pieces, {"window": 2}, strict=True)
    executor: Executor = ThreadPoolExecutor(1)
    with warnings.catch_warnings(record=True, category=DoubtWarning), executor:
        warnings.simplefilter("always")
        run(str(path))
        with path.open("rb") as file:
            run(file)
        run(path, Config(), executor=executor, range_bytes=1 << 20)


def the_stream() -> None:
    """Feed a stream with observers, and continue it from its state."""
    lines = SignalLines("csv", windows=[3])
    order = TimeOrder()
    stream = SignalStream(Config(window=2, windows=[3]), observers=[lines, order])
    stream.feed(DATA)
    assert_type(stream.rows, int)
    assert_type(stream.value, float | None)
    assert_type(stream.by_window, dict[int, Counts] | None)
    assert_type(stream.by_key, dict[str, Counts] | None)
    assert_type(lines.take(), bytes)
    assert_type(order.counts, dict[str, int])
    state = stream.state()
    assert_type(state, State)
    assert_type(state.offset, int)
    assert_type(state.as_json(), dict[str, Any])
    assert_type(State.from_json(state.as_json(), 2, [3]), State)
    again = SignalStream.from_state(
        Config(window=2, windows=[3]), state, observers=[SignalLines("csv", windows=[3]), TimeOrder()]
    )
    assert_type(again, SignalStream)
    counts = stream.finish()
    assert_type(counts, Counts)
    assert_type(counts.value, float)


class Rises(Observer):
    """What a program writes to see the rows."""

    def __init__(self) -> None:
        self.rows_above: list[int] = []

    def row(self, row: Row) -> None:
        """Note the rows that signal."""
        assert_type(row.number, int)
        assert_type(row.close, Decimal | None)
        assert_type(row.mean, float | None)
        assert_type(row.exact_mean, Fraction | None)
        assert_type(row.above, bool)
        assert_type(row.key, bytes | None)
        assert_type(row.text(0), bytes)
        if row.above:
            self.rows_above.append(row.number)


def the_observer() -> None:
    """Pass a subclass of Observer as an observer."""
    rises = Rises()
    SignalStream(Config(window=2), observers=[rises]).feed(DATA)
    assert_type(rises.rows_above, list[int])


def the_mean() -> None:
    """Give a mean its numbers one by one, and as an array."""
    mean = RollingMean(3)
    for value in (1, 0.1, Decimal("0.2"), None):
        mean.update(value)
    assert_type(mean.get(), float | None)
    assert_type(mean.window, int)
    assert_type(mean.count, int)
    assert_type(mean.ready, bool)
    assert_type(mean.update_many([4.58, 4.59]), NDArray[np.bool_])


def the_array() -> None:
    """Get one array, and with `means=True` two."""
    assert_type(signals(np.array([4.58, 4.59]), window=2), NDArray[np.bool_])
    above, means = signals([4.58, 4.59], window=2, means=True, strict=True)
    assert_type(above, NDArray[np.bool_])
    assert_type(means, NDArray[np.float64])


def the_segment() -> None:
    """Add the segments of adjoining runs."""
    first, then = Segment.of([(458, 2), (459, 2)], window=2), Segment.of([None, (46, 1)], window=2)
    assert_type(first + then, Segment)
    assert_type(sum([first, then], Segment.empty(2)), Segment)
    assert_type(first.value, float | None)


def the_errors() -> None:
    """Catch each error by its base; those about data carry their parts."""
    errors: list[type[StreamSignalError]] = [
        CheckpointError,
        ClusterError,
        ConfigError,
        DoubtError,
        InputError,
        InternalError,
        Interrupted,
    ]
    data: list[type[DataError]] = [MissingColumnError, TruncatedError]
    output: list[type[OutputError]] = [ClosedOutputError]
    try:
        run(b"close\n1\n1,2\n")
    except (*errors, *data, *output):
        raise
    except DataError as error:
        assert_type(error.line, int | None)
        assert_type(error.expected, str)
        assert_type(error.found, str)
        assert_type(error.source, str | None)


def wrong(path: Path, state: State) -> None:
    """Use everything in ways that its types forbid; nothing runs this function."""
    Config(20)  # type: ignore[call-arg]
    Config(window="20")  # type: ignore[arg-type]
    Config(windows=20)  # type: ignore[arg-type]
    Config(windw=20)  # type: ignore[call-arg]
    run(42, Config())  # type: ignore[arg-type]
    run([4.58, 4.59], Config())  # type: ignore[arg-type]
    run(path, Config(), 4)  # type: ignore[arg-type, call-arg]
    run(5.5)  # type: ignore[arg-type]
    str(run(path, Config()).rate)  # type: ignore[attr-defined]
    SignalStream(Config(), observers=[print])  # type: ignore[list-item]
    SignalStream(Config()).feed("close\n4.58\n")  # type: ignore[arg-type]
    SignalStream.from_state(state, Config())  # type: ignore[arg-type]
    SignalLines(2)  # type: ignore[arg-type]
    RollingMean()  # type: ignore[call-arg]
    RollingMean(3).update("4.58")  # type: ignore[arg-type]
    signals([4.58], 5, True)  # type: ignore[call-overload]
    Segment.of([458], window=2)  # type: ignore[list-item]
