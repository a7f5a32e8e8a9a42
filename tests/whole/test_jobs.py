"""`--jobs`: real processes that share a file, and what happens if they are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream_signal.job.parallel import HEAD_BYTES
from stream_signal.job.workers import LEAST_RANGE_BYTES
from support.candle_csv import HEADER, row
from support.commands import COMMAND, metrics_of, run_command
from support.oracle import count

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 150_000  # 8 MB: a head, and seven ranges of a megabyte
CLOSES = [f"{4200 + (number * number) % 97}.{number % 4}" for number in range(1000)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a file that is large enough to be shared, and the answers of one process."""
    folder = tmp_path_factory.mktemp("jobs")
    rows = (row(number, CLOSES[number % 1000]) for number in range(ROWS))
    (folder / "data.csv").write_text(HEADER + "\n".join(rows) + "\n")
    (folder / "config.yaml").write_text("seed: 1\nwindow: 50\nversion: v1\n")
    return folder


def answers(folder: Path, *arguments: str) -> tuple[int, dict[str, object], str]:
    """Run the job on the file of the folder; return the exit code, the record and stderr."""
    done = run_command(*arguments, cwd=folder)
    return done.code, metrics_of(done.stdout) if not done.code else json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("jobs", ["1", "2", "3", "4", "auto"])
def test_one_answer(folder: Path, jobs: str) -> None:
    """The metrics do not depend on the number of processes, and are those of fractions."""
    code, metrics, stderr = answers(folder, "data.csv", "--jobs", jobs)
    assert (code, stderr) == (0, "")
    assert (metrics["rows_processed"], metrics["value"]) == (ROWS, signals() / ROWS)


@cache
def signals() -> int:
    """Count the signals of the file by fractions, which takes seconds."""
    return count([CLOSES[number % 1000] for number in range(ROWS)], 50)[1]


def with_lines(folder: Path, name: str, lines: dict[int, str]) -> str:
    """Make a copy of the file with some lines replaced; they count from 1."""
    whole = (folder / "data.csv").read_text().splitlines()
    for number, line in lines.items():
        whole[number - 1] = line
    (folder / name).write_text("\n".join(whole) + "\n")
    return name


ODD = {
    "a bad row": {140_000: "x,y"},
    "a missing close": {90_000: row(89_998, "")},
    "a quote": {60_000: row(59_998, '"4200.5"')},
    "lines within quotes": {60_000: '"1700000000\n\n1",1,2,0.5,4.5,1'},
    "a repeated header": {60_000: HEADER.strip(), 120_000: HEADER.strip()},
    "times out of order": {60_000: row(5, "4200.5"), 120_001: row(7, "4200.5"), 120_002: row(7, "4200.5")},
    "many decimals": {100_000: row(99_998, "4200.123456789012345678901")},
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("bad_rows", ["error", "missing"])
def test_odd_lines(folder: Path, name: str, bad_rows: str) -> None:
    """Errors with their lines, repairs, doubts and the log are those of one process."""
    path = with_lines(folder, "odd.csv", ODD[name])
    seen = []
    for jobs in ("1", "2"):
        log = folder / f"{jobs}.log"
        log.unlink(missing_ok=True)
        done = answers(folder, path, "--jobs", jobs, "--bad-rows", bad_rows, "--log-file", log.name)
        events = [json.loads(line) for line in log.read_text().splitlines()]
        kept = ("noticed", "repaired", "doubt", "input read", "job failed")
        told = [{k: v for k, v in event.items() if k != "timestamp"} for event in events if event["event"] in kept]
        seen.append((done, told))
    assert seen[0] == seen[1]


def test_a_checkpoint(folder: Path) -> None:
    """Jobs of one process and of several continue each other, and end where one job ends."""
    whole = (folder / "data.csv").read_bytes()
    growing = folder / "growing.csv"
    wanted = answers(folder, "data.csv", "--jobs", "1")
    for jobs, end in (("2", len(whole) // 3), ("1", len(whole) // 2), ("2", len(whole))):
        growing.write_bytes(whole[: whole.rindex(b"\n", 0, end) + 1])
        saving = ("--checkpoint", "state.json", "--checkpoint-every", "0.01")
        code, metrics, _ = answers(folder, "growing.csv", "--jobs", jobs, *saving)
        assert code == 0
    assert metrics == wanted[1]


def test_a_checkpoint_after_a_short_range(folder: Path) -> None:
    """A file whose last range has only a few rows is known again by the next job."""
    whole = (folder / "data.csv").read_bytes() * 2
    rows = whole.replace(HEADER.encode(), b"")
    end = rows.index(b"\n", HEAD_BYTES + LEAST_RANGE_BYTES + 1000) + 1
    (folder / "short.csv").write_bytes(HEADER.encode() + rows[:end])
    for _ in range(2):
        code, metrics, stderr = answers(folder, "short.csv", "--jobs", "2", "--checkpoint", "short.json", "-q")
        assert (code, stderr) == (0, "")
    assert metrics == answers(folder, "short.csv", "--jobs", "1", "-q")[1]


def test_several_files(folder: Path) -> None:
    """Files that follow each other are shared out too, each with its own header."""
    lines = (folder / "data.csv").read_text().splitlines(keepends=True)
    for name, part in (("a.csv", lines[1:70_000]), ("b.csv", lines[70_000:70_010]), ("c.csv", lines[70_010:])):
        (folder / name).write_text(HEADER + "".join(part))
    assert answers(folder, "a.csv", "b.csv", "c.csv", "--jobs", "2") == answers(folder, "data.csv", "--jobs", "1")


@pytest.mark.parametrize("arguments", [["--signals", "s.csv"], ["--newest-first"], ["--window", "3000"]], ids=" ".join)
def test_one_process_is_said(folder: Path, arguments: list[str]) -> None:
    """A job that cannot be shared out runs in one process, and the log says why."""
    log = folder / "why.log"
    log.unlink(missing_ok=True)
    assert answers(folder, "data.csv", "--jobs", "2", "-q", "--log-file", "why.log", *arguments)[0] == 0
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert "one process" in events
    assert "processes" not in events


@pytest.fixture
def fifo(folder: Path) -> Iterator[Path]:
    """Make a pipe with a name."""
    path = folder / "pipe"
    os.mkfifo(path)
    yield path
    path.unlink()


def children_of(pid: int) -> list[int]:
    """List the child processes of a process."""
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def wait_for_children(process: subprocess.Popen[bytes]) -> list[int]:
    """Wait until a job has its workers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if children := children_of(process.pid):
            return children
        time.sleep(0.001)
    raise AssertionError("no workers")


@pytest.fixture
def job(folder: Path, fifo: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a job that has workers, and then waits for a pipe."""
    process = subprocess.Popen(
        [COMMAND, "data.csv", fifo.name, "--jobs", "2"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        yield process
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=lambda how: how.name)
def test_a_worker_that_is_killed(folder: Path, job: subprocess.Popen[bytes], fifo: Path, how: signal.Signals) -> None:
    """A job whose worker is killed gives the same answer: never a short count, never a hang."""
    os.kill(wait_for_children(job)[0], how)
    fifo.write_text(HEADER)
    out, _ = job.communicate(timeout=60)
    assert job.returncode == 0
    assert metrics_of(out) == answers(folder, "data.csv", "--jobs", "1")[1]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_no_worker_outlives_its_job(job: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """However a job ends, its workers end with it."""
    workers = wait_for_children(job)
    job.send_signal(how)
    assert job.wait(30) in {-9, 143, 130}
    end = time.monotonic() + 30
    while time.monotonic() < end and any(is_running(worker) for worker in workers):
        time.sleep(0.01)
    assert not any(is_running(worker) for worker in workers)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_worker_that_hangs(job: subprocess.Popen[bytes]) -> None:
    """A job whose workers hang ends at the first signal, and its workers with it."""
    workers = wait_for_children(job)
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    job.send_signal(signal.SIGINT)
    try:
        assert job.wait(30) == 130
    finally:
        are_left = [worker for worker in workers if is_running(worker)]
        for worker in are_left:
            os.kill(worker, signal.SIGKILL)
    assert not are_left


def is_running(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stopped_at_any_moment(folder: Path) -> None:
    """A stop signal at any moment, as between the start of two workers, ends the job, and never hangs it."""
    moments = random.Random(3)
    for _ in range(40):
        command = [COMMAND, "data.csv", "--jobs", "3"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            time.sleep(moments.uniform(0.05, 0.3))
            process.send_signal(signal.SIGTERM)
            _, stderr = process.communicate(timeout=30)
        assert process.returncode in {0, 143, -signal.SIGTERM}  # before and after the job, SIGTERM is not ours
        assert b"Traceback" not in stderr
