"""Served: the metrics so far of a live job, at http://127.0.0.1:PORT/metrics, for Prometheus to fetch.

The thread that counts makes them at its turn, and puts them where the thread of the server finds them, in one step: the
server never looks at the stream. They are a second old at most, or a little more where there are many keys.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError, OutputError, reason
from stream_signal.outputs.parts import Output
from stream_signal.outputs.prometheus import now, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.parts import Job, Result

HOST = "127.0.0.1"
# What this machine calls itself. A page of any site can have a name that leads here (DNS rebinding) and read the
# answer, but its browser asks for that name.
_NAMES = {HOST, "localhost", "[::1]"}
_SECONDS = 1.0
# The metrics of 100,000 keys take some 0.3 s to make. This leaves a twentieth of the time for them.
_PAUSES = 20


def wanted(job: Job) -> Iterator[Output]:
    """Yield the server."""
    yield Served(job.order.prometheus or 0)


class Served(Output):
    """Serves the metrics at `port`, from `check` to `close`.

    ConfigError if prometheus_client is not installed, OutputError if the port is taken.
    """

    def __init__(self, port: int) -> None:
        super().__init__(_SECONDS)
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
        self._text = text_of(result.metrics, now())

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
