"""Servers on the loopback: of files, with the faults that real ones have; of S3; and a proxy that cuts connections."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


class Asked(NamedTuple):
    """A request that arrived."""

    method: str
    path: str
    start: int | None
    """of the range asked for"""
    size: int | None
    """of it"""


class FileServer(ThreadingHTTPServer):
    """Serves `files` by their paths; what it does wrong is set by the test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.etag: str | None = '"1"'
        self.has_ranges = True
        self.length = "announced"
        """or "chunked", or "close": the end of the connection is that of the file"""
        self.keeps_back = 0
        """how many bytes of each body are announced by HEAD and never sent"""
        self.redirects: dict[str, str] = {}
        """where a path has moved to"""
        self.failures: list[int] = []
        """the status of each of the next answers"""
        self.stalls_after: int | None = None
        """of each body, the bytes after which nothing comes any more"""

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FileServer

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, has_body: bool) -> None:
        server, path = self.server, self.path.partition("?")[0]
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, end = (int(wanted[1]), int(wanted[2]) + 1) if wanted else (None, None)
        size = None if start is None or end is None else end - start
        server.asked.append(Asked(self.command, path, start, size))
        if path in server.redirects:
            self.send_response(302)
            self.send_header("Location", server.redirects[path])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if server.failures or path not in server.files:
            self.send_response(server.failures.pop(0) if server.failures else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = server.files[path]
        is_part = server.has_ranges and start is not None
        if is_part:
            body = body[start:end]
        if has_body:
            body = body[: max(0, len(body) - server.keeps_back)]
        self.send_response(206 if is_part else 200)
        if server.etag:
            self.send_header("ETag", server.etag)
        if server.length == "announced":
            self.send_header("Content-Length", str(len(body)))
        elif server.length == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
        self.end_headers()
        if has_body:
            self._send(body)

    def _send(self, body: bytes) -> None:
        if self.server.stalls_after is not None:
            self.wfile.write(body[: self.server.stalls_after])
            time.sleep(3600)
        if self.server.length != "chunked":
            self.wfile.write(body)
            return
        for at in range(0, len(body), 65536):
            piece = body[at : at + 65536]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")


@contextmanager
def file_server() -> Iterator[FileServer]:
    """Serve files until the end of the block."""
    with FileServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()


class Proxy:
    """Passes connections on to a server, and cuts each answer of the next ones after so many bytes."""

    def __init__(self, port: int) -> None:
        self.cuts: list[int] = []
        """for each of the next connections whose answers are longer, the bytes to let through"""
        self.always: int | None = None
        """the same, for all of them"""
        self.cut = 0
        """how many were cut"""
        self._to = port
        self._socket = socket.create_server((HOST, 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def close(self) -> None:
        """Accept no more connections."""
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                server = socket.create_connection((HOST, self._to))
                threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        sent = 0
        with client, server, suppress(OSError):
            while data := server.recv(65536):
                most = self.always if self.always is not None else self.cuts[0] if self.cuts else None
                if most is not None and sent + len(data) > most:
                    if self.always is None:
                        del self.cuts[0]
                    self.cut += 1
                    client.sendall(data[: max(0, most - sent)])
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
                sent += len(data)


class S3:
    """An S3 server."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{HOST}:{self.port}"

    def put(self, name: str, data: bytes = b"") -> None:
        """Store an object, `bucket/key`, or make a bucket."""
        # Any other type is a form; nobody checks the signature, but only somebody may replace an object.
        key = "AKIATESTING/20260101/us-east-1/s3/aws4_request"
        signed = f"AWS4-HMAC-SHA256 Credential={key}, SignedHeaders=host, Signature=0"
        headers = {"Content-Type": "application/octet-stream", "Authorization": signed, "x-amz-acl": "public-read"}
        request = urllib.request.Request(f"{self.url}/{name}", data, headers, method="PUT")
        with urllib.request.urlopen(request):
            pass

    def environment(self, port: int | None = None) -> dict[str, str]:
        """Return the variables with which it is found, or a proxy before it."""
        return {
            "AWS_ENDPOINT_URL": f"http://{HOST}:{port or self.port}",
            "AWS_ACCESS_KEY_ID": "AKIATESTING",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


@contextmanager
def s3_server() -> Iterator[S3]:
    """Run an S3 server, a process of its own, until the end of the block."""
    command = [sys.executable, "-u", "-m", "moto.server", "-H", HOST, "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        try:
            for line in process.stdout:
                if found := re.search(r"Running on http://[\d.]+:(\d+)", line):
                    # What it logs has to go somewhere.
                    threading.Thread(target=process.stdout.read, daemon=True).start()
                    yield S3(int(found[1]))
                    return
            raise AssertionError("the S3 server does not start")
        finally:
            process.kill()
