r"""Ranges: a file cut into byte ranges that share out its lines, though nobody has looked where lines end.

    planned  |      0      |      1     |     2       |
    bytes    .....\n.......|..\n.....\n.|...\n.......\n
    lines    [     ][         ][     ][     ][        ]
             [      0         ][     1      ][   2    ]     a line belongs to the range in which it begins

So ranges that adjoin have lines that adjoin, and each line is in one of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import InputError
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.core.urls import shown_path
from stream_signal.inputs.opening import open_input
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, unreadable
from stream_signal.inputs.probe import MAGIC_BYTES, find_format, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _ReadAt = Callable[[int, int], bytes]

_LOOK_BYTES = 4096  # lines are shorter


class Range(NamedTuple):
    """Bytes of a file, from `begin` up to `end`."""

    name: str
    begin: int
    end: int
    identity: object = None
    """of a remote file, which must have the same whenever it is opened; None for others"""


def plan(whole: Range, size: int) -> Iterator[Range]:
    """Cut a range into ranges of `size` bytes.

    >>> [(part.begin, part.end) for part in plan(Range("a.csv", 10, 35), 10)]
    [(10, 20), (20, 30), (30, 35)]
    """
    for at in range(whole.begin, whole.end, size):
        yield whole._replace(begin=at, end=min(at + size, whole.end))


def lines_of(planned: Range) -> Range:
    """Return the range of the lines that begin in a planned one; InputError if the file cannot be read.

    An unfinished last line is left out, and so is what has no newline for longer than a line may be.
    """
    with _opened(planned) as read_at:
        begin = _next_line(read_at, planned.begin)
        end = _next_line(read_at, planned.end)
    return planned._replace(begin=begin, end=max(begin, end))


def read_range(part: Range, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the bytes of a range; InputError if the file cannot be read or has become shorter."""
    with _opened(part) as read_at:
        for at in range(part.begin, part.end, chunk_bytes):
            wanted = min(chunk_bytes, part.end - at)
            data = read_at(wanted, at)
            if len(data) < wanted:
                raise unreadable(part.name, "it was truncated while it was read")
            yield data


def whole_of(name: str, least: int) -> Range | None:
    """Return the range of a whole input, if it can be read in ranges and has at least so many bytes; otherwise None."""
    probed = probe(name)
    if name == STDIN or (probed.kind != "URL" and probed.size < least):
        return None
    try:
        with open_input(name) as source:
            if source.size < least or not source.file or find_format(source.read_at(MAGIC_BYTES, 0)):
                return None
            return Range(name, 0, source.size, source.identity)
    except InputError:
        return None  # its turn will tell


def check_identity(part: Range) -> None:
    """Raise InputError if a remote file is not the same any more."""
    if part.identity is not None:
        with _opened(part):
            pass


@contextmanager
def _opened(part: Range) -> Iterator[_ReadAt]:
    """Open an input; yield what reads so many bytes of it from a place on, fewer only at its end."""
    with open_input(part.name) as source:
        if not source.file:
            raise InputError(f"cannot read ranges of {shown_path(part.name)}")
        if part.identity != source.identity:
            raise unreadable(part.name, "it changed while it was read")
        yield source.read_at


def _next_line(read_at: _ReadAt, place: int) -> int:
    """Return where the first line begins that begins at `place` or later; if there is none, where the last one ends."""
    if place == 0:
        return 0
    for at in range(place - 1, place + MAX_LINE_BYTES, _LOOK_BYTES):
        data = read_at(_LOOK_BYTES, at)
        if (newline := data.find(b"\n")) >= 0:
            return at + newline + 1
        if not data:
            break
    begin = max(0, place - MAX_LINE_BYTES)
    return begin + read_at(place - begin, begin).rfind(b"\n") + 1
