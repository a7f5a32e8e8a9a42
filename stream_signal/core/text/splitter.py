"""Bytes cut anywhere -> whole lines.

The unfinished line is kept in pieces and joined once, so that a line that arrives byte by byte costs only its length.
"""

from __future__ import annotations


class LineSplitter:
    r"""Splits bytes into lines, without their newlines; `held` counts the bytes of the unfinished line.

    >>> lines = LineSplitter()
    >>> lines.split(b"one\ntw"), lines.split(b"o\n"), lines.held
    ([b'one'], [b'two'], 0)
    """

    __slots__ = ("_pieces", "held")

    def __init__(self) -> None:
        self.held = 0
        self._pieces: list[bytes] = []

    def split(self, piece: bytes) -> list[bytes]:
        """Take the next bytes; return the lines that they finish. Only the first can be longer than the piece."""
        lines = piece.split(b"\n")
        rest = lines.pop()
        if not lines:
            self._pieces.append(rest)
            self.held += len(rest)
            return lines
        if self.held:
            lines[0] = b"".join([*self._pieces, lines[0]])
        self._pieces = [rest]
        self.held = len(rest)
        return lines

    def rest(self) -> bytes:
        """Return the unfinished line, and forget it."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return rest
