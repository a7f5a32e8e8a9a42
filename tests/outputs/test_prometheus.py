"""Metrics for Prometheus: the text file that its node exporter collects, and what a live job serves."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from typing import IO, TYPE_CHECKING

import pytest

pytest.importorskip("prometheus_client")
from prometheus_client.parser import text_string_to_metric_families

from stream_signal.outputs.prometheus import Served
from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, run_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKET = b'symbol,close\nBTC,1\nBTC,2\nETH,5\nETH,4\n"a ""b"" \\c",7\n'


def samples_of(text: str) -> dict[str, dict[tuple[str, ...], float]]:
    """Read the text format with the parser of Prometheus's own client, without the labels of the job."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert {"version", "input"} <= sample.labels.keys()
            own = tuple(value for name, value in sample.labels.items() if name not in {"version", "input"})
            found.setdefault(sample.name, {})[own] = sample.value
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
    assert '\nstream_signal_running{version="v7",input="-"} 0\n' in (tmp_path / "s.prom").read_text()
    assert found["stream_signal_rows"] == {(): metrics["rows_processed"]}
    assert found["stream_signal_rate"] == {(): metrics["value"]}
    assert found["stream_signal_window_rate"] == {
        (window,): metrics["by_window"][window]["value"] for window in ("2", "1")
    }
    for name, field in (("rows", "rows"), ("signals", "signals"), ("rate", "value")):
        by_key = {(key,): entry[field] for key, entry in metrics["by_key"].items()}
        assert found[f"stream_signal_key_{name}"] == by_key


def test_figures_as_in_json(tmp_path: Path) -> None:
    """A figure has the same text as in JSON, and what is no figure of the job is left out."""
    close = b"close\n" + b"".join(b"%d\n" % (number * number % 97) for number in range(130))
    for window in ("3", "5", "9"):
        metrics = run_in_process("--no-config", "--window", window, stdin=close, cwd=tmp_path).stdout.decode()
        text = run_in_process(
            "--no-config", "--window", window, "--metrics-format", "prometheus", stdin=close, cwd=tmp_path
        ).stdout.decode()
        value = re.findall(r'"value": ([^,]+),', metrics)
        assert re.findall(r"^stream_signal_rate\{.*\} (.*)$", text, re.MULTILINE) == value
        assert 'stream_signal_rows{version="v1",input="-"} 130\n' in text
        assert "seed" not in text


def test_a_failed_job(tmp_path: Path) -> None:
    """A job that fails says so, with exit code 1 and its message on stderr."""
    done = run_in_process("--metrics-format", "prometheus", stdin=b"time,open\n1,2\n", cwd=tmp_path)
    assert done.code == 1
    assert samples_of(done.stdout.decode()) == {
        "stream_signal_success": {(): 0},
    }
    assert "Missing required column: 'close'" in done.stderr


def test_the_time_of_the_last_success(tmp_path: Path) -> None:
    """It is when the record was made; later jobs that fail keep it, and without one there is none."""
    last, flags = "stream_signal_last_success_timestamp_seconds", ("--metrics-format", "prometheus", "-o", "s.prom")
    path, bad = tmp_path / "s.prom", b"time,open\n1,2\n"
    assert run_in_process(*flags, stdin=bad, cwd=tmp_path).code == 1
    assert last not in path.read_text()
    for text in ("", f"{last} nan\n", f"x{last} 5\n", "\xff" * 9000 + f"\n{last} 5\n"):
        path.write_text(text)
        assert run_in_process(*flags, stdin=bad, cwd=tmp_path).code == 1
        assert last not in path.read_text()
    begun = round(time.time(), 3)
    assert run_in_process(*flags, stdin=MARKET, cwd=tmp_path).code == 1  # of two symbols, and no key
    assert run_in_process(*flags, "--key", "symbol", "-q", stdin=MARKET, cwd=tmp_path).code == 0
    found = samples_of(path.read_text())[last]
    assert begun <= found[()] <= round(time.time(), 3)
    for _ in range(2):
        assert run_in_process(*flags, stdin=bad, cwd=tmp_path).code == 1
        assert samples_of(path.read_text()) == {
            "stream_signal_success": {(): 0},
            last: found,
        }


def test_promtool_agrees(tmp_path: Path) -> None:
    """`promtool check metrics` has nothing to say."""
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not installed")
    text = run_in_process("--key", "symbol", "--metrics-format", "prometheus", stdin=MARKET, cwd=tmp_path).stdout
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def served(port: int, rows: int) -> Iterator[str]:
    """Fetch what is served, again and again, until that many rows are counted; yield each answer that has some."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except (urllib.error.URLError, ConnectionError):
            text = ""
        if text:
            yield text
            if re.search(rf"^stream_signal_rows\{{.*\}} {rows}$", text, re.MULTILINE):
                return
        time.sleep(0.01)
    pytest.fail("so many rows are never served")


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_live_job_is_served(tmp_path: Path) -> None:
    """The counts of a followed file can be fetched as it grows, as integers; when it ends, the port is free again."""
    live, port, begun = tmp_path / "live.csv", free_port(), round(time.time(), 3)
    live.write_bytes(candle_csv(CLOSES[:50]))
    command = [COMMAND, "live.csv", "--follow", "--prometheus", str(port), "-o", "m.json", "-q"]
    with subprocess.Popen(command, cwd=tmp_path) as job:
        *_, first = served(port, 50)
        assert 'stream_signal_rows{version="v1",input="live.csv"} 50\n' in first
        assert samples_of(first)["stream_signal_running"] == {(): 1}
        assert begun <= samples_of(first)["stream_signal_last_success_timestamp_seconds"][()] <= round(time.time(), 3)
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
    server = Served(port, ["live.csv"])
    server.check()
    with closing(server):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics", headers={"Host": host.format(port)})
        assert connection.getresponse().status == status
        connection.close()


def test_keys_that_come_while_it_is_served(tmp_path: Path) -> None:
    """Each answer is of one moment, in which the rows of the keys are all rows; when rows pause, it has the last."""
    port, rows = free_port(), 30_000
    command = [COMMAND, "--no-config", "--key", "1", "--column", "2", "--no-header", "--prometheus", str(port), "-q"]
    with subprocess.Popen([*command, "-o", "m.json"], cwd=tmp_path, stdin=subprocess.PIPE) as job:
        assert job.stdin
        feeder = threading.Thread(target=feed, args=(job.stdin, [b"S%d,1.5\n" % at for at in range(rows)]))
        feeder.start()
        for text in served(port, rows):
            by_key = re.findall(r"^stream_signal_key_rows\{.*\} (.+)$", text, re.MULTILINE)
            assert samples_of(text)["stream_signal_rows"] == {(): sum(map(int, by_key))}
        feeder.join()
        job.stdin.close()
        assert job.wait(30) == 0


def feed(pipe: IO[bytes], lines: list[bytes]) -> None:
    """Write lines as a live stream does: a few at once."""
    for at in range(0, len(lines), 100):
        pipe.write(b"".join(lines[at : at + 100]))
        pipe.flush()
