"""Rotations: which file comes after the one that was followed, and whether one has been missed.

With a pattern, the old files are those that match it. They are read in the order of their first timestamps, since
`logrotate` numbers them backwards and renames them at each rotation, and a clock may be set back. Only if one of them
has rows and no timestamp is it the order of their last writes. A file is known by the first and last bytes that were
read of it; its inode is only a hint.

Without a pattern, one file is followed through renames and truncations. If another has the name by then, the folder is
searched only to refuse: a file that has rows of this stream, and was written since, was rotated in between.

A rotation may happen during any of these steps. So the file that has the name is looked at before the others, they are
listed until two lists are equal, and whoever opens a file checks that it is the one that was seen.
"""

from __future__ import annotations

import os
import stat
import time
from functools import partial
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from stream_signal import system
from stream_signal.core.config import Config
from stream_signal.core.errors import InputError, reason
from stream_signal.core.foreign import foreign_kind
from stream_signal.core.layout.layout import BOM, find_time
from stream_signal.core.urls import shown_path
from stream_signal.hints.shell import typed_path
from stream_signal.inputs.beginning import Beginning, beginning_of
from stream_signal.inputs.fingerprint import Edges, Fingerprint, find_edges, read_edges
from stream_signal.inputs.plain import identity_of, opened, read_small, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_signal.core.layout.layout import Layout

# Of those that were read; earlier ones begin before them, or were written before them.
_MOST_LEFT = 100
# A header, with a preamble of a few lines above it, and a row.
_BEGINNING_BYTES = 64 * 1024
# Of files whose first rows are known; a file that grows has a new one each time it is looked at.
_MOST_BEGINNINGS = 10_000
# A list of files is stable unless they are renamed all the time.
_MOST_LISTS = 100


class NamedFile(NamedTuple):
    """A file as it was seen; whoever opens its path must compare it with `status`."""

    path: str
    status: os.stat_result


class Left(NamedTuple):
    """A file that has been read, or was old when the job began."""

    read: Fingerprint
    file: tuple[int, int] | None
    """its device and inode; None if it was truncated"""


class Followed(NamedTuple):
    """What a checkpoint keeps of a followed file, besides its fingerprint."""

    file: tuple[int, int] | None
    """its device and inode; None if there was none yet"""
    written_ns: int
    """its last write, when it was opened, in nanoseconds of the epoch"""
    left: list[Left]
    begun_ns: int | None = None
    """a file that begins then or before has been left, in nanoseconds of the epoch; None if that is unknown"""


class Rotations:
    """The files that had, have or will have the name `path`.

    `pattern` matches the old files; None if nobody has said where they go. `outputs` are paths that the job writes.
    `config` says how rows are read. `header` and `rows` return the header of the stream, if it is known, and how many
    rows were counted.
    """

    def __init__(
        self,
        path: str,
        pattern: str | None = None,
        outputs: Sequence[str] = (),
        config: Config | None = None,
        header: Callable[[], Layout | None] = lambda: None,
        rows: Callable[[], int] = lambda: 0,
    ) -> None:
        self.path = path
        self.pattern = pattern
        self.header = header
        self.rows = rows
        self._config = config or Config()
        if not pattern:  # a file was missed if one of its rows can be read, whatever the others are
            self._config = self._config._replace(bad_rows="missing")
        self._outputs = {os.path.realpath(name) for name in outputs}
        self._left: list[Left] = []
        self._most_left = _MOST_LEFT
        self._file: tuple[int, int] | None = None
        self._written_ns = 0
        self._part: Fingerprint | None = None  # what a checkpoint has read of the first file
        self._may_have_missed = False  # whether a rotation before the first file would go unnoticed
        self._begun_ns: int | None = None  # see `Followed`
        self._beginnings: dict[tuple[object, ...], Beginning] = {}

    def begin(self) -> None:
        """Begin with the file that has the name now; the others that match the pattern are older."""
        for _ in range(_MOST_LISTS):
            live = stat_of(self.path)
            if not self.pattern:
                self._written_ns = live.st_mtime_ns if live else time.time_ns()
                return
            listed = self._listed()
            others = self._without(listed, live, None)
            written = [file.status.st_mtime_ns for file in others]
            left = [Left(_fingerprint_of(file), identity_of(file.status)) for file in others]
            begun = _latest(list(map(self._beginning_of, others)))
            if live and (beginning := self._beginning_of(NamedFile(self.path, live))).has_rows:
                # None of its rows has been read: what begins as it does may be this file under its next name.
                begun = None if beginning.time_ns is None else beginning.time_ns - 1
            if self._is_unchanged(live, listed):
                self._written_ns = live.st_mtime_ns if live else max(written, default=0)
                self._file = identity_of(live) if live else None
                self._left, self._most_left, self._begun_ns = left, self._most_left + len(left), begun
                return
        raise self._unstable()

    def resume(self, part: Fingerprint, followed: Followed | None) -> Edges | None:
        """Continue where a checkpoint ends; return the edges of what it has read, or None if no file has that."""
        if followed:
            self._file, self._written_ns = followed.file, followed.written_ns
            self._left.extend(followed.left)
            self._most_left = max(_MOST_LEFT, len(followed.left))
            self._begun_ns = followed.begun_ns
        self._may_have_missed = followed is not None
        if not part.offset:
            return Edges()
        self._part = part
        for left in self._left:  # saved before it was left, when the next file was open already
            if left.read == part:
                self._file = left.file
        match = self._find(part)
        return match[1] if match else None

    def snapshot(self) -> Followed:
        """Return what `resume` needs in another process."""
        return Followed(self._file, self._written_ns, list(self._left), self._begun_ns)

    def first(self) -> NamedFile | None:
        """Return the file to begin with; None if it does not exist yet."""
        if self._part:
            for _ in range(_MOST_LISTS):  # it may be renamed meanwhile
                if match := self._find(self._part):
                    return match[0]
            raise unreadable(self.path, "the file that the checkpoint has read is gone")
        live = stat_of(self.path)
        is_same = live is not None and identity_of(live) == self._file
        if not self.pattern and (is_same or not self._may_have_missed):
            return NamedFile(self.path, live) if live else None
        return self.after(None, None)

    def opened(self, status: os.stat_result) -> None:
        """Note which file is read now."""
        self._file, self._written_ns, self._part = identity_of(status), status.st_mtime_ns, None
        self._left = [left for left in self._left if left.file != self._file]

    def left(self, read: Edges, status: os.stat_result | None) -> None:
        """Note that a file has been read to its end; `status` is None if it was truncated."""
        self._left.append(Left(read.whole(), identity_of(status) if status else None))
        del self._left[: -self._most_left]
        self._begun_ns = self._begun_in(read)

    def after(self, status: os.stat_result | None, read: Edges | None) -> NamedFile | None:
        """Return the next file after the one with this status, of which `read` was read; None if there is none yet.

        Without a status, that is the first file after those left. `read` is None if the file had no rows. InputError if
        a rotation may have been missed, or the next file cannot be read.
        """
        for _ in range(_MOST_LISTS):
            live = stat_of(self.path)
            if not live and not self.pattern:
                return None
            listed, following, refused = self._listed(), None, None
            try:
                following = self._next(live, listed, status, read)
            except InputError as error:
                refused = error
            if self._is_unchanged(live, listed):
                if refused:
                    raise refused
                return following
        raise self._unstable()

    def _is_unchanged(self, live: os.stat_result | None, listed: list[NamedFile]) -> bool:
        """Whether each file still has the name that it had."""
        now = stat_of(self.path)
        return (live and identity_of(live)) == (now and identity_of(now)) and _names(listed) == _names(self._listed())

    def _next(
        self,
        live: os.stat_result | None,
        listed: list[NamedFile],
        status: os.stat_result | None,
        read: Edges | None,
    ) -> NamedFile | None:
        known = {identity_of(file.status) for file in listed} | ({identity_of(live)} if live else set())
        left = [*self._left, Left(read.whole(), identity_of(status))] if status and read else self._left
        since = _key(status) if status else (self._written_ns, 0)
        others = self._without(listed, live, status)
        if not self.pattern:
            for file in sorted(others, key=lambda file: _key(file.status)):
                is_later = _key(file.status) >= since and self._beginning_of(file).fits
                if is_later and not self._is_left(file, left, known):
                    raise self._missed(file.path)
            return NamedFile(self.path, live) if live else None
        begun = self._begun_in(read) if read else self._begun_ns
        later = [
            file
            for file in others
            if (_key(file.status) >= since or self._begins_after(file, begun))
            and not self._has_no_rows(file)
            and not self._is_left(file, left, known)
        ]
        plain = {file.path: file.status for file in listed}
        later = [file for file in later if not _is_compressed_form(file, plain)]
        if status and not status.st_nlink:
            later = _without_compressed(later, status)
        later = self._in_order(later, begun, since)
        named = NamedFile(self.path, live) if live else None
        if not later:
            return named
        if named and self._begin_alike(later[0], named):
            if identity_of(named.status) != self._file:
                raise _alike(later[0], named)
            return named  # of which no row has been read, and the other is a copy
        return later[0]

    def _in_order(self, later: list[NamedFile], begun: int | None, since: tuple[int, int]) -> list[NamedFile]:
        """Sort the files that come next; InputError if their order is not certain, or the first cannot be read."""
        beginnings = {file.path: self._beginning_of(file) for file in later}
        if any(one.has_rows and one.time_ns is None for one in beginnings.values()):
            later = sorted(later, key=lambda file: _key(file.status))
            self._check(later)
            return later
        # A file without a row, which may have a part of one, may come anywhere.
        times = {path: -inf if one.time_ns is None else one.time_ns for path, one in beginnings.items()}
        early = [file for file in later if begun is not None and -inf < times[file.path] <= begun]
        for file in early:
            if file.status.st_mtime_ns > since[0]:
                raise self._begins_early(file)
        later = [file for file in later if file not in early]
        later.sort(key=lambda file: (times[file.path], _key(file.status)))
        if len(later) > 1 and self._begin_alike(*later[:2]):
            raise _alike(*later[:2])
        return later

    def copy_of(self, read: Fingerprint, status: os.stat_result) -> NamedFile | None:
        """Return the copy of a truncated file that begins with what was read of it, if the pattern matches one."""
        if not self.pattern:
            return None
        copies = [file for file in self._others(None, status) if begins_with(file, read)]
        return max(copies, key=lambda file: _key(file.status), default=None)

    def earlier(self, status: os.stat_result) -> NamedFile | None:
        """Return a file whose rows come before those of the one with this status, of which no row has been counted.

        That is the copy of what the file was before it was truncated: nothing else tells then that it was. Without a
        pattern it cannot be told from other files.
        """
        first = self.after(None, None) if self.pattern else None
        is_other = first and first.path != self.path and identity_of(first.status) != identity_of(status)
        return first if is_other else None

    def unreadable(self) -> str | None:
        """Say which file may hold what a checkpoint has read, but cannot be read."""
        for file in sorted(self._others(None, None), key=lambda file: _key(file.status), reverse=True):
            if why := _why_unreadable(file):
                return f"{file.path!r} is {why}"
        return None

    def suggestion(self, name: str | None = None) -> str:
        """Return a pattern to try, for a message."""
        folder, base = os.path.split(self.path)
        begins = f"{base}." if name is None or os.path.basename(name).startswith(f"{base}.") else _stem(base)
        return typed_path(os.path.join(folder, f"{begins}*"))

    def _find(self, part: Fingerprint) -> tuple[NamedFile, Edges] | None:
        """Find the file that begins with `part`: the one with the inode, or the one with the name, or another."""
        live = stat_of(self.path)
        files = [NamedFile(self.path, live)] if live else []
        if live and self._file in {None, identity_of(live)} and (edges := _edges_of(files[0], part)):
            return files[0], edges
        files += self._others(live, None)
        matches = [(file, edges) for file in files if (edges := _edges_of(file, part))]
        matches.sort(key=lambda pair: (identity_of(pair[0].status) != self._file, pair[0].path != self.path))
        return matches[0] if matches else None

    def _others(self, live: os.stat_result | None, status: os.stat_result | None) -> list[NamedFile]:
        """List the other files that may have had the name, each once."""
        return self._without(self._listed(), live, status)

    def _without(
        self, listed: list[NamedFile], live: os.stat_result | None, status: os.stat_result | None
    ) -> list[NamedFile]:
        known = [identity_of(one) for one in (live, status) if one]
        others = []
        for file in listed:
            if identity_of(file.status) not in known and os.path.realpath(file.path) not in self._outputs:
                known.append(identity_of(file.status))
                others.append(file)
        return others

    def _listed(self) -> list[NamedFile]:
        """List the files until two lists are equal: one that is renamed meanwhile may be in neither place."""
        before = self._list_once()
        for _ in range(_MOST_LISTS):
            now = self._list_once()
            if _names(now) == _names(before):
                return now
            before = now
        raise self._unstable()

    def _list_once(self) -> list[NamedFile]:
        return [NamedFile(path, status) for path in sorted(self._paths()) if (status := stat_of(path))]

    def _unstable(self) -> InputError:
        return unreadable(self.path, "the files beside it are renamed all the time")

    def _paths(self) -> list[str]:
        if self.pattern:
            from glob import glob

            return glob(self.pattern)
        folder, base = os.path.split(self.path)
        stem = _stem(base)
        try:
            names = os.listdir(folder or ".")
        except OSError as error:
            raise InputError(f"cannot read {folder or '.'!r}: {reason(error)}") from error
        return [os.path.join(folder, name) for name in names if name.startswith(stem) and name != base]

    def _is_left(self, file: NamedFile, left: list[Left], known: set[tuple[int, int]]) -> bool:
        """Whether a file has been read: it is one of those left, or a copy of one."""
        for one in left:
            is_same = one.file == identity_of(file.status)
            is_copy = not is_same and file.status.st_size == one.read.offset
            if not (is_same or is_copy) or not begins_with(file, one.read):
                continue
            if is_same and file.status.st_size > one.read.offset:
                grown = file.status.st_size - one.read.offset
                raise InputError(
                    f"{file.path!r} has grown by {grown} bytes since it was rotated and left for the next file; "
                    "let its writer finish, and start over with all files, in order"
                )
            # Without timestamps, equal rows may be the rows of another hour.
            if is_copy and one.file in known and not self._has_times():
                if not self.pattern:
                    return False
                raise InputError(
                    f"{file.path!r} holds the same bytes as a rotated file that was read; "
                    "if it is a copy, move it away, or give another --rotated"
                )
            return True
        return False

    def _beginning_of(self, file: NamedFile) -> Beginning:
        """Return what the first bytes of a file tell, as far as they can be read."""
        status, header = file.status, self.header()
        key = (identity_of(status), status.st_mtime_ns, status.st_size, header is None)
        if key not in self._beginnings:
            if len(self._beginnings) == _MOST_BEGINNINGS:
                self._beginnings.clear()
            data = None if _why_unreadable(file) else _beginning_of(file)
            beginning = Beginning(True, None, fits=False) if data is None else beginning_of(data, self._config, header)
            now = stat_of(file.path)
            if not now or identity_of(now) != identity_of(status):  # renamed: the bytes may be another file's
                return beginning
            self._beginnings[key] = beginning
        return self._beginnings[key]

    def _begins_after(self, file: NamedFile, begun: int | None) -> bool:
        time_ns = self._beginning_of(file).time_ns
        return begun is not None and time_ns is not None and time_ns > begun

    def _begin_alike(self, one: NamedFile, other: NamedFile) -> bool:
        time_ns = self._beginning_of(one).time_ns
        return time_ns is not None and time_ns == self._beginning_of(other).time_ns

    def _begun_in(self, read: Edges) -> int | None:
        return beginning_of(read.head, self._config, self.header()).time_ns if self.pattern else None

    def _has_times(self) -> bool:
        header = self.header()
        return header is not None and find_time(header) is not None

    def _has_no_rows(self, file: NamedFile) -> bool:
        header = self.header()
        length = len(header.line) if header else 0
        if file.status.st_size > length + len(BOM) + 2 or not stat.S_ISREG(file.status.st_mode):
            return False
        data = _beginning_of(file)
        return data is not None and data.removeprefix(BOM).rstrip(b"\r\n") in {b"", header.line if header else b""}

    def _missed(self, name: str) -> InputError:
        return InputError(
            f"{shown_path(self.path)} was rotated, and {name!r} has rows that were not read; "
            f"name the old files with --rotated {self.suggestion(name)}"
        )

    def _check(self, later: list[NamedFile]) -> None:
        """Raise InputError if the first file cannot be read, or may not be the first by its last write."""
        first = later[0]
        why = _why_unreadable(first)
        if why:
            raise InputError(f"cannot read {first.path!r}, a rotated file of {shown_path(self.path)}: it is {why}")
        if len(later) > 1 and _key(later[1].status) == _key(first.status):
            raise InputError(
                f"{first.path!r} and {later[1].path!r} were rotated and written at the same time; "
                "`touch` the one that comes last"
            )

    def _begins_early(self, file: NamedFile) -> InputError:
        return InputError(
            f"{file.path!r} was written after what was read of {self.path!r}, and begins no later; "
            "move it away, or give another --rotated"
        )


def _alike(one: NamedFile, other: NamedFile) -> InputError:
    return InputError(
        f"{one.path!r} and {other.path!r} begin with the same timestamp; "
        "move away the one that is a copy, or give another --rotated"
    )


def _latest(beginnings: list[Beginning]) -> int | None:
    """Return the latest of the first timestamps; None if one that has rows has none."""
    times = [beginning.time_ns for beginning in beginnings if beginning.has_rows]
    known = [time_ns for time_ns in times if time_ns is not None]
    return max(known, default=None) if len(known) == len(times) else None


def stat_of(path: str) -> os.stat_result | None:
    """Return the status of a file, or None if it does not exist."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, reason(error)) from error


def _key(status: os.stat_result) -> tuple[int, int]:
    """Return what files are sorted by: their last write, then their last rename, unless that was their removal."""
    return status.st_mtime_ns, status.st_ctime_ns if status.st_nlink else 0


def _names(listed: list[NamedFile]) -> list[tuple[str, tuple[int, int]]]:
    return [(file.path, identity_of(file.status)) for file in listed]


def _stem(base: str) -> str:
    return os.path.splitext(base)[0]


def _beginning_of(file: NamedFile) -> bytes | None:
    try:
        return read_small(file.path, _BEGINNING_BYTES)
    except InputError:
        return None


def _edges_of(file: NamedFile, part: Fingerprint) -> Edges | None:
    try:
        return find_edges(file.path, part)[1]
    except InputError:
        return None


def begins_with(file: NamedFile, part: Fingerprint) -> bool:
    """Whether a file begins with what was read of another."""
    return _edges_of(file, part) is not None


def _fingerprint_of(file: NamedFile) -> Fingerprint:
    """Return the fingerprint of a file as it was seen; that of no bytes if it cannot be read."""
    size = file.status.st_size
    try:
        with opened(file.path) as descriptor:
            return read_edges(partial(system.read_at, descriptor), size).whole()
    except InputError:
        return Edges(size).whole()


def _why_unreadable(file: NamedFile) -> str | None:
    """Say why a file cannot be read as candles; None if it can."""
    if not stat.S_ISREG(file.status.st_mode):
        return "not a file"
    try:
        with open(file.path, "rb") as opened_file:
            kind = foreign_kind(opened_file.read(16))
    except OSError as error:
        return f"not readable ({reason(error)})"
    return f"{kind}, which has to be decompressed first" if kind else None


def _is_compressed_form(file: NamedFile, plain: dict[str, os.stat_result]) -> bool:
    """Whether it is the compressed form of a file that is still there: it is being made, or is kept beside it."""
    of = plain.get(os.path.splitext(file.path)[0])
    return of is not None and file.status.st_mtime_ns >= of.st_mtime_ns and _why_unreadable(file) is not None


def _without_compressed(later: list[NamedFile], status: os.stat_result) -> list[NamedFile]:
    """Leave out the compressed form of a file that was read and then removed: it keeps the time of the last write."""
    same = [file for file in later if file.status.st_mtime_ns == status.st_mtime_ns and _why_unreadable(file)]
    return [file for file in later if file not in same] if len(same) == 1 else later
