"""Served: the metrics so far of a live job, at http://127.0.0.1:PORT/metrics, for Prometheus to fetch.

The thread that counts makes them at its turn, and puts them where the thread of the server finds them, in one step: the
server never looks at the stream. They are a second old at most, or a little more where there are many keys.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError, OutputError, reason
from stream_signal.outputs.prometheus import gauges, now
from stream_signal.outputs.snapshots import MetricsSoFar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from stream_signal.core.config import Config
    from stream_signal.core.stream import SignalStream
    from stream_signal.outputs.metrics import Metrics

HOST = "127.0.0.1"
# What this machine calls itself. A page of any site can have a name that leads here (DNS rebinding) and read the
# answer, but its browser asks for that name.
_NAMES = {HOST, "localhost", "[::1]"}
_SECONDS = 1.0
# The metrics of 100,000 keys take some 0.3 s to make. This leaves a twentieth of the time for them.
_PAUSES = 20


class Served(MetricsSoFar):
    """Serves the metrics of `stream` at `port`, as a context.

    ConfigError if prometheus_client is not installed, OutputError if the port is taken.
    """

    def __init__(self, port: int, config: Config, stream: SignalStream, started: float) -> None:
        super().__init__(_SECONDS, config, stream, started, self._show)
        self.due = time.monotonic()
        self._port = port
        self._last: tuple[Metrics, float] | None = None  # and when they were made
        self._server: Any = None
        self._thread: Any = None

    def __enter__(self) -> Self:
        try:
            from prometheus_client import CollectorRegistry, start_http_server
        except ImportError:
            raise ConfigError("--prometheus needs the package prometheus_client").with_hint(
                "pip install 'stream-signal[ops]'"
            ) from None
        registry = CollectorRegistry()
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(self._port, HOST, registry)
        except OSError as error:
            raise OutputError(f"cannot serve the metrics at port {self._port}: {reason(error)}") from error
        self._server.set_app(_for_this_machine(self._server.get_app()))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def do(self) -> None:
        """Make the metrics so far, and leave the most of the time to the rows."""
        begun = time.monotonic()
        super().do()
        ended = time.monotonic()
        self.due = max(self.due, ended + _PAUSES * (ended - begun))

    def _show(self, metrics: Metrics) -> None:
        self._last = metrics, now()

    def collect(self) -> Iterator[Any]:
        """Yield the metrics that were made last, as prometheus_client asks for them; none before the first row."""
        from prometheus_client.core import GaugeMetricFamily

        last = self._last
        for gauge in gauges(*last) if last else ():
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=list(gauge.samples[0][0]))
            for labels, value in gauge.samples:
                family.add_metric(list(labels.values()), float(value))
            yield family


def _for_this_machine(app: Any) -> Any:
    """Return a WSGI app that answers as `app` does, but only who asks for this machine by a name of its own."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        host = environ.get("HTTP_HOST", HOST)  # HTTP/1.0 need not say it
        if re.sub(r":[0-9]*$", "", host).lower() in _NAMES:
            return app(environ, start_response)
        start_response("421 Misdirected Request", [("Content-Type", "text/plain")])
        return [f"expected a request for {HOST} or localhost\n".encode()]

    return answer
