"""Fingerprint: which bytes a file begins with: their number, and hashes of the first and the last of them.

A file that has grown, moved or been restored keeps its fingerprint, and a rewritten one does not; inode and
modification time would say the reverse. To hash all of it would take the time that a checkpoint saves.
"""

from __future__ import annotations

import hashlib
from collections import deque
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import InputError
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.inputs.events import EDGE_BYTES
from stream_signal.inputs.files import read_chunks
from stream_signal.inputs.opening import open_input
from stream_signal.inputs.probe import MAGIC_BYTES, find_format, probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.inputs.plain import Opened

# What may follow the offset in question: an unfinished record, and the line that continues it.
_BEYOND_BYTES = 2 * MAX_LINE_BYTES


class Fingerprint(NamedTuple):
    """The first `offset` bytes of a file: their number, and the hashes of the first and the last EDGE_BYTES of them."""

    offset: int
    head: str
    tail: str


class Edges:
    """Remembers the edges of a file as it is read or written, from its start or from `size` bytes on.

    `head` is the first EDGE_BYTES of them, or fewer.
    """

    def __init__(self, size: int = 0, head: bytes = b"", tail: bytes = b"") -> None:
        self.size = size
        self.head = head
        self._last = deque([tail])
        self._kept = len(tail)

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self.size += len(data)
        if len(self.head) < EDGE_BYTES:
            self.head += data[: EDGE_BYTES - len(self.head)]
        self._last.append(data)
        self._kept += len(data)
        while self._kept - len(self._last[0]) >= EDGE_BYTES + _BEYOND_BYTES:
            self._kept -= len(self._last.popleft())

    def skip(self, size: int, tail: bytes) -> None:
        """Pass over the next `size` bytes, of which `tail` are the last; all rows before their end are counted."""
        self.size += size - len(tail)
        if len(tail) >= EDGE_BYTES:  # otherwise it is all of them, and the edge begins before
            self._last.clear()
            self._kept = 0
        self.add(tail)

    def whole(self) -> Fingerprint:
        """Return the fingerprint of all of it."""
        return self.up_to(self.size)

    def up_to(self, offset: int) -> Fingerprint:
        """Return the fingerprint up to `offset`, which is less than _BEYOND_BYTES before the end, or at the start."""
        last = b"".join(self._last)
        end = len(last) - (self.size - offset)
        return Fingerprint(offset, hashed(self.head[:offset]), hashed(last[max(0, end - EDGE_BYTES) : max(0, end)]))


def find_edges(path: str, wanted: Fingerprint) -> tuple[int, Edges | None]:
    """Return the size of a file, and its edges up to the offset of `wanted`; None if its fingerprint differs."""
    if not wanted.offset:  # the file need not exist
        return probe(path).size, Edges()
    with open_input(path) as source:
        return _edges_in(source, wanted)


def find_content(name: str, wanted: Fingerprint) -> tuple[int, Edges | None]:
    """Return how many bytes of CSV an input has, and its edges up to the offset of `wanted`; None if they differ.

    A compressed input is decompressed no further than that, and a byte more if it has one.
    """
    one = probe(name)
    if one.kind == "URL":
        if not wanted.offset:
            return 0, Edges()
        with open_input(name) as source, suppress(InputError):  # a server that sends no ranges
            if source.file and not find_format(source.read_at(MAGIC_BYTES, 0)):
                return _edges_in(source, wanted)
    elif not (one.format or one.archive):
        return find_edges(name, wanted)
    edges, size = Edges(), 0
    with closing(read_chunks(name)) as chunks:
        for chunk in chunks:
            edges.add(chunk[: max(0, wanted.offset - size)])
            size += len(chunk)
            if size > wanted.offset:
                break
    return size, edges if edges.size == wanted.offset and edges.up_to(wanted.offset) == wanted else None


def _edges_in(source: Opened, wanted: Fingerprint) -> tuple[int, Edges | None]:
    """Return the size of an open file, and its edges up to the offset of `wanted`; None if its fingerprint differs."""
    edges = read_edges(source.read_at, wanted.offset)
    return source.size, edges if source.size >= wanted.offset and edges.whole() == wanted else None


def read_edges(read_at: Callable[[int, int], bytes], offset: int) -> Edges:
    """Return the edges of the first `offset` bytes of a file, given what reads so many bytes from a place on."""
    length = min(EDGE_BYTES, offset)
    return Edges(offset, read_at(length, 0), read_at(length, offset - length))


def hashed(data: bytes) -> str:
    """Return the SHA-256 of `data` as text."""
    return hashlib.sha256(data).hexdigest()
