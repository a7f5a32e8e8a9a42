"""Inputs by their names: each is opened here. What is not plain is imported when an input needs it.

name                            opened by
-                               plain
a path                          plain
a path below an archive         zipped
scheme://...                    remote
"""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from itertools import takewhile
from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError
from stream_signal.core.urls import is_url
from stream_signal.hints.paths import listing
from stream_signal.inputs.plain import open_raw, reading, unreadable
from stream_signal.inputs.probe import MAGIC_BYTES, ZIP, find_format, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from stream_signal.inputs.plain import Opened


@contextmanager
def open_input(name: str) -> Iterator[Opened]:
    """Open an input by its name; any OSError within is an InputError with that name."""
    with reading(name), _open(name) as source:
        yield source


def _open(name: str) -> AbstractContextManager[Opened]:
    if is_url(name):
        from stream_signal.inputs.remote import RemoteFile

        return closing(RemoteFile(name))
    try:
        return closing(open_raw(name))
    except (FileNotFoundError, NotADirectoryError):
        archive = probe(name).archive
        if archive is None:
            raise
    from stream_signal.inputs.zipped import open_member

    return open_member(archive, name.removeprefix(archive)[1:])


def expanded(names: tuple[str, ...], left_out: list[str] | None = None) -> tuple[str, ...]:
    """Return the names with the members of each zip file in its place; those that are no tables come into `left_out`.

    Each file is opened for a moment. One that cannot be read is left for its turn. InputError if one is a folder, or a
    zip file that cannot be read.
    """
    names_of_all: list[str] = []
    left_out = [] if left_out is None else left_out
    for name in names:
        one = probe(name)
        if one.kind == "folder":
            raise unreadable(name, "Is a directory", listing(name))
        if one.format == ZIP:
            from stream_signal.inputs.zipped import tables_in

            names_of_all += [f"{name}/{member}" for member in tables_in(name, left_out)]
        else:
            names_of_all.append(name)
    return tuple(names_of_all)


def is_pattern(name: str) -> bool:
    """Whether a name is no file's, and could be a pattern of a shell."""
    return any(mark in name for mark in "*?[") and probe(name).kind == "nothing"


def bytes_in(names: tuple[str, ...]) -> list[int] | None:
    """Return how many bytes of CSV each input has; None if one does not tell, as a pipe or a compressed file.

    Each is opened for a moment. One that cannot be read is left for its turn.
    """
    sizes = list(takewhile(bool, map(_bytes_in, names)))
    return sizes if len(sizes) == len(names) else None


def _bytes_in(name: str) -> int:
    probed = probe(name)
    if not probed.archive:
        return 0 if probed.format else probed.size
    with suppress(InputError), open_input(name) as member:
        return 0 if find_format(member.read(MAGIC_BYTES)) else member.size
    return 0
