"""The metrics as Prometheus reads them: a text file for the node exporter, or what a live job serves.

A live job serves those so far at http://127.0.0.1:PORT/metrics. The thread that counts makes them at its turn, and puts
them where the thread of the server finds them, in one step: the server never looks at the stream. They are a second old
at most, or a little more where there are many keys.

A job is a batch to Prometheus: each figure is a gauge, the state after its last run. Times are in seconds and the names
have the prefix of the program, as its naming rules want it (prometheus.io/docs/practices/naming). A figure is written
as JSON writes it. Each has the version of the config and the input as labels, so that the files of several jobs may
stand in one folder; `job` is a label of Prometheus itself.

    # HELP stream_signal_rows Data rows counted.
    # TYPE stream_signal_rows gauge
    stream_signal_rows{version="v1",input="data.csv"} 10000
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError, OutputError, reason
from stream_signal.core.urls import without_secrets
from stream_signal.outputs.files import STDOUT
from stream_signal.outputs.metrics import RUNNING, Metrics
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.outputs.metrics import ErrorRecord
    from stream_signal.outputs.parts import Job, Result

# The time is in one of the first lines of a file, which may be of any kind and size.
_HEAD_CHARACTERS = 4096
_LAST_SUCCESS = "last_success_timestamp_seconds"
_LAST_IN_TEXT = re.compile(rf"^stream_signal_{_LAST_SUCCESS}(?:\{{.*\}})? ([0-9.]+)$", re.ASCII | re.MULTILINE)
HOST = "127.0.0.1"
# What this machine calls itself. A page of any site can have a name that leads here (DNS rebinding) and read the
# answer, but its browser asks for that name.
_NAMES = {HOST, "localhost", "[::1]"}
_SECONDS = 1.0
# The metrics of 100,000 keys take some 0.3 s to make. This leaves a twentieth of the time for them.
_PAUSES = 20


def now() -> float:
    """Return the Unix time, to the millisecond."""
    return round(time.time(), 3)


def last_success(record: Metrics | ErrorRecord, output: str) -> float | None:
    """Return the time of the last success: now, or if the job has failed, that in the file that it is to replace."""
    if record.status != "error":
        return now()
    if output == STDOUT or not os.path.isfile(output):  # nothing can be read from stdout, and a pipe may never end
        return None
    try:
        with open(output, encoding="utf-8", errors="replace") as file:
            match = _LAST_IN_TEXT.search(file.read(_HEAD_CHARACTERS))
        return float(match[1]) if match else None
    except (OSError, ValueError):
        return None


def text_of(record: Metrics | ErrorRecord, inputs: Sequence[str], last_success: float | None) -> bytes:
    r"""Write the text format of Prometheus.

    >>> from stream_signal.outputs.metrics import ErrorRecord
    >>> print(text_of(ErrorRecord("v1", "error", "no such file"), ["a.csv", "b.csv"], 1704067200).decode(), end="")
    # HELP stream_signal_success Whether the job did not fail: 1 if it ended, or is running.
    # TYPE stream_signal_success gauge
    stream_signal_success{version="v1",input="a.csv and 1 more"} 0
    # HELP stream_signal_last_success_timestamp_seconds When success was 1 last, as Unix time.
    # TYPE stream_signal_last_success_timestamp_seconds gauge
    stream_signal_last_success_timestamp_seconds{version="v1",input="a.csv and 1 more"} 1704067200
    """
    lines: list[str] = []
    more = f" and {len(inputs) - 1} more" if len(inputs) > 1 else ""
    of_job = {"version": record.version, "input": without_secrets(inputs[0]) + more}

    def gauge(name: str, text: str, *samples: tuple[dict[str, str], float]) -> None:
        if samples:
            lines.extend([f"# HELP stream_signal_{name} {text}", f"# TYPE stream_signal_{name} gauge"])
        for labels, value in samples:
            inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in {**of_job, **labels}.items())
            lines.append(f"stream_signal_{name}{{{inside}}} {json.dumps(value)}")

    def one(name: str, text: str, value: float) -> None:
        gauge(name, text, ({}, value))

    one("success", "Whether the job did not fail: 1 if it ended, or is running.", int(record.status != "error"))
    if last_success is not None:
        one(_LAST_SUCCESS, "When success was 1 last, as Unix time.", last_success)
    if isinstance(record, Metrics):
        one("running", "Whether the job is running.", int(record.status == RUNNING))
        one("duration_seconds", "Wall time of the job so far.", record.latency_ms / 1000)
        one("rows", "Data rows counted.", record.rows_processed)
        one("rate", "Signals for each row.", record.value)
        windows, keys = record.by_window or {}, record.by_key or {}
        rates = [({"window": window}, counts["value"]) for window, counts in windows.items()]
        gauge("window_rate", "Signals for each row, in one of several windows.", *rates)
        for name, text, field in (
            ("key_rows", "Data rows counted, of a key.", "rows"),
            ("key_signals", "Signals, of a key.", "signals"),
            ("key_rate", "Signals for each row, of a key.", "value"),
        ):
            gauge(name, text, *(({"key": key}, counts[field]) for key, counts in keys.items()))
        if record.keys is not None:
            one("keys", "Keys that have come.", record.keys)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")  # a flag may be no UTF-8


def wanted(job: Job) -> Iterator[Output]:
    """Yield the server."""
    yield Served(job.order.prometheus or 0, job.order.inputs)


class Served(Output):
    """Serves the metrics at `port`, from `check` to `close`.

    ConfigError if prometheus_client is not installed, OutputError if the port is taken.
    """

    def __init__(self, port: int, inputs: Sequence[str]) -> None:
        super().__init__(_SECONDS)
        self._inputs = inputs
        self.due = time.monotonic()
        self._port = port
        self._text = b""  # before the first row
        self._server: Any = None
        self._thread: Any = None

    def check(self) -> None:
        """Begin to serve."""
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError:
            raise ConfigError("--prometheus needs the package prometheus_client").with_hint(
                "pip install 'stream-signal[ops]'"
            ) from None
        try:
            self._server, self._thread = start_http_server(self._port, HOST, CollectorRegistry())
        except OSError as error:
            raise OutputError(f"cannot serve the metrics at port {self._port}: {reason(error)}") from error
        self._server.set_app(self._answer)

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - the same either way
        """Have the metrics served from now on, as the text file has them."""
        self._text = text_of(result.metrics, self._inputs, now())

    def put_off(self, begun: float) -> None:
        """Leave the most of the time to the rows."""
        ended = time.monotonic()
        self.due = max(begun + _SECONDS, ended + _PAUSES * (ended - begun))

    def close(self) -> None:
        """End the server, and release its port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer, as a WSGI app, but only who asks for this machine by a name of its own."""
        host = environ.get("HTTP_HOST", HOST)  # HTTP/1.0 need not say it
        if re.sub(r":[0-9]*$", "", host).lower() not in _NAMES:
            start_response("421 Misdirected Request", [("Content-Type", "text/plain")])
            return [f"expected a request for {HOST} or localhost\n".encode()]
        start_response("200 OK", [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")])
        return [self._text]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
