"""Systems without the POSIX calls: the package imports, and the plain job, the pipe and the checkpoint work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stream_signal import system
from support.cases import DATA, SUCCESS
from support.commands import metrics_of, run_script

if TYPE_CHECKING:
    from pathlib import Path

# Runs the command as on Windows: no fcntl, no inotify, no pread, no SIGHUP, folders that cannot be opened; msvcrt has
# the two calls that the package needs, on top of the lock of this system.
LIKE_WINDOWS = """
import os, select, signal, sys, types
import fcntl as posix
import numpy, structlog
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
msvcrt.setmode = lambda descriptor, mode: None
def locking(descriptor, mode, size):
    try:
        posix.lockf(descriptor, posix.LOCK_EX | posix.LOCK_NB, size)
    except BlockingIOError as error:
        raise OSError(13, "Permission denied") from error
msvcrt.locking = locking
sys.modules |= {"fcntl": None, "inotify_simple": None, "msvcrt": msvcrt}
for module, names in ((os, ["pread", "fchmod", "O_NONBLOCK", "set_blocking", "mkfifo"]), (select, ["poll", "select"])):
    for name in names:
        delattr(module, name)
del signal.SIGHUP
works = os.open
def open_no_folder(path, *arguments, **options):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied")
    return works(path, *arguments, **options)
os.open = open_no_folder
sys.platform = "win32"
from stream_signal.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["data.csv"],
        [],
        ["data.csv", "--output", "m.json"],
        ["data.csv", "--checkpoint", "state.json"],
        ["data.csv", "--log-file", "run.log", "--every", "0.01"],
        ["--signals", "s.csv", "--checkpoint", "state.json"],
        ["data.csv", "--follow", "--idle-timeout", "0.05"],
    ],
    ids=" ".join,
)
def test_like_windows(arguments: list[str], tmp_path: Path) -> None:
    """Every job has its answer without the calls that only POSIX has."""
    (tmp_path / "data.csv").write_bytes(DATA)
    done = run_script(LIKE_WINDOWS, *arguments, cwd=tmp_path, stdin=DATA)
    assert (done.code, done.stderr) == (0, "")
    text = (tmp_path / "m.json").read_bytes() if "m.json" in arguments else done.stdout.splitlines()[-1]
    assert metrics_of(text) == SUCCESS


def test_signals_into_a_pipe(tmp_path: Path) -> None:
    """Lines of signals go to stdout, although nothing can tell whether its reader has room."""
    done = run_script(LIKE_WINDOWS, "--signals", "-", "--output", "m.json", cwd=tmp_path, stdin=DATA)
    assert done.stdout.count(b"\n") == 8
    assert metrics_of((tmp_path / "m.json").read_bytes()) == SUCCESS


def test_reading_at_a_place_without_pread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of reading is where it was, also at the end of the file."""
    (tmp_path / "data").write_bytes(b"0123456789")
    monkeypatch.delattr(os, "pread")
    with (tmp_path / "data").open("rb", buffering=0) as file:
        file.seek(3)
        assert system.read_at(file.fileno(), 4, 8) == b"89"
        assert file.read(2) == b"34"


def test_short_reads_at_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system returns fewer bytes than it was asked for, the rest is read as well, up to the end."""
    (tmp_path / "data").write_bytes(b"0123456789")
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda descriptor, length, offset: pread(descriptor, min(length, 3), offset))
    with (tmp_path / "data").open("rb") as file:
        assert system.read_at(file.fileno(), 7, 1) == b"1234567"
        assert system.read_at(file.fileno(), 7, 6) == b"6789"


COUNT_THREADS = """
import os, sys
os.environ.pop("OPENBLAS_NUM_THREADS", None)
from stream_signal.command.main import main
code = main(["data.csv", "--jobs", "1", "--output", "m.json", "--window", "1"])
print("numpy" in sys.modules, len(os.listdir("/proc/self/task")))
sys.exit(code)
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs /proc")
def test_a_large_job_has_one_thread(tmp_path: Path) -> None:
    """NumPy starts no threads for algebra: they would take a quarter of its import, and make a fork unsafe."""
    (tmp_path / "data.csv").write_bytes(b"close\n" + b"4.58\n" * 1_000_000)
    done = run_script(COUNT_THREADS, cwd=tmp_path)
    assert (done.code, done.stdout) == (0, b"True 1\n")


def test_usable_cores() -> None:
    """At least one core, and no more than the affinity of this process has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert cores
    assert 1 <= system.usable_cores() <= cores


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"/proc/self/cgroup": "0::/pod/job", "/sys/fs/cgroup/pod/cpu.max": "250000 100000"}, 2),
        ({"/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cpu.max": "50000 100000"}, 1),
        ({"/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cpu.max": "max 100000"}, 64),
        (
            {
                "/proc/self/cgroup": "4:cpu,cpuacct:/x",
                "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "300000",
                "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000",
            },
            3,
        ),
        ({"/proc/self/cgroup": "4:cpu:/", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"}, 64),
        ({}, 64),
    ],
)
def test_the_quota_of_a_container(files: dict[str, str], cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU quota of this cgroup or of one above it limits the cores, in both versions of cgroups."""
    known = {os.path.normpath(path): text for path, text in files.items()}
    monkeypatch.setattr(system, "_text", lambda path: known.get(os.path.normpath(path), ""))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert system.usable_cores() == cores
