"""Metrics for Prometheus: the text file that its node exporter collects, and what a live job serves."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("prometheus_client")
from prometheus_client.parser import text_string_to_metric_families

from stream_signal import Config, SignalStream
from stream_signal.outputs.served import Served
from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

MARKET = b'symbol,close\nBTC,1\nBTC,2\nETH,5\nETH,4\n"a ""b"" \\c",7\n'


def samples_of(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Read the text format with the parser of Prometheus's own client."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def test_the_text_file(tmp_path: Path) -> None:
    """It has the figures of the JSON metrics, exactly, by key and by window too."""
    flags = ("--key", "symbol", "--window", "2,1", "--quiet", "--version-tag", "v7")
    metrics = json.loads(run_in_process(*flags, stdin=MARKET, cwd=tmp_path).stdout)
    done = run_in_process(*flags, "--metrics-format", "prometheus", "-o", "s.prom", stdin=MARKET, cwd=tmp_path)
    assert (done.code, done.stdout) == (0, b"")
    found = samples_of((tmp_path / "s.prom").read_text())
    assert found["stream_signal_success"] == {(): 1}
    assert found["stream_signal_running"] == {(): 0}
    assert found["stream_signal_info"] == {("v7",): 1}
    assert found["stream_signal_rows"] == {(): metrics["rows_processed"]}
    assert found["stream_signal_rate"] == {(): metrics["value"]}
    assert found["stream_signal_window_rate"] == {("1",): metrics["by_window"]["1"]["value"]}
    for name, field in (("rows", "rows"), ("signals", "signals"), ("rate", "value")):
        by_key = {(key,): entry[field] for key, entry in metrics["by_key"].items()}
        assert found[f"stream_signal_key_{name}"] == by_key


def test_a_failed_job(tmp_path: Path) -> None:
    """A job that fails says so, with exit code 1 and its message on stderr."""
    done = run_in_process("--metrics-format", "prometheus", stdin=b"time,open\n1,2\n", cwd=tmp_path)
    assert done.code == 1
    assert samples_of(done.stdout.decode()) == {
        "stream_signal_success": {(): 0},
        "stream_signal_info": {("v1",): 1},
    }
    assert "Missing required column: 'close'" in done.stderr


def test_promtool_agrees(tmp_path: Path) -> None:
    """`promtool check metrics` has nothing to say."""
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    text = run_in_process("--key", "symbol", "--metrics-format", "prometheus", stdin=MARKET, cwd=tmp_path).stdout
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def served(port: int, until: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Fetch the metrics that are served until one of them is there."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                found = samples_of(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            found = {}
        if until in found:
            return found
        time.sleep(0.05)
    pytest.fail("nothing is served")


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_live_job_is_served(tmp_path: Path) -> None:
    """The counts of a followed file can be fetched as it grows; when the job ends, the port is free again."""
    live, port = tmp_path / "live.csv", free_port()
    live.write_bytes(candle_csv(CLOSES[:50]))
    command = [COMMAND, "live.csv", "--follow", "--prometheus", str(port), "-o", "m.json", "-q"]
    with subprocess.Popen(command, cwd=tmp_path) as job:
        first = served(port, "stream_signal_rows")
        assert first["stream_signal_rows"] == {(): 50}
        assert first["stream_signal_running"] == {(): 1}
        taken = run_in_process("--prometheus", str(port), stdin=candle_csv(CLOSES), cwd=tmp_path)
        assert taken.code == 1
        assert f"cannot serve the metrics at port {port}" in str(taken.record["error_message"])
        job.terminate()
        assert job.wait(30) == 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(("127.0.0.1:{}", 200), ("localhost:{}", 200), ("LocalHost", 200), ("[::1]:{}", 200)),
        *(("evil.example:{}", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("::1", 421)),
    ],
)
def test_only_for_this_machine(host: str, status: int) -> None:
    """A page whose name leads here reads nothing: the host that is asked for has to be a name of this machine."""
    port = free_port()
    with Served(port, Config(), SignalStream(Config()), 0.0):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics", headers={"Host": host.format(port)})
        assert connection.getresponse().status == status
        connection.close()
