"""Every error is a value: it goes from one process to another as it is."""

from __future__ import annotations

import copy
import pickle

import pytest

import stream_signal
from stream_signal import (
    CheckpointError,
    ClosedOutputError,
    ClusterError,
    ConfigError,
    DataError,
    DoubtError,
    InputError,
    InternalError,
    Interrupted,
    MissingColumnError,
    OutputError,
    StreamSignalError,
    TruncatedError,
)
from stream_signal.core.errors import FILE, Hint, Way

IN_FILE = ConfigError("window: expected an integer")
IN_FILE.path = "config.yaml"
ERRORS = [
    ConfigError("window: expected an integer"),
    IN_FILE,
    InputError("cannot read 'x'"),
    DataError(7, "a row", "none", "jan.csv"),
    MissingColumnError("close"),
    MissingColumnError(5),
    DoubtError("newest first"),
    TruncatedError(None, "at least one row", "an empty input"),
    CheckpointError("state.json", "it is damaged", "remove it"),
    ClusterError("cannot reach the cluster at 'tcp://host:8786'"),
    OutputError("cannot write 'x'"),
    ClosedOutputError("cannot write to stdout"),
    Interrupted(15, "SIGTERM"),
    InternalError("internal error"),
    StreamSignalError("anything"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_survives_pickling(error: StreamSignalError) -> None:
    """An error that a worker process sends is the one that it raised, with its text, its attributes and its notes."""
    error = copy.copy(error)
    if isinstance(error, DataError):
        error.source = "feb.csv"
    error.with_clue("no_header", lines=[(1, b"time,Last")]).with_hint(
        Hint("try another", (Way(("--column", "Last"), (("tail", "-n", "+2", FILE),)),))
    ).add_note("a note")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert again.hint == Hint("try another", (Way(("--column", "Last"), (("tail", "-n", "+2", FILE),)),))
        assert again.clue == ("no_header", {"lines": [(1, b"time,Last")]})
        assert vars(again) == vars(error)


def test_codes() -> None:
    """Each error has a code of its own, written down in its class; the base has none."""
    kinds = [kind for error in ERRORS if (kind := type(error)) is not StreamSignalError]
    codes = {kind.__name__: vars(kind)["code"] for kind in kinds}
    assert codes == {
        "ConfigError": "config",
        "InputError": "input",
        "DataError": "data",
        "MissingColumnError": "missing_column",
        "TruncatedError": "truncated",
        "DoubtError": "doubt",
        "CheckpointError": "checkpoint",
        "ClusterError": "cluster",
        "OutputError": "output",
        "ClosedOutputError": "closed_output",
        "Interrupted": "interrupted",
        "InternalError": "internal",
    }


def test_no_error_is_forgotten() -> None:
    """The table above has every public error; a warning is none."""
    public = {name for name in stream_signal.__all__ if isinstance(getattr(stream_signal, name), type)}
    errors = {name for name in public if issubclass(getattr(stream_signal, name), BaseException)}
    errors = {name for name in errors if not issubclass(getattr(stream_signal, name), Warning)}
    assert errors == {type(error).__name__ for error in ERRORS}
