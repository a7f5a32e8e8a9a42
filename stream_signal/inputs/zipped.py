"""zip files: their members, in the order of the archive, each an input of its own.

The `zipfile` of the standard library reads the directory, and finds the bytes of a member in the archive. They are
decompressed here, so that they take no more memory than those of any other input, and no more is lost: a member has to
have the size and the checksum of the directory, and has to take up all of its bytes in the archive.

Stored, deflated, bzip2 and Zstandard members are read. A member that is itself a compressed file is decompressed as any
input is; one that is a zip file is refused.

Nothing is left out in silence: bytes before the first member or after the archive, as in archives that were joined, an
encrypted member, and two of one name are errors. Members that are no tables by their names and first bytes, such as a
README, are left out if there are tables, and whoever asks for the tables is told which.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from contextlib import closing, contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from stream_signal.core.errors import Hint, InputError, shown
from stream_signal.inputs.compressed import DEFLATE, RAW_BYTES, find_codec
from stream_signal.inputs.plain import STDIN, Opened, open_raw, reading, unreadable, version_of
from stream_signal.inputs.probe import BZIP2, MAGIC_BYTES, ZSTD, find_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Some 40,000 members: the directory is read as a whole, and takes ten times as much memory.
_MOST_DIRECTORY_BYTES = 4 * 1024 * 1024
_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<26xHH")  # before each member: the lengths of its name and of its extra field
_END = struct.Struct("<4s16xH")  # after the directory: the length of the comment that follows
_HEADER, _END_MARK = b"PK\x03\x04", b"PK\x05\x06"
# Bytes between the data of a member and what follows: none, or the checksum and the sizes, perhaps behind a mark.
_DESCRIPTORS = (0, 12, 16, 20, 24)
_MOST_DESCRIPTOR_BYTES = max(_DESCRIPTORS)
# Where the Finder of macOS puts what a file has there besides its data.
_METADATA = "__MACOSX/"
_METHODS = {zipfile.ZIP_STORED: None, zipfile.ZIP_DEFLATED: DEFLATE, zipfile.ZIP_BZIP2: BZIP2, 93: ZSTD}
# What only a workbook has, of Excel and of LibreOffice.
_WORKBOOKS = {"[Content_Types].xml": "an Excel workbook", "mimetype": "a spreadsheet"}
_GET_AGAIN = "the archive is cut off or damaged: get it again"
# Members with these endings are read, whatever they hold; of others, the first bytes tell.
_TABLE_ENDINGS = (".csv", ".tsv", ".tab")
_LOOKED_AT_BYTES = 4096
_LAST_LINES = 10
_WORDS = re.compile(r"[\s,;|\[\]\"']+")
_NUMBER = re.compile(r"[+-]?(?:[0-9.][0-9.:/T+-]*)?[0-9]Z?").fullmatch  # or a time; "1." counts the items of a list
_MOST_NAMES = 5


class Archive:
    """What a zip file says of itself: `members` are the files in it, by their names and in its order.

    InputError if its directory is damaged, or has no file, or one that cannot be read.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self.members: dict[str, zipfile.ZipInfo] = {}
        try:
            self._zip = zipfile.ZipFile(cast("BinaryIO", _Bounded(file, self._error)))
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error) as error:
            expected = "expected a directory at the end of the zip file, found none, or a damaged one"
            raise self._error(f"{expected} ({error})", _GET_AGAIN) from error
        # What follows the end might be another archive.
        file.seek(-_END.size - len(self._zip.comment), os.SEEK_END)
        if _END.unpack(file.read(_END.size)) != (_END_MARK, len(self._zip.comment)):
            raise self._error("expected the end of the zip file behind its directory, found more bytes, or fewer")
        entries = self._zip.infolist()
        for entry in entries:
            if not entry.is_dir():
                self._add(entry)
        if min((entry.header_offset for entry in entries), default=0):
            hint = "it may be several archives, joined: give each of them as a path"
            raise self._error("there are bytes before its first member", hint)
        if not self.members:
            raise self._error("expected a zip file of CSV files, found no file in it")
        self._refuse_unlisted(file, entries)

    def open(self, name: str, file: BinaryIO) -> OpenMember:
        """Open a member in the archive, which is open as `file` by now; InputError if there is none of that name."""
        entry = self.members.get(name)
        if entry is None:
            raise self._error(f"expected a member {shown(name)}, found none")
        archive = copy(self._zip)  # so that its directory is not read again
        archive.fp = file
        return OpenMember(f"{self.name}/{name}", archive, entry)

    def tables(self, file: BinaryIO, left_out: list[str]) -> tuple[str, ...]:
        """Return the names of the members that are tables, and add the inputs that the others are to `left_out`.

        A single member is taken for one: what reads it will say what it is. InputError if none of several is a table.
        """
        names = tuple(self.members)
        tables = tuple(name for name in names if self._is_table(name, file)) if len(names) > 1 else names
        if not tables:
            listed = ", ".join(map(shown, names[:_MOST_NAMES]))
            others = f" and {len(names) - _MOST_NAMES} more" * (len(names) > _MOST_NAMES)
            hint = Hint(f"one of them is read by its name: {self.name}/NAME") if self.name != STDIN else None
            raise self._error(f"none of its members is a table: {listed}{others}", hint)
        left_out += [f"{self.name}/{name}" for name in names if name not in tables]
        return tables

    def _is_table(self, name: str, file: BinaryIO) -> bool:
        """Whether a member is read with all the others: it has the name of a table, or begins like one."""
        if name.startswith(_METADATA):
            return False
        if name.lower().endswith(_TABLE_ENDINGS):
            return True
        start = b""
        with closing(self.open(name, file)) as member:
            while len(start) < _LOOKED_AT_BYTES and (data := member.read(_LOOKED_AT_BYTES - len(start))):
                start += data
        return find_format(start[:MAGIC_BYTES]) is not None or begins_like_table(start)

    def _error(self, why: str, hint: Hint | str | None = None) -> InputError:
        return unreadable(self.name, why, hint)

    def _add(self, entry: zipfile.ZipInfo) -> None:
        """Take a file that the directory has; InputError if it cannot be read."""
        if kind := _WORKBOOKS.get(entry.filename):
            from stream_signal.hints.data import OF_WORKBOOK

            advice = OF_WORKBOOK if self.name == STDIN else OF_WORKBOOK._replace(path=self.name)
            raise self._error(f"expected a zip file of CSV files, found {kind}", advice)
        if entry.flag_bits & _ENCRYPTED:
            hint = "decrypt it first, with `unzip` or `7z x`"
            raise self._error(f"its member {shown(entry.filename)} is encrypted", hint)
        if entry.compress_type not in _METHODS:
            how = f"is compressed by a method that cannot be read here (number {entry.compress_type})"
            raise self._error(f"its member {shown(entry.filename)} {how}", "unpack it first, with `unzip` or `7z x`")
        if entry.filename in self.members:
            raise self._error(f"it has two members {shown(entry.filename)}")
        self.members[entry.filename] = entry

    def _refuse_unlisted(self, file: BinaryIO, entries: list[zipfile.ZipInfo]) -> None:
        """Raise InputError if a member lies between two others, or before the directory, and is not listed in it."""
        entries = sorted(entries, key=lambda entry: entry.header_offset)
        ends = [*(entry.header_offset for entry in entries[1:]), self._zip.start_dir]
        for entry, end in zip(entries, ends, strict=True):
            at = entry.header_offset + _LOCAL.size + len(entry.orig_filename) + entry.compress_size
            if end - at < _LOCAL.size:
                continue  # no room for another
            file.seek(entry.header_offset)
            name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
            at = entry.header_offset + _LOCAL.size + name + extra + entry.compress_size
            file.seek(at)
            # Behind the data, there may be its checksum and its sizes.
            behind = file.read(min(max(0, end - at), _MOST_DESCRIPTOR_BYTES + len(_HEADER)))
            if any(behind.startswith(_HEADER, skipped) for skipped in _DESCRIPTORS):
                found = f"the member behind {shown(entry.filename)} is not listed in its directory"
                raise self._error(found, "unpack it with `7z x`, and give its files as paths")


def begins_like_table(start: bytes) -> bool:
    r"""Whether at least half of the words below the first line of these bytes are numbers or times, or there are none.

    >>> begins_like_table(b"close\n4.58\n4.59\n"), begins_like_table(b"# Data\n\nBy minute, 2024.\n")
    (True, False)
    """
    lines = [line for line in start.decode("utf-8", "replace").replace("\0", "").splitlines() if line.strip()]
    words = [word for line in lines[1:][-_LAST_LINES:] or lines for word in _WORDS.split(line) if word]
    return 2 * sum(map(bool, map(_NUMBER, words))) >= len(words)


class _Bounded:
    """An archive, as `zipfile` reads it: InputError if its directory is too large, whatever says how large it is."""

    def __init__(self, file: BinaryIO, error: Callable[[str, str], InputError]) -> None:
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close
        self._file = file
        self._error = error

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_DIRECTORY_BYTES:
            found = f"the directory of the zip file has {size} bytes, more than can be read"
            raise self._error(found, "unzip it, and give its files as paths")
        return self._file.read(size)


class OpenMember(Opened):
    """A member, decompressed as it is read; it has the name of an input."""

    is_slow = True

    def __init__(self, name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        self.name = name
        self.size = self._left = entry.file_size
        self._wanted, self._checksum = entry.CRC, zlib.crc32(b"")
        self._stream: Any = None
        self._errors: tuple[type[Exception], ...] = (EOFError,)
        if method := _METHODS[entry.compress_type]:
            codec = find_codec(method)
            self._stream, self._errors = codec.begin(), (EOFError, *codec.errors)
        # As it is stored, since `zipfile` does not bound how much a part of bzip2 or Zstandard expands to.
        packed = copy(entry)
        packed.compress_type, packed.file_size = zipfile.ZIP_STORED, entry.compress_size
        del packed.CRC
        try:
            self._packed = archive.open(packed)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise self._damaged(str(error)) from error

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end; InputError if they are not those of the directory."""
        try:
            data = self._read(size)
            more = data or self._packed.read(1)
        except self._errors as error:
            raise self._damaged(str(error) or "the archive ends too early") from error
        self._left -= len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        if self._left < 0 or (self._left and not data):
            raise self._damaged(f"it has not the {self.size} bytes that the directory of the archive says")
        if not data and (more or self._checksum != self._wanted):
            raise self._damaged("its checksum is not that of the directory of the archive")
        return data

    def _read(self, size: int) -> bytes:
        if self._stream is None:
            return self._packed.read(size)
        data = b""
        while not data and not self._stream.eof:
            packed = self._packed.read(RAW_BYTES) if self._stream.needs_input else b""
            if self._stream.needs_input and not packed:
                raise EOFError("its data ends too early")
            data = self._stream.decompress(packed, size)
        return data

    def _damaged(self, why: str) -> InputError:
        return unreadable(self.name, why, _GET_AGAIN)


# The archive that was opened last, by its name and version: each of its members is opened by its own name.
_last: dict[object, Archive] = {}


@contextmanager
def _opened(name: str) -> Iterator[tuple[Archive, BinaryIO]]:
    """Open a zip file, without reading its directory again if it was the last one."""
    with closing(open_raw(name)) as raw:
        file = cast("BinaryIO", raw.file)
        version = name, version_of(os.fstat(raw.descriptor))
        if version not in _last:
            archive = Archive(file, name)
            _last.clear()
            _last[version] = archive
        try:
            yield _last[version], file
        finally:
            file.seek(0)  # as it was, if it is stdin, whose position stays


def tables_in(archive: str, left_out: list[str]) -> tuple[str, ...]:
    """Return the names of the members of a zip file that are tables, in its order; InputError if it cannot be read.

    The inputs that the others are come into `left_out`.
    """
    with reading(archive), _opened(archive) as (opened, file):
        return opened.tables(file, left_out)


@contextmanager
def open_member(archive: str, name: str) -> Iterator[OpenMember]:
    """Open one member of a zip file; InputError if there is none of that name."""
    with _opened(archive) as (opened, file):
        yield opened.open(name, file)
