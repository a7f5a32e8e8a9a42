"""Digests: the SHA-256 and the size of each input, of its bytes as they are stored.

They are those of `sha256sum`, and of the checksums that exchanges publish beside their archives: a compressed file is
not decompressed for them. A file is read once more when the job is done, since a job may read it from its end, or in
ranges; a file that has changed meanwhile is an error. A pipe cannot be read again, so its bytes are hashed as the job
reads them.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from stream_signal.core.urls import without_secrets
from stream_signal.inputs.opening import open_input
from stream_signal.inputs.plain import CHUNK_BYTES, Opened, unreadable
from stream_signal.inputs.probe import probe


class Digest(NamedTuple):
    """What identifies the content of an input."""

    name: str
    """as the job was given it, without the credentials of a URL"""
    bytes: int
    """its size as it is stored"""
    sha256: str
    """of these bytes"""


class Digests:
    """Finds the digest of each of the inputs `names`; make it before the job reads them."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._hashing: dict[str, Hashing] = {}
        self._before = {one.name: one.version for one in map(probe, names) if one.can_be_read_again}

    def tap(self, source: Opened) -> Opened:
        """Return an open input whose bytes are hashed as they are read, if it is one that cannot be read again."""
        if source.name not in self._names or source.name in self._before:
            return source
        self._hashing[source.name] = hashing = Hashing(source)
        return hashing

    def find(self) -> list[Digest]:
        """Return the digests once the job has read the inputs; InputError if one of the files has changed."""
        digests = {name: self.find_one(name) for name in dict.fromkeys(self._names)}
        return [digests[name] for name in self._names]

    def has_ended(self, name: str) -> bool:
        """Whether all of an input is known: a pipe has to have been read to its end for that."""
        return name in self._before or (name in self._hashing and self._hashing[name].has_ended)

    def find_one(self, name: str) -> Digest:
        """Return the digest of one of the inputs, as `find` does; InputError, too, if the job did not read it.

        That of `klines.zip/jan.csv` is one of the member, not of the archive.
        """
        if name in self._hashing:
            return self._hashing[name].digest()
        if name not in self._before:
            raise unreadable(name, "its turn did not come")
        sha256, size = hashlib.sha256(), 0
        with open_input(name) as source:
            if source.file:
                source.file.seek(0)  # the job may have read it, if it is stdin
            while data := source.read(CHUNK_BYTES):
                sha256.update(data)
                size += len(data)
        if probe(name).version != self._before[name]:
            hint = "a manifest is of complete files: run the job again"
            raise unreadable(name, "it was changed while it was read", hint)
        return Digest(without_secrets(name), size, sha256.hexdigest())


class Hashing(Opened):
    """An open pipe that hashes what is read of it."""

    def __init__(self, source: Opened) -> None:
        self._source = source
        self._sha256 = hashlib.sha256()
        self._bytes = 0
        self.has_ended = False
        self.name, self.size, self.is_slow = source.name, source.size, source.is_slow

    def ready(self, seconds: float) -> bool:
        """Wait until there is something to read, `seconds` at the longest; return whether there is."""
        return self._source.ready(seconds)

    def check(self, read: int) -> None:
        """Raise InputError if fewer than the `read` bytes are there by now."""
        self._source.check(read)

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, as soon as some arrive; none at the end."""
        data = self._source.read(size)
        self._sha256.update(data)
        self._bytes += len(data)
        self.has_ended = not data
        return data

    def digest(self) -> Digest:
        """Return the digest of what was read so far."""
        return Digest(without_secrets(self.name), self._bytes, self._sha256.hexdigest())
