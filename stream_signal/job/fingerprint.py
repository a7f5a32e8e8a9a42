"""Which bytes a file begins with, told by how many they are and by two hashes: of the first and of the last of them.

So a file that has grown, moved or been restored is known again, and one that was rewritten is not; inode and time of
change would say the reverse. To hash all of it would cost what is to be saved.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import NamedTuple

from stream_signal.core.rows.reader import MAX_LINE_BYTES
from stream_signal.inputs.plain import read_edges, size_of

# A page of a disk: some 70 rows, with timestamps that no other file has in the same place.
EDGE_BYTES = 4096
# What may come after the offset that is asked for: a record that is not at its end, and the line that it goes on in.
_BEYOND_BYTES = 2 * MAX_LINE_BYTES


class Part(NamedTuple):
    """The first `offset` bytes of a file: how many, and the hashes of the first and the last EDGE_BYTES of them."""

    offset: int
    head: str
    tail: str


class Edges:
    """Remembers the edges of a file as it is read or written, from its first byte on or from `size` bytes on."""

    def __init__(self, size: int = 0, head: bytes = b"", tail: bytes = b"") -> None:
        self.size = size
        self._head = head
        self._last = deque([tail])
        self._kept = len(tail)

    def add(self, data: bytes) -> None:
        """Take the bytes that come next."""
        self.size += len(data)
        if len(self._head) < EDGE_BYTES:
            self._head += data[: EDGE_BYTES - len(self._head)]
        self._last.append(data)
        self._kept += len(data)
        while self._kept - len(self._last[0]) >= EDGE_BYTES + _BEYOND_BYTES:
            self._kept -= len(self._last.popleft())

    def up_to(self, offset: int) -> Part:
        """Describe the bytes up to `offset`, which stands less than _BEYOND_BYTES before the end, or at the start."""
        last = b"".join(self._last)
        end = len(last) - (self.size - offset)
        return Part(offset, hashed(self._head[:offset]), hashed(last[max(0, end - EDGE_BYTES) : max(0, end)]))


def find_edges(path: str, part: Part) -> tuple[int, Edges | None]:
    """Return the size of a file, and its edges up to the offset of `part`; None where they are not those of `part`."""
    if not part.offset:  # there need be no file
        return size_of(path), Edges()
    size, head, tail = read_edges(path, part.offset, EDGE_BYTES)
    if size < part.offset or (hashed(head), hashed(tail)) != (part.head, part.tail):
        return size, None
    return size, Edges(part.offset, head, tail)


def hashed(data: bytes) -> str:
    """Return the SHA-256 of `data` as text."""
    return hashlib.sha256(data).hexdigest()
