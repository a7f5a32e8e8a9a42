"""The Python surface: its names, its doctests, its doors."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import stream_signal
from stream_signal import Config, DataError, run

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(stream_signal.__path__, "stream_signal.")
    if "__main__" not in module.name
)


def test_public_names() -> None:
    """These names, sorted, are the public surface, and each is there."""
    assert stream_signal.__all__ == sorted(stream_signal.__all__)
    assert set(stream_signal.__all__) == {
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
    }
    for name in stream_signal.__all__:
        assert getattr(stream_signal, name).__doc__


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    """Every example in the docstrings is true."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_a_data_error_tells_its_parts() -> None:
    """A DataError carries line, expected and found, for those who do more than print it."""
    with pytest.raises(DataError) as refused:
        run([b"close\n1\n1,2\n"], Config())
    assert (refused.value.line, refused.value.expected, refused.value.found) == (3, "1 field", "2")
