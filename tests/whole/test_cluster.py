"""`--cluster`: a real scheduler and real worker processes on the loopback, one of them killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed")
from distributed import Client

from stream_signal import Config, run
from support.candle_csv import HEADER, row
from support.commands import metrics_of, run_command
from support.oracle import count
from support.processes import start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

ROWS = 60_000
CLOSES = [f"{4200 + (number * number) % 97}.{number % 4}" for number in range(ROWS)]


class Cluster:
    """A scheduler and two workers, each a process."""

    def __init__(self, folder: Path, held: ExitStack, protocol: str = "tcp") -> None:
        self._held = held
        self._folder = folder
        where = ("--host", f"{protocol}://127.0.0.1", "--port", "0", "--protocol", protocol)
        self._start("scheduler", *where, "--scheduler-file", "scheduler.json")
        self.address = self._address()
        self.workers = [self._start("worker", self.address, "--no-nanny", "--nthreads", "1") for _ in range(2)]
        self._wait_for_workers()

    def _wait_for_workers(self) -> None:
        """Wait in a process of its own, which reads the settings of Dask as they are now."""
        script = "import sys, distributed; distributed.Client(sys.argv[1]).wait_for_workers(2, timeout=60)"
        subprocess.run([sys.executable, "-c", script, self.address], check=True, timeout=90)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        quiet = subprocess.DEVNULL
        process = self._held.enter_context(subprocess.Popen(command, cwd=self._folder, stdout=quiet, stderr=quiet))
        self._held.callback(process.kill)
        return process

    def _address(self) -> str:
        path, end = self._folder / "scheduler.json", time.monotonic() + 60
        while time.monotonic() < end:
            try:
                return str(json.loads(path.read_text())["address"])
            except (FileNotFoundError, ValueError):
                time.sleep(0.05)
        raise AssertionError("no scheduler")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with candles in it."""
    folder = tmp_path_factory.mktemp("cluster")
    rows = "".join(row(number, close) + "\n" for number, close in enumerate(CLOSES))
    (folder / "data.csv").write_text(HEADER + rows)
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Start a cluster."""
    with ExitStack() as held:
        yield Cluster(tmp_path, held)


def wanted() -> tuple[int, float]:
    """Return the rows and the signal rate, by fractions."""
    rows, signals = count(CLOSES, 5)
    return rows, signals / rows


def test_the_same_answer(cluster: Cluster, folder: Path) -> None:
    """On a cluster, and on one of this machine, the metrics are those of one process, and stderr is empty."""
    for address in (cluster.address, "local"):
        done = run_command("data.csv", "--cluster", address, cwd=folder)
        assert (done.code, done.stderr) == (0, "")
        metrics = metrics_of(done.stdout)
        assert (metrics["rows_processed"], metrics["value"]) == wanted()


def listening(pid: int) -> list[str]:
    """Return the addresses on which a process and its children listen, as the kernel writes them."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        found |= {address for child in children for address in listening(int(child))}
    own = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                found.add(fields[1].partition(":")[0])
    return sorted(found)


def test_only_this_machine(folder: Path) -> None:
    """A cluster of this machine listens to it alone, its dashboards too."""
    with start(folder, "data.csv", "-", "--cluster", "local") as job:
        assert job.stdin
        assert job.stderr
        while b"header read" not in job.stderr.readline():
            pass
        assert listening(job.pid) == ["0100007F"]  # 127.0.0.1
        job.stdin.close()
        assert job.wait(60) == 0


def test_its_log_is_not_that_of_the_job(folder: Path) -> None:
    """When a job fails, or is stopped, what Dask has to say about its tasks does not reach stderr."""
    (folder / "bad.csv").write_text(HEADER + row(0, "1") + "\n" + "0,row\n")
    text = (folder / "data.csv").read_text()
    (folder / "large.csv").write_text(text + text.removeprefix(HEADER) * 20)
    done = run_command("data.csv", "bad.csv", *["large.csv"] * 6, "--cluster", "local", "-q", cwd=folder)
    assert done.code == 1
    error, hint = done.stderr.splitlines()
    assert error == "stream-signal: bad.csv: line 3: expected 6 fields, found 2"
    assert hint.startswith("stream-signal: ")


class Killing:
    """An executor that kills a worker after some ranges were handed out."""

    def __init__(self, executor: Any, worker: subprocess.Popen[bytes], after: int) -> None:
        self._executor = executor
        self._worker = worker
        self._left = after

    def submit(self, *arguments: Any) -> Future[Any]:
        """Hand out a range."""
        future: Future[Any] = self._executor.submit(*arguments)
        self._left -= 1
        if not self._left:
            os.kill(self._worker.pid, signal.SIGKILL)
        return future


@pytest.mark.parametrize("after", [1, 5, 30])
def test_a_worker_that_is_killed(cluster: Cluster, folder: Path, after: int) -> None:
    """The ranges of a worker that dies are counted by the other one."""
    with Client(cluster.address) as client, client.get_executor(pure=False) as executor:
        killing: Any = Killing(executor, cluster.workers[0], after)
        metrics = run(folder / "data.csv", Config(), executor=killing, range_bytes=20_000)
    assert (metrics.rows_processed, metrics.value) == wanted()
    assert cluster.workers[0].wait(30) == -signal.SIGKILL


def test_what_a_cluster_cannot_count(folder: Path) -> None:
    """A flag that a cluster cannot serve is an error, and no quiet job of this machine."""
    for flags in (("--signals", "s.csv"), ("--newest-first",), ("--from", "2024-01-01"), ("--window", "5000")):
        done = run_command("data.csv", "--cluster", "tcp://127.0.0.1:1", *flags, cwd=folder)
        assert done.code == 1
        assert done.record["error_message"].startswith("--cluster counts parts of files apart, and here ")
        assert done.stderr.splitlines()[1] == "stream-signal: leave out --cluster"


def test_no_scheduler(folder: Path) -> None:
    """A scheduler that is not there is an error within seconds, on one line."""
    done = run_command("data.csv", "--cluster", "tcp://127.0.0.1:1", cwd=folder)
    assert done.code == 1
    assert done.stderr.startswith("stream-signal: cannot reach the cluster at 'tcp://127.0.0.1:1'")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["host", "tcp://", "http://127.0.0.1:1", "tls://127.0.0.1:1", ""])
def test_no_address(folder: Path, address: str) -> None:
    """What is no address is an error that says so."""
    done = run_command("data.csv", "--cluster", address, cwd=folder)
    assert done.code in {1, 2}
    assert "cluster" in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.skipif(not which("openssl"), reason="needs openssl to make a certificate")
def test_tls(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS, with the certificates from the settings of Dask, the answer is the same."""
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    make = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "ca.pem",
        "-days",
        "2",
    )
    subprocess.run([*make, *names], cwd=tmp_path, check=True, capture_output=True)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    monkeypatch.setenv(f"{tls}CA_FILE", str(tmp_path / "ca.pem"))
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        monkeypatch.setenv(f"{tls}{role}__CERT", str(tmp_path / "ca.pem"))
        monkeypatch.setenv(f"{tls}{role}__KEY", str(tmp_path / "key.pem"))
    with ExitStack() as held:
        cluster = Cluster(tmp_path, held, "tls")
        done = run_command(str(folder / "data.csv"), "--cluster", cluster.address, cwd=tmp_path)
    assert cluster.address.startswith("tls://")
    assert (done.code, done.stderr) == (0, "")
    metrics = metrics_of(done.stdout)
    assert (metrics["rows_processed"], metrics["value"]) == wanted()
