"""Spool: what can be read only once is written to a file, up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import InputError, reason
from stream_signal.core.urls import shown_path

if TYPE_CHECKING:
    from typing import BinaryIO


class Spool:
    """Writes the bytes of the input `name` to `file`, `most` of them at most.

    `too_much` and `where` complete the messages: what has more bytes than that, and where the file is.
    """

    def __init__(self, name: str, file: BinaryIO, most: int, too_much: str, where: str) -> None:
        self._cannot = f"cannot read {shown_path(name)}"
        self._file = file
        self._most = most
        self._too_much = too_much
        self._where = where
        self._size = 0

    def write(self, data: bytes) -> None:
        """Write the next bytes; InputError if they are too many, or the disk is full."""
        self._size += len(data)
        if self._size > self._most:
            raise InputError(f"{self._cannot}: {self._too_much}").with_hint(
                "save it to a file first, and give its path"
            )
        try:
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise InputError(f"{self._cannot}: cannot write to {self._where}: {reason(error)}") from error
