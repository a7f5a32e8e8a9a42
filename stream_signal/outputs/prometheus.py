"""The metrics as Prometheus reads them: a text file for the node exporter, or what a live job serves.

A job is a batch to Prometheus: each figure is a gauge, the state after its last run. Durations are in seconds and the
names have the prefix of the program, as its naming rules want it (prometheus.io/docs/practices/naming).

    # HELP stream_signal_rows Data rows counted.
    # TYPE stream_signal_rows gauge
    stream_signal_rows 10000
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    class Record(Protocol):
        """The metrics of a job, or the record of its failure (`outputs.metrics`)."""

        @property
        def version(self) -> str:
            """That of the config."""

        @property
        def status(self) -> str:
            """Whether it failed, is running, or has ended."""

        def as_dict(self) -> dict[str, Any]:
            """Return it as it is written."""


class Gauge(NamedTuple):
    """One figure, and its value for each set of labels."""

    name: str
    help: str
    samples: list[tuple[dict[str, str], float]]


def gauges(record: Record) -> Iterator[Gauge]:
    """Yield what there is to say about a job that has ended, or is running."""
    yield _one("success", "Whether the job did not fail: 1 if it ended, or is running.", record.status != "error")
    yield Gauge("stream_signal_info", "The version of the config.", [({"version": record.version}, 1)])
    found = record.as_dict()
    if record.status == "error":
        return
    yield _one("running", "Whether the job is running.", record.status == "running")
    yield _one("seed", "The seed of the config.", found["seed"])
    yield _one("duration_seconds", "Wall time of the job so far.", found["latency_ms"] / 1000)
    yield _one("rows", "Data rows counted.", found["rows_processed"])
    yield _one("rate", "Signals for each row.", found["value"])
    windows = found.get("by_window", {})
    if windows:
        samples = [({"window": window}, counts["value"]) for window, counts in windows.items()]
        yield Gauge("stream_signal_window_rate", "Signals for each row, in a further window.", samples)
    keys = found.get("by_key", {})
    for name, text, field in (
        ("key_rows", "Data rows counted, of a key.", "rows"),
        ("key_signals", "Signals, of a key.", "signals"),
        ("key_rate", "Signals for each row, of a key.", "value"),
    ):
        if keys:
            yield Gauge(f"stream_signal_{name}", text, [({"key": key}, counts[field]) for key, counts in keys.items()])
    if "keys" in found:
        yield _one("keys", "Keys that have come.", found["keys"])


def text_of(record: Record) -> bytes:
    r"""Write the text format of Prometheus.

    >>> from stream_signal.outputs.metrics import ErrorRecord
    >>> print(text_of(ErrorRecord("v1", "error", "no such file")).decode().splitlines()[2])
    stream_signal_success 0
    """
    lines = []
    for gauge in gauges(record):
        lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
        for labels, value in gauge.samples:
            inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            lines.append(f"{gauge.name}{f'{{{inside}}}' if inside else ''} {float(value):.17g}")
    return "".join(f"{line}\n" for line in lines).encode()


def _one(name: str, text: str, value: float) -> Gauge:
    return Gauge(f"stream_signal_{name}", text, [({}, value)])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
