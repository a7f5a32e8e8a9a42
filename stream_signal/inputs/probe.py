"""What an input is, asked once: of which kind and which format, how large, and which file it is.

    kind        what the name stands for
    file        a regular file, also one on stdin from its start on: `< data.csv`
    stdin       what else is on stdin: a pipe, or a file of which another process has read a part
    pipe        a named pipe or a device, which is not opened to look at it: its writer would be waited for
    folder
    member      of a zip file: `k.zip/a.csv`, since no real path goes on below a file
    URL
    nothing     what is not there, or may not be looked at: when its turn comes, it is told

Only the first bytes say what a format is, never a name.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from stream_signal import system
from stream_signal.core.errors import InputError
from stream_signal.core.urls import is_url, shown_path
from stream_signal.inputs.plain import STDIN, identity_of, open_raw, version_of
from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    Kind = Literal["file", "stdin", "pipe", "folder", "member", "URL", "nothing"]
    Wish = Literal["follow", "newest first", "checkpoint"]

GZIP, BZIP2, XZ, ZSTD, ZIP = "gzip", "bzip2", "xz", "Zstandard", "zip"
PARQUET, ARROW, ARROW_STREAM = "Parquet", "Arrow", "Arrow stream"
COLUMNAR = frozenset({PARQUET, ARROW, ARROW_STREAM})
_MAGIC = {
    b"\x1f\x8b": GZIP,
    b"BZh": BZIP2,
    b"\xfd7zXZ\x00": XZ,
    b"\x28\xb5\x2f\xfd": ZSTD,
    **{bytes([first]) + b"*M\x18": ZSTD for first in range(0x50, 0x60)},  # a frame to skip, as pzstd begins with
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,  # without a member
    b"PAR1": PARQUET,
    b"ARROW1": ARROW,
    b"\xff\xff\xff\xff": ARROW_STREAM,
}
_BEGINNINGS = tuple(_MAGIC)
MAGIC_BYTES = max(map(len, _BEGINNINGS))
_PRINTING = {
    GZIP: ("gzip", "-dc"),
    BZIP2: ("bzip2", "-dc"),
    XZ: ("xz", "-dc"),
    ZSTD: ("zstd", "-dc"),
    ZIP: ("unzip", "-p"),
}


def find_format(start: bytes) -> str | None:
    """Return the name of the format that begins so; None if it is to be read as it is.

    >>> find_format(b"BZh91AY"), find_format(b"timestamp,close")
    ('bzip2', None)
    """
    if not start.startswith(_BEGINNINGS):
        return None
    return next(name for magic, name in _MAGIC.items() if start.startswith(magic))


def may_begin(start: bytes) -> bool:
    """Whether the next bytes have to tell the format: all of these could be the beginning of one.

    >>> may_begin(b""), may_begin(b"B"), may_begin(b"Bid")
    (True, True, False)
    """
    return len(start) < MAGIC_BYTES and any(magic.startswith(start) and magic != start for magic in _BEGINNINGS)


class Input(NamedTuple):
    """What stands behind the name of an input."""

    name: str
    kind: Kind
    status: os.stat_result | None = None
    """of the file, of a member that of its archive; None if there is none"""
    archive: str | None = None
    """the file that it is a member of"""

    @property
    def size(self) -> int:
        """Of a file, in bytes; 0 if it is unknown."""
        return self.status.st_size if self.status and self.kind == "file" else 0

    @property
    def can_be_read_again(self) -> bool:
        """Whether it is as good as a file, which need not exist yet, rather than a pipe."""
        return self.kind not in {"stdin", "pipe", "folder"}

    @property
    def format(self) -> str | None:
        """Of a file, which is opened for a moment; None if it is plain, or cannot be read: its turn will tell."""
        if self.kind != "file":
            return None
        try:
            with closing(open_raw(self.name)) as raw:
                return find_format(system.read_at(raw.descriptor, MAGIC_BYTES, 0))
        except (OSError, InputError):
            return None

    @property
    def identity(self) -> object:
        """What it shares with no other input, whatever its names are; a member is the same as its archive."""
        if self.status:
            return identity_of(self.status)
        try:
            return os.path.realpath(self.name)
        except (OSError, ValueError):  # the working directory is gone
            return self.name

    @property
    def version(self) -> tuple[int, ...] | None:
        """What changes when it is written or replaced; None if that cannot be seen."""
        return version_of(self.status) if self.status else None


def probe(name: str) -> Input:
    """Return what an input is, without opening it."""
    if is_url(name):
        return Input(name, "URL")
    try:
        status = os.fstat(0) if name == STDIN else os.stat(name)
        is_begun = name == STDIN and stat.S_ISREG(status.st_mode) and os.lseek(0, 0, os.SEEK_CUR) > 0
    except (FileNotFoundError, NotADirectoryError):
        folder, base = os.path.split(name)
        above = probe(folder) if folder and base else None
        if above and (above.archive or above.format == ZIP):
            return Input(name, "member", above.status, above.archive or folder)
        return Input(name, "nothing")
    except (OSError, ValueError):
        return Input(name, "nothing")
    if stat.S_ISREG(status.st_mode) and not is_begun:
        return Input(name, "file", status)
    return Input(name, "stdin" if name == STDIN else "folder" if stat.S_ISDIR(status.st_mode) else "pipe", status)


OLDEST_FIRST = (
    "if the rows come oldest first, leave out --newest-first; if a format or the config sets it, give --no-newest-first"
)
_FOLLOW, _FROM_END = "cannot follow {}: ", "cannot read {} from its end (newest first): "
_NO_FILE = _FROM_END + "it is not a file; save it to a file first"
_PART = _FROM_END + "it is not a file, or another process has read a part of it; save it to a file first"
_CONTINUE = "cannot read {} with a checkpoint: no job can continue in the middle of {}"
_ZIPPED = "cannot read {}: a zip file %s cannot be continued from a checkpoint"
_PACKED = frozenset(_MAGIC.values())
# What is wished; of which inputs it cannot be had, by their kind or their format; why; what to do. The first that fits.
_REFUSALS: tuple[tuple[Wish, Kind | None, frozenset[str] | None, str, str], ...] = (
    ("follow", "URL", None, _FOLLOW + "it is a URL", "download the file first"),
    ("follow", "member", None, _FOLLOW + "it is in a zip file", "leave out --follow: it does not grow row by row"),
    ("follow", None, _PACKED, _FOLLOW + "it is a {} file", "leave out --follow: it does not grow row by row"),
    ("newest first", "URL", None, _FROM_END + "it is a URL", "download the file first"),
    ("newest first", "member", None, _FROM_END + "it is in a zip file", "unzip it to a file first"),
    ("newest first", None, COLUMNAR, _FROM_END + "it is a {} file", "sort it by time first"),
    ("newest first", None, _PACKED, _FROM_END + "it is a {} file", "decompress it to a file first"),
    ("newest first", "stdin", None, _PART, OLDEST_FIRST),
    ("newest first", "pipe", None, _NO_FILE, OLDEST_FIRST),
    ("newest first", "folder", None, _NO_FILE, OLDEST_FIRST),
    ("checkpoint", None, COLUMNAR, _CONTINUE, "leave out --checkpoint, or convert the file to CSV first"),
    ("checkpoint", "URL", frozenset({ZIP}), _ZIPPED % "behind a URL", "save it to a file first"),
    ("checkpoint", None, frozenset({ZIP}), _ZIPPED % "in a pipe", "save it to a file first"),
)


def refuse(wish: Wish, name: str, form: str | None = None) -> None:
    """Raise InputError if an input cannot be read as is wished; `form` is its format, if that is known by now."""
    probed = probe(name)
    form = form or probed.format
    for refused, kind, formats, why, advice in _REFUSALS:
        if refused == wish and kind in {None, probed.kind} and (formats is None or form in formats):
            raise InputError(why.format(shown_path(name), form)).with_hint(advice)


def printing(name: str) -> tuple[str, ...]:
    """Return the command that prints what is in a compressed file, or in a member of a zip file; none for others."""
    from stream_signal.hints.shell import as_path

    probed = probe(name)
    if probed.archive:
        return *_PRINTING[ZIP], as_path(probed.archive), name.removeprefix(probed.archive)[1:]
    form = probed.format
    return (*_PRINTING[form], as_path(name)) if form in _PRINTING and name != STDIN else ()
