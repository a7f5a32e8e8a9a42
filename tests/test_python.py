"""The Python surface: its names, its doctests, its doors."""

from __future__ import annotations

import doctest
import importlib
import io
import pkgutil
from typing import TYPE_CHECKING

import pytest
from support.candle_csv import candle_csv

import stream_signal
from stream_signal import Config, DataError, InputError, Metrics, SignalStream, run

if TYPE_CHECKING:
    from pathlib import Path

FOUND = pkgutil.walk_packages(stream_signal.__path__, "stream_signal.")
MODULES = ["stream_signal", *(module.name for module in FOUND)]
DATA = candle_csv(["4.58", "4.58", "4.59", "4.57", "4.60", "4.60", "4.61"])


def test_public_names() -> None:
    """These names, sorted, are the public surface, and each is there."""
    assert stream_signal.__all__ == sorted(stream_signal.__all__)
    assert set(stream_signal.__all__) == {
        "CheckpointError",
        "ClosedOutputError",
        "Config",
        "ConfigError",
        "Counts",
        "DataError",
        "InputError",
        "InternalError",
        "Interrupted",
        "Metrics",
        "MissingColumnError",
        "Observer",
        "OutputError",
        "RollingMean",
        "Row",
        "SignalLines",
        "SignalStream",
        "State",
        "StreamSignalError",
        "TimeOrder",
        "TruncatedError",
        "run",
    }
    for name in stream_signal.__all__:
        assert getattr(stream_signal, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    """Every example in the docstrings is true."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_run_takes_any_source(tmp_path: Path) -> None:
    """A path, a binary file and any iterable of bytes give the same metrics."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    pieces = [DATA[at : at + 7] for at in range(0, len(DATA), 7)]
    with open(path, "rb") as file:
        sources = (path, str(path), file, io.BytesIO(DATA), DATA, bytearray(DATA), pieces, iter(pieces))
        found = [run(Config(), source) for source in sources]
    wanted = Metrics("v1", 7, "signal_rate", 3 / 7, 0, 42, "success")
    assert {metrics._replace(latency_ms=0) for metrics in found} == {wanted}


def test_no_source() -> None:
    """What is no bytes is a TypeError, and a path that cannot be one an InputError."""
    with pytest.raises(TypeError):
        SignalStream().feed(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="embedded null byte"):
        run(Config(), "a\0b")


def test_a_stream_that_failed_takes_no_more() -> None:
    """After an error the rest of the piece is lost, so the stream refuses to go on; so it does after its end."""
    stream = SignalStream()
    with pytest.raises(DataError):
        stream.feed(b"close\n1\nx\n2\n")
    assert (stream.rows, stream.signals) == (1, 0)
    with pytest.raises(ValueError, match="this stream has ended"):
        stream.feed(b"3\n")
    stream = SignalStream()
    stream.feed(DATA)
    stream.finish()
    for again in (stream.finish, lambda: stream.feed(b"1\n")):
        with pytest.raises(ValueError, match="this stream has ended"):
            again()


def test_counts_as_the_rows_come() -> None:
    """`rows`, `signals` and `value` are right after every piece, not only at the end."""
    stream = SignalStream(Config(window=2))
    assert (stream.rows, stream.signals, stream.value, stream.header) == (0, 0, None, None)
    seen = []
    for piece in (b"close\n1\n", b"2\n", b"3", b"\n1\n"):
        stream.feed(bytearray(piece))
        seen.append((stream.rows, stream.signals, stream.value))
    assert seen == [(1, 0, 0.0), (2, 1, 0.5), (2, 1, 0.5), (4, 2, 0.5)]


def test_a_data_error_tells_its_parts() -> None:
    """A DataError carries line, expected and found, for those who do more than print it."""
    with pytest.raises(DataError) as refused:
        run(Config(), [b"close\n1\n1,2\n"])
    assert (refused.value.line, refused.value.expected, refused.value.found) == (3, "1 field", "2")
