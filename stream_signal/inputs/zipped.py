"""zip files: their members, in the order of the archive, each an input of its own.

The directory at the end of the archive says which members there are. The `zipfile` of the standard library reads it;
the members are read here, so that they decompress as bounded as any other input, and so that one archive of thousands
of members is not read again from its directory on for each of them.

Stored, deflated, bzip2 and Zstandard members are read. A member that is itself a compressed file is decompressed as any
input is; one that is a zip file is refused.

Nothing is left out in silence: bytes before the first member or after the archive, as in archives that were joined, an
encrypted member, and two of one name are errors. A member has to have the size and the checksum of the directory.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple, cast

from stream_signal.core.advice import FILE
from stream_signal.core.errors import InputError, reason, shown
from stream_signal.core.printable import typed_path
from stream_signal.core.urls import shown_path
from stream_signal.inputs.compressed import DEFLATE_BITS, RAW_BYTES, Inflate, find_codec
from stream_signal.inputs.events import IDLE
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, open_raw
from stream_signal.inputs.spooled import Spool

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from typing import BinaryIO

    from stream_signal.inputs.compressed import Decompressor
    from stream_signal.inputs.opened import Opened, Patience

# A zip file in a pipe goes to a temporary file first.
MOST_SPOOLED_BYTES = 4 * 1024**3
# Some 40,000 members: the directory is read as a whole, and takes ten times as much memory.
_MOST_DIRECTORY_BYTES = 4 * 1024 * 1024
_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<4s22xHH")  # before each member: the lengths of its name and of its extra field
_END = struct.Struct("<4s16xH")  # after the directory: the length of the comment that follows
_LONGEST_COMMENT = 65535
_HEADER, _END_MARK = b"PK\x03\x04", b"PK\x05\x06"
# Bytes between the data of a member and what follows: none, or the checksum and the sizes, perhaps behind a mark.
_DESCRIPTORS = (0, 12, 16, 20, 24)
_MOST_DESCRIPTOR_BYTES = max(_DESCRIPTORS)
# Where the Finder of macOS puts what a file has there besides its data.
_METADATA = "__MACOSX/"
_CODECS = {zipfile.ZIP_BZIP2: "bzip2", 93: "Zstandard"}
_WORKBOOK = "[Content_Types].xml"


class Member(NamedTuple):
    """One file of an archive, as its directory has it."""

    name: str
    start: int
    """of its header, in bytes"""
    packed: int
    """its bytes in the archive"""
    size: int
    """its bytes once decompressed"""
    method: int
    checksum: int


# The members of the archive that was opened last, by its identity: each member of one is opened by its name.
_known: dict[tuple[int, ...], dict[str, Member]] = {}


def member_names(archive: str) -> tuple[str, ...]:
    """Return the names of the members of a zip file, in its order; InputError if it cannot be read."""
    try:
        file = _open(archive)
        try:
            members = _members_of_file(file, archive)
            refuse_metadata(members, archive)
            return tuple(members)
        finally:
            _close(file)
    except OSError as error:
        raise InputError(f"cannot read {shown_path(archive)}: {reason(error)}") from error


def open_member(archive: str, name: str) -> OpenMember:
    """Open one member of a zip file; InputError if there is none of that name."""
    file = _open(archive)
    try:
        return OpenMember(f"{archive}/{name}", file, _find_member(file, archive, name), closes=True)
    except BaseException:
        _close(file)
        raise


def members_of(file: BinaryIO, archive: str) -> dict[str, Member]:
    """Return the members of an open archive by their names, in its order; `archive` is its name.

    InputError if its directory is damaged, or has no file, or one that cannot be read.
    """
    cannot = f"cannot read {shown_path(archive)}"
    _check_end(file, cannot)
    try:
        with zipfile.ZipFile(cast("BinaryIO", _Bounded(file, cannot))) as opened:
            entries, directory = opened.infolist(), opened.start_dir
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, struct.error) as error:
        raise InputError(f"{cannot}: the directory of the zip file is damaged ({error})") from error
    members: dict[str, Member] = {}
    for entry in entries:
        if entry.filename == _WORKBOOK:
            hint = "save the sheet as CSV in Excel"
            raise InputError(f"{cannot}: expected a zip file of CSV files, found an Excel workbook").with_hint(hint)
        if entry.is_dir():
            continue
        if entry.flag_bits & _ENCRYPTED:
            hint = "decrypt it first, with `unzip` or `7z x`"
            raise InputError(f"{cannot}: its member {shown(entry.filename)} is encrypted").with_hint(hint)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, *_CODECS}:
            how = f"is compressed by a method that cannot be read here (number {entry.compress_type})"
            hint = "unpack it first, with `unzip` or `7z x`"
            raise InputError(f"{cannot}: its member {shown(entry.filename)} {how}").with_hint(hint)
        if entry.filename in members:
            raise InputError(f"{cannot}: it has two members {shown(entry.filename)}")
        members[entry.filename] = Member(
            entry.filename, entry.header_offset, entry.compress_size, entry.file_size, entry.compress_type, entry.CRC
        )
    if min((entry.header_offset for entry in entries), default=0):
        hint = "it may be several archives, joined: give each of them as a path"
        raise InputError(f"{cannot}: there are bytes before its first member").with_hint(hint)
    if not members:
        raise InputError(f"{cannot}: expected a zip file of CSV files, found no file in it")
    _refuse_unlisted(file, entries, directory, cannot)
    return members


class _Bounded:
    """An archive, as `zipfile` reads it: InputError if its directory is too large, whatever says how large it is."""

    def __init__(self, file: BinaryIO, cannot: str) -> None:
        self.seek, self.tell, self.close = file.seek, file.tell, file.close
        self._file = file
        self._cannot = cannot

    def read(self, size: int = -1) -> bytes:
        if size > _MOST_DIRECTORY_BYTES:
            found = f"the directory of the zip file has {size} bytes, more than can be read"
            raise InputError(f"{self._cannot}: {found}").with_hint("unzip it, and give its files as paths")
        return self._file.read(size)


def refuse_metadata(members: Iterable[str], archive: str) -> None:
    """Raise InputError if there is metadata of macOS among the members, of which all are to be read."""
    others = [name for name in members if not name.startswith(_METADATA)]
    found = next((name for name in members if name.startswith(_METADATA)), None)
    if found is not None:
        hint = f"zip -d {FILE if archive == STDIN else typed_path(archive)} '{_METADATA}*' removes it"
        if len(others) == 1 and archive != STDIN:
            hint += f"; or give {typed_path(f'{archive}/{others[0]}')}"
        message = f"cannot read {shown_path(archive)}: its member {shown(found)} is metadata of macOS and no CSV"
        raise InputError(message).with_hint(hint)


def spool(source: Opened, start: bytes, patience: Patience, into: BinaryIO) -> Generator[bytes]:
    """Copy a source to a file, `start` of which was read already; yield IDLE while nothing arrives.

    InputError if it has more than MOST_SPOOLED_BYTES, or the disk is full.
    """
    too_much = f"a zip file of more than {MOST_SPOOLED_BYTES} bytes in a pipe"
    where = f"{tempfile.gettempdir()!r}, where a zip file in a pipe is kept"
    spooled, data = Spool(source.name, into, MOST_SPOOLED_BYTES, too_much, where), start
    while data:
        spooled.write(data)
        while patience and not source.ready(patience()):
            yield IDLE
        data = source.read(CHUNK_BYTES)


class OpenMember:
    """A member, decompressed as it is read from the archive `file`; it has the name of an input."""

    is_slow = True
    file = None

    def __init__(self, name: str, file: BinaryIO, member: Member, *, closes: bool = False) -> None:
        self.name = name
        self.size = member.size
        self._file = file
        self._member = member
        self._closes = closes
        self._codec: Decompressor | None = None
        self._errors: tuple[type[Exception], ...] = ()
        if member.method == zipfile.ZIP_DEFLATED:
            self._codec, self._errors = Inflate(DEFLATE_BITS), (zlib.error,)
        elif member.method != zipfile.ZIP_STORED:
            codec = find_codec(_CODECS[member.method])
            self._codec, self._errors = codec.begin(), codec.errors
        self._left = -1  # bytes of it that are not read yet; its header neither
        self._at = 0  # of the next one in the archive
        self._size = 0  # bytes decompressed by now
        self._checksum = 0
        self._is_checked = False

    def ready(self, seconds: float) -> bool:  # noqa: ARG002 - a file is never waited for
        """Return that there is something to read."""
        return True

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end; InputError if they are not those of the directory."""
        data = b""
        while not data and not self._is_ended():
            try:
                data = self._read(size)
            except self._errors as error:
                raise self._damaged(str(error)) from error
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        if self._size > self._member.size or (not data and self._size < self._member.size):
            raise self._damaged(f"it has not the {self._member.size} bytes that the directory of the archive says")
        if not data and (self._left or self._checksum != self._member.checksum):
            raise self._damaged("its checksum is not that of the directory of the archive")
        return data

    def check(self, read: int) -> None:
        """Check nothing more: what was read has the size and the checksum of the directory."""

    def close(self) -> None:
        """Close the archive, if it was opened for this member."""
        if self._closes:
            _close(self._file)

    def _is_ended(self) -> bool:
        return self._codec.eof if self._codec else not self._left

    def _read(self, size: int) -> bytes:
        if self._codec is None:
            return self._raw(size)
        needs = self._codec.needs_input
        packed = self._raw(RAW_BYTES) if needs else b""
        if needs and not packed:
            raise self._damaged("its data ends too early")
        return self._codec.decompress(packed, size)

    def _raw(self, size: int) -> bytes:
        if self._left < 0:
            self._find_data()
        self._file.seek(self._at)
        data = self._file.read(min(size, self._left))
        if not data and self._left:
            raise self._damaged("the archive ends too early")
        self._at += len(data)
        self._left -= len(data)
        return data

    def _find_data(self) -> None:
        self._file.seek(self._member.start)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_HEADER):
            raise self._damaged("its header is not where the directory of the archive says")
        _, name, extra = _LOCAL.unpack(header)
        self._at = self._member.start + _LOCAL.size + name + extra
        self._left = self._member.packed

    def _damaged(self, why: str) -> InputError:
        hint = "the archive is cut off or damaged: get it again"
        return InputError(f"cannot read {shown_path(self.name)}: {why}").with_hint(hint)


def _open(archive: str) -> BinaryIO:
    return cast("BinaryIO", open_raw(archive).file)


def _close(file: BinaryIO) -> None:
    file.seek(0)  # as it was, if it is stdin, whose position stays
    file.close()


def _find_member(file: BinaryIO, archive: str, name: str) -> Member:
    found = _members_of_file(file, archive).get(name)
    if found is None:
        raise InputError(f"cannot read {shown_path(archive)}: expected a member {shown(name)}, found none")
    return found


def _members_of_file(file: BinaryIO, archive: str) -> dict[str, Member]:
    status = os.fstat(file.fileno())
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    if identity not in _known:
        members = members_of(file, archive)
        _known.clear()
        _known[identity] = members
    return _known[identity]


def _refuse_unlisted(file: BinaryIO, entries: list[zipfile.ZipInfo], directory: int, cannot: str) -> None:
    """Raise InputError if a member lies between two others, or before the directory, and is not listed in it."""
    entries = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in zip(entries, [*(entry.header_offset for entry in entries[1:]), directory], strict=True):
        at = entry.header_offset + _LOCAL.size + len(entry.orig_filename) + entry.compress_size
        if following - at < _LOCAL.size:
            continue  # no room for another
        file.seek(entry.header_offset)
        header = file.read(_LOCAL.size)
        if len(header) == _LOCAL.size:
            _, name, extra = _LOCAL.unpack(header)
            at = entry.header_offset + _LOCAL.size + name + extra + entry.compress_size
            file.seek(at)
            # Behind the data, there may be its checksum and its sizes.
            behind = file.read(min(max(0, following - at), _MOST_DESCRIPTOR_BYTES + len(_HEADER)))
            if any(behind.startswith(_HEADER, skipped) for skipped in _DESCRIPTORS):
                found = f"the member behind {shown(entry.filename)} is not listed in its directory"
                raise InputError(f"{cannot}: {found}").with_hint("unpack it with `7z x`, and give its files as paths")


def _check_end(file: BinaryIO, cannot: str) -> None:
    """Raise InputError if the archive does not end with its directory: what follows might be another archive."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        hint = "the archive is cut off or damaged: get it again"
        raise InputError(f"{cannot}: expected a directory at the end of the zip file, found none").with_hint(hint)
    _, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        before = [mark.start() for mark in re.finditer(re.escape(_END_MARK), tail[: at + len(_END_MARK)])]
        if any(at + _END.size + _END.unpack_from(tail, at)[1] == len(tail) for at in before[:-1]):
            hint = f"remove the comment: echo | zip -z {FILE}"
            raise InputError(f"{cannot}: the comment of the zip file has the mark in it that ends one").with_hint(hint)
        found = len(tail) - at - _END.size - comment
        if found < 0:
            raise InputError(f"{cannot}: the zip file ends too early")
        raise InputError(f"{cannot}: expected the end of the zip file, found {found} bytes after it")
