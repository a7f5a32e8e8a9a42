"""The records that a job ends with: its metrics, or its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.printable import json_text
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_signal.core.config import Config
    from stream_signal.core.series.panel import Counts
    from stream_signal.core.stream import SignalStream

JSON, PROMETHEUS = "json", "prometheus"
RUNNING = "running"
UNKNOWN_VERSION = "unknown"  # if the config could not be read


class Metrics(NamedTuple):
    """The result of a job; its keys are written in this order."""

    version: str
    """of the config"""
    rows_processed: int
    """data rows, including those with a missing close and those of the warm-up"""
    metric: str
    """always "signal_rate" """
    value: float
    """signals / rows_processed, as the nearest float64"""
    latency_ms: int
    """wall time of the whole job, in whole milliseconds"""
    seed: int
    """of the config"""
    status: str
    """"success"; "running" in the metrics so far of a job that has not ended"""
    by_window: dict[str, dict[str, Any]] | None = None
    """signals and value of each window, if there are several; not written otherwise"""
    by_key: dict[str, dict[str, Any]] | None = None
    """rows, signals and value of each key, in the order in which they first came; not written without keys"""
    keys: int | None = None
    """how many keys there are, if their table is written elsewhere"""
    doubts: tuple[str, ...] = ()
    """why the answer is doubtful, a line for each; never written: a command says them on stderr"""

    @classmethod
    def of(
        cls, config: Config, stream: SignalStream, counts: Counts, seconds: float, status: str = "success"
    ) -> Metrics:
        """Make the record of a job that has counted `stream`; `seconds` is its wall time."""
        head = config.version, counts.rows, "signal_rate", counts.value, int(seconds * 1000), config.seed, status
        by_window = stream.by_window
        windows = None if by_window is None else _of_windows({stream.window: counts} | by_window)
        return cls(*head, windows, _of_keys(stream))

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {key: value for key, value in self._asdict().items() if value is not None and key != "doubts"}

    def to_json(self) -> str:
        """Return it as one line of JSON, as the command prints it."""
        return json_text(self.to_dict())

    def without_table(self) -> Metrics:
        """Return it with the number of the keys in place of their counts."""
        return self if self.by_key is None else self._replace(by_key=None, keys=len(self.by_key))


def further(by_window: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the windows but for the first one, whose figures stand beside them."""
    return dict(list((by_window or {}).items())[1:])


def ranked(by_key: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the keys with their counts, the highest rate first."""
    return sorted(by_key.items(), key=lambda item: (-item[1]["value"], item[0]))


def _of_windows(by_window: dict[int, Counts]) -> dict[str, dict[str, Any]]:
    return {str(window): {"signals": counts.signals, "value": counts.value} for window, counts in by_window.items()}


def _of_keys(stream: SignalStream) -> dict[str, dict[str, Any]] | None:
    by_key, windows = stream.by_key, stream.by_key_and_window
    if by_key is None:
        return None
    table: dict[str, dict[str, Any]] = {key: counts._asdict() for key, counts in by_key.items()}
    if windows is not None:
        for key, entry in table.items():
            entry["by_window"] = _of_windows({stream.window: by_key[key]} | windows[key])
    return table


class ErrorRecord(NamedTuple):
    """What is written in place of the metrics when a job fails."""

    version: str
    """of the config, or "unknown" if it could not be read"""
    status: str
    """always "error" """
    error_message: str
    """one line: the place, what was expected, what was found"""
    code: str | None = None
    """the kind of the error, such as "data" or "missing_column"; not written unless it was asked for"""
    hint: str | None = None
    """what to do, with the commands to type, if anything is known; likewise"""

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is written."""
        return {key: value for key, value in self._asdict().items() if key not in {"code", "hint"} or value is not None}

    @classmethod
    def of(cls, version: str, error: Exception) -> ErrorRecord:
        """Make the record of a failed job."""
        return cls(version, "error", one_line(error))


def one_line(error: Exception) -> str:
    """Return the text of an error on one line, as the record and stderr show it."""
    return " ".join(str(error).splitlines())


def render(record: Metrics | ErrorRecord, indent: int | None = None, **others: Any) -> bytes:
    r"""Write a record as JSON, and what else is to be in it: on one line, or indented.

    >>> render(ErrorRecord("v1", "error", "Missing required column: 'close'"))
    b'{"version": "v1", "status": "error", "error_message": "Missing required column: \'close\'"}\n'
    """
    return (json_text(record.to_dict() | others, indent=indent) + "\n").encode()
