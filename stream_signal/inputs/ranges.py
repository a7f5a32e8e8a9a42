r"""Ranges: a file cut into byte ranges that share out its lines, though nobody has looked where lines end.

    planned  |      0      |      1     |     2       |
    bytes    .....\n.......|..\n.....\n.|...\n.......\n
    lines    [     ][         ][     ][     ][        ]
             [      0         ][     1      ][   2    ]     a line belongs to the range in which it begins

So ranges that adjoin have lines that adjoin, and each line is in one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal import system
from stream_signal.core.errors import InputError
from stream_signal.core.rows.reader import MAX_LINE_BYTES
from stream_signal.inputs.plain import CHUNK_BYTES, opened, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_BYTES = 4096  # lines are shorter


class Range(NamedTuple):
    """Bytes of a file, from `begin` up to `end`."""

    name: str
    begin: int
    end: int


def plan(name: str, begin: int, end: int, size: int) -> Iterator[Range]:
    """Cut the bytes of a file into ranges of `size` bytes.

    >>> [(part.begin, part.end) for part in plan("a.csv", 10, 35, 10)]
    [(10, 20), (20, 30), (30, 35)]
    """
    for at in range(begin, end, size):
        yield Range(name, at, min(at + size, end))


def lines_of(planned: Range) -> Range:
    """Return the range of the lines that begin in a planned one; InputError if the file cannot be read.

    An unfinished last line is left out, and so is what has no newline for longer than a line may be.
    """
    with opened(planned.name) as descriptor:
        begin = _next_line(descriptor, planned.begin)
        end = _next_line(descriptor, planned.end)
    return planned._replace(begin=begin, end=max(begin, end))


def read_range(part: Range, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
    """Yield the bytes of a range; InputError if the file cannot be read or has become shorter."""
    with opened(part.name) as descriptor:
        for at in range(part.begin, part.end, chunk_bytes):
            wanted = min(chunk_bytes, part.end - at)
            data = system.read_at(descriptor, wanted, at)
            if len(data) < wanted:
                raise InputError(f"cannot read {shown_path(part.name)}: it was truncated while it was read")
            yield data


def _next_line(descriptor: int, place: int) -> int:
    """Return where the first line begins that begins at `place` or later; if there is none, where the last one ends."""
    if place == 0:
        return 0
    for at in range(place - 1, place + MAX_LINE_BYTES, _LOOK_BYTES):
        data = system.read_at(descriptor, _LOOK_BYTES, at)
        if (newline := data.find(b"\n")) >= 0:
            return at + newline + 1
        if not data:
            break
    begin = max(0, place - MAX_LINE_BYTES)
    return begin + system.read_at(descriptor, place - begin, begin).rfind(b"\n") + 1
