"""What differs between operating systems, in one place: locks, pipes, and the binary mode of Windows.

The rest of the package calls these functions and depends on no system. Each function says what it does if the system
lacks the call. (The other two POSIX-only features have their own modules: inotify in `inputs.follow`, signals in
`stopping`.)
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Without this, Windows opens a descriptor in text mode, which changes line ends.
BINARY = getattr(os, "O_BINARY", 0)
NONBLOCK = getattr(os, "O_NONBLOCK", 0)
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has none, and few links
# A pipe holds 64 KiB by default. This is the most any user may ask for: the writer can continue during a block.
PIPE_BYTES = 1024 * 1024


def make_stdio_binary() -> None:
    """Switch stdin and stdout to binary mode, on Windows."""
    if BINARY:
        import msvcrt

        for descriptor in (0, 1):
            with suppress(OSError):
                msvcrt.setmode(descriptor, BINARY)  # type: ignore[attr-defined, unused-ignore]


def keep_memory() -> None:
    """Make the allocator keep freed memory, up to 16 MiB at a time, for the next block.

    glibc returns memory above a threshold to the system as soon as it is freed, and getting it back costs a page fault
    for each 4 KiB: half the time of JSON Lines. The threshold is the largest allocation that was ever freed
    (mallopt(3), M_MMAP_THRESHOLD); the pages of this one are never touched. It applies to the whole process, so only
    the command does it.
    """
    bytes(16 * 1024 * 1024)


def need_one_blas_thread() -> None:
    """Keep NumPy from starting a thread for each core when it is imported, for algebra that nothing here needs.

    That takes a quarter of its import, and a process with threads cannot fork safely. As `keep_memory`, it applies to
    the whole process.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def lock(descriptor: int) -> None:
    """Lock a file for this process until it closes the descriptor or ends; BlockingIOError if another has it."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        _lock_on_windows(descriptor)


def _lock_on_windows(descriptor: int) -> None:
    import msvcrt

    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
    except OSError as error:
        raise BlockingIOError(error.errno, "another process has locked it") from error


def widen_pipe(descriptor: int) -> None:
    """Make a pipe hold PIPE_BYTES, if the system allows it."""
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def wait_to_read(descriptor: int, seconds: float = inf) -> bool:
    """Wait until there is something to read; return whether there is, or may be if the system cannot say."""
    if sys.platform == "win32":  # select supports only sockets there
        return True
    import select

    return bool(select.select([descriptor], [], [], None if seconds == inf else seconds)[0])


def wait_to_write(descriptor: int, seconds: float = inf) -> bool:
    """Wait until a pipe has space for PIPE_BUF bytes; return whether it has, or may have if the system cannot say."""
    if sys.platform == "win32":
        return True
    import select

    return bool(select.select([], [descriptor], [], None if seconds == inf else seconds)[1])


def is_in_foreground(descriptor: int) -> bool:
    """Whether this process may draw on a terminal: no other one has it now, as a shell has for `command &`."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except (AttributeError, OSError):  # Windows has no job control, and not every terminal has a shell
        return True


def read_at(descriptor: int, length: int, offset: int) -> bytes:
    """Read `length` bytes at `offset`, fewer only at the end; the position of the descriptor does not change.

    One read may return fewer, as over NFS or FUSE.
    """
    pieces, left = [], length
    while left and (piece := _read_once_at(descriptor, left, offset + length - left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _read_once_at(descriptor: int, length: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, length, offset)
    here = os.lseek(descriptor, 0, os.SEEK_CUR)
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)
    finally:
        os.lseek(descriptor, here, os.SEEK_SET)


def usable_cores() -> int:
    """Return how many cores this process may really use: those of its affinity, within the CPU quota of its cgroup."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for quota, period in _cpu_quotas():
        cores = min(cores, max(1, quota // period))
    return cores


def _cpu_quotas() -> Iterator[tuple[int, int]]:
    """Yield the quota and the period, in microseconds, of the cgroup of this process and of those above it."""
    groups = [line.split(":", 2) for line in _text("/proc/self/cgroup").splitlines()]
    for _, controllers, path in groups:
        names = path.strip("/").split("/")
        for depth in range(len(names), -1, -1):
            below = "/".join(names[:depth])
            if not controllers:  # version 2
                limit = _text(f"/sys/fs/cgroup/{below}/cpu.max").split()
            elif "cpu" in controllers.split(","):
                files = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
                limit = " ".join(_text(f"/sys/fs/cgroup/cpu/{below}/{name}") for name in files).split()
            else:
                continue
            if len(limit) == 2 and all(number.isdigit() for number in limit):
                yield int(limit[0]), int(limit[1])


def _text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def copy_permissions(path: str, descriptor: int) -> None:
    """Give an open file the permissions of the file at `path`, if the system has them."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(os.stat(path).st_mode))


def close_unwritten(descriptor: int) -> None:
    """Close a file from which nothing is left to write: if that fails, nothing is lost, and the file is closed."""
    with suppress(OSError):
        os.close(descriptor)


def sync_folder(folder: str) -> None:
    """Make a rename in a folder durable; if a folder cannot be opened or synced, the file is in place all the same."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            close_unwritten(descriptor)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP}:
            raise
