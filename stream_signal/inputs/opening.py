"""Inputs by their names: each is opened here, and whatever its format, its bytes come out as those of CSV.

    name                            opened by
    -                               plain
    a path                          plain
    a path below an archive         zipped      `k.zip/a.csv`: no real path goes on below a file
    scheme://...                    remote

    first bytes                     turned into CSV by
    gzip, bzip2, xz, Zstandard      compressed
    Parquet, Arrow                  arrow
    zip                             zipped      into its members, each an input of its own
    anything else                   read as it is

Only the first bytes say what a format is, never a name. What is not plain is imported when an input needs it.
"""

from __future__ import annotations

import os
import stat
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from stream_signal import system
from stream_signal.core.errors import InputError, reason
from stream_signal.core.urls import is_url, shown_path
from stream_signal.inputs.magic import COLUMNAR, MAGIC_BYTES, ZIP, find_format
from stream_signal.inputs.missing import hint_for
from stream_signal.inputs.plain import STDIN, can_be_read_again, open_raw, opened, size_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stream_signal.core.config import Config
    from stream_signal.inputs.opened import Opened, Patience


def as_csv(source: Opened, name: str, start: bytes, patience: Patience, config: Config) -> Iterator[bytes]:
    """Yield the bytes of CSV in a source whose format has that name; `start` was read of it already.

    IDLE is yielded if nothing arrives for the seconds that `patience` returns. InputError if it is damaged.
    """
    if name in COLUMNAR:
        from stream_signal.inputs.arrow import read_columns

        return read_columns(source, name, start, config)
    from stream_signal.inputs.compressed import decompress

    return decompress(source, name, start, patience)


@contextmanager
def open_input(name: str) -> Iterator[Opened]:
    """Open an input by its name; any OSError within is an InputError with that name."""
    try:
        with closing(_open(name)) as source:
            yield source
    except (OSError, ValueError) as error:
        hint = None if name == STDIN else hint_for(name, error)
        raise InputError(f"cannot read {shown_path(name)}: {reason(error)}").with_hint(hint) from error


def _open(name: str) -> Opened:
    if is_url(name):
        from stream_signal.inputs.remote import open_remote

        return open_remote(name)
    try:
        return open_raw(name)
    except (FileNotFoundError, NotADirectoryError):
        archive = find_archive(name)
        if archive is None or format_of(archive) != ZIP:
            raise
    from stream_signal.inputs.zipped import open_member

    return open_member(archive, name.removeprefix(archive)[1:])


def find_archive(name: str) -> str | None:
    """Return the file that a path goes on below; None if there is none. `-/a.csv` is a member of a file on stdin."""
    if name.startswith(f"{STDIN}/") and size_of(STDIN):
        return STDIN
    folder, base = os.path.split(name)
    while base and folder and not os.path.exists(folder):
        folder, base = os.path.split(folder)
    return folder if base and os.path.isfile(folder) else None


def format_of(name: str) -> str | None:
    """Return the name of the format of a file; None if it is plain, or not there, or no file."""
    try:
        status = os.fstat(0) if name == STDIN else os.stat(name)
        if not stat.S_ISREG(status.st_mode) or (name == STDIN and os.lseek(0, 0, os.SEEK_CUR)):
            return None
        with opened(name) as descriptor:
            return find_format(system.read_at(descriptor, MAGIC_BYTES, 0))
    except (OSError, ValueError, InputError):
        return None  # its turn will tell


def expanded(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names with the members of each zip file in its place.

    Each file is opened for a moment. One that cannot be read is left for its turn. InputError if one is a folder, or a
    zip file that cannot be read.
    """
    found: list[str] = []
    for name in names:
        if format_of(name) == ZIP:
            from stream_signal.inputs.zipped import member_names

            found += [f"{name}/{member}" for member in member_names(name)]
        elif name != STDIN and os.path.isdir(name):
            from stream_signal.inputs.folder import listing

            raise InputError(f"cannot read {shown_path(name)}: Is a directory").with_hint(listing(name))
        else:
            found.append(name)
    return tuple(found)


def bytes_in(names: tuple[str, ...]) -> list[int] | None:
    """Return how many bytes of CSV each input has; None if one does not tell, as a pipe or a compressed file.

    Each is opened for a moment. One that cannot be read is left for its turn.
    """
    sizes = []
    for name in names:
        if is_url(name):
            return None
        size = size_of(name)
        if not size:  # or not there, or no file
            size = _size_of_member(name)
        elif format_of(name) or not can_be_read_again(name):
            size = 0
        if not size:
            return None
        sizes.append(size)
    return sizes


def _size_of_member(name: str) -> int:
    """Return how many bytes of CSV a member of an archive has; 0 if it is none, or is compressed by itself too."""
    try:
        if name == STDIN or os.path.lexists(name) or not find_archive(name):
            return 0
        with open_input(name) as member:
            return 0 if find_format(member.read(MAGIC_BYTES)) else member.size
    except InputError:
        return 0


def refuse_unread_from_end(names: tuple[str, ...]) -> None:
    """Raise InputError if one of the inputs cannot be read from its end, line by line."""
    cannot = "cannot read {} from its end (newest first)"
    refuse_urls(names, cannot)
    refuse_packed(names, cannot, "sort it by time first", COLUMNAR)
    refuse_packed(names, cannot, "decompress it to a file first")


def refuse_packed(names: tuple[str, ...], cannot: str, advice: str, formats: Collection[str] | None = None) -> None:
    """Raise InputError if one of the files is not plain: `cannot`, with its name put in, `advice` what to do.

    Only those of some `formats`, if any are given.
    """
    for name in names:
        found = format_of(name)
        if found and (formats is None or found in formats):
            raise InputError(f"{cannot.format(shown_path(name))}: it is a {found} file").with_hint(advice)


def refuse_columnar(names: tuple[str, ...]) -> None:
    """Raise InputError if a checkpoint cannot continue in one of the files."""
    for name in names:
        found = format_of(name)
        if found in COLUMNAR:
            raise no_checkpoint(name, found)


def no_checkpoint(name: str, found: str) -> InputError:
    """Return the error of a checkpoint in an input of a format in which no job can continue."""
    cannot = f"cannot read {shown_path(name)} with a checkpoint: no job can continue in the middle of {found}"
    return InputError(cannot).with_hint("leave out --checkpoint, or convert the file to CSV first")


def refuse_urls(names: tuple[str, ...], cannot: str) -> None:
    """Raise InputError if one of the inputs is a URL: `cannot`, with its name put in."""
    for name in names:
        if is_url(name):
            raise InputError(f"{cannot.format(shown_path(name))}: it is a URL").with_hint("download the file first")
