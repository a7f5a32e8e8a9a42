"""Fingerprint: which bytes a file begins with, as their number and two hashes, of the first and of the last of them.

A file that has grown, moved or been restored still has the fingerprint, and one that was rewritten does not; inode and
modification time would say the reverse. Hashing all of it would cost what a checkpoint is to save.
"""

from __future__ import annotations

import hashlib
from collections import deque
from typing import NamedTuple

from stream_signal.core.rows.reader import MAX_LINE_BYTES
from stream_signal.inputs.plain import read_edges, size_of

# A page of a disk: some 70 rows, with timestamps that no other file has in the same place.
EDGE_BYTES = 4096
# What may come after the offset that is asked for: an unfinished record, and the line that it goes on in.
_BEYOND_BYTES = 2 * MAX_LINE_BYTES


class Fingerprint(NamedTuple):
    """The first `offset` bytes of a file: their number, and the hashes of the first and the last EDGE_BYTES of them."""

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

    def up_to(self, offset: int) -> Fingerprint:
        """Describe the bytes up to `offset`, which is less than _BEYOND_BYTES before the end, or at the start."""
        last = b"".join(self._last)
        end = len(last) - (self.size - offset)
        return Fingerprint(offset, hashed(self._head[:offset]), hashed(last[max(0, end - EDGE_BYTES) : max(0, end)]))


def find_edges(path: str, wanted: Fingerprint) -> tuple[int, Edges | None]:
    """Return the size of a file, and its edges up to the offset of `wanted`; None where it has another fingerprint."""
    if not wanted.offset:  # there need be no file
        return size_of(path), Edges()
    size, head, tail = read_edges(path, wanted.offset, EDGE_BYTES)
    if size < wanted.offset or (hashed(head), hashed(tail)) != (wanted.head, wanted.tail):
        return size, None
    return size, Edges(wanted.offset, head, tail)


def hashed(data: bytes) -> str:
    """Return the SHA-256 of `data` as text."""
    return hashlib.sha256(data).hexdigest()
