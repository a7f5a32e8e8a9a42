"""Served: the metrics so far of a live job, at http://127.0.0.1:PORT/metrics, for Prometheus to fetch.

Nothing is counted for it: what is served is made of the stream when somebody asks, in a thread of the server.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError, OutputError, reason
from stream_signal.outputs.metrics import Metrics
from stream_signal.outputs.prometheus import gauges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from stream_signal.core.config import Config
    from stream_signal.core.stream import SignalStream

HOST = "127.0.0.1"
# What this machine calls itself. A page of any site can have a name that leads here (DNS rebinding) and read the
# answer, but its browser asks for that name.
_NAMES = {HOST, "localhost", "[::1]"}


class Served:
    """Serves the metrics of `stream` at `port`, as a context.

    ConfigError if prometheus_client is not installed, OutputError if the port is taken.
    """

    def __init__(self, port: int, config: Config, stream: SignalStream, started: float) -> None:
        self._port = port
        self._config = config
        self._stream = stream
        self._started = started
        self._server: Any = None
        self._thread: Any = None

    def __enter__(self) -> Self:
        try:
            from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - few jobs are served
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

    def collect(self) -> Iterator[Any]:
        """Yield the metrics so far, as prometheus_client asks for them; none before the first row."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        counts = self._stream.counts
        if not counts:
            return
        seconds = time.perf_counter() - self._started
        for gauge in gauges(Metrics.of(self._config, self._stream, counts, seconds, "running")):
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
