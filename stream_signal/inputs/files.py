"""Files, stdin and what else has a name, one after another: the source of a job that reads each from its start.

Each is opened when its turn comes, and closed before that of the next. Its first bytes tell its format, so it begins
once they are there, and whatever the format, its bytes come out as those of CSV:

    first bytes                     turned into CSV by
    gzip, bzip2, xz, Zstandard      compressed
    Parquet, Arrow                  arrow
    zip                             zipped, into its members, where they could not be named before, as in a pipe
    anything else                   read as it is
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, cast

from stream_signal.core.config import Config
from stream_signal.core.errors import reason
from stream_signal.inputs.events import IDLE, Begin, End
from stream_signal.inputs.opening import open_input
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN, chunk_bytes_for, unreadable
from stream_signal.inputs.probe import COLUMNAR, MAGIC_BYTES, ZIP, find_format, may_begin, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from stream_signal.core.rows import Batch
    from stream_signal.inputs.events import Event, Patience
    from stream_signal.inputs.plain import Opened

MOST_KEPT_BYTES = 4 * 1024**3


class FilesSource:
    """The inputs of these names; `has_checkpoint` says that a later job may continue in one of them.

    `config` says which columns of a Parquet or Arrow file are needed; with `batches`, its rows may be given as Batch.
    `tap`, if given, is shown each input once it is open, and returns what is read in its place. The members of an
    archive in a pipe that are no tables come into `left_out`.
    """

    endless = False

    def __init__(
        self,
        names: tuple[str, ...],
        config: Config | None = None,
        *,
        has_checkpoint: bool = False,
        batches: bool = False,
        tap: Callable[[Opened], Opened] | None = None,
        left_out: list[str] | None = None,
    ) -> None:
        self.names = names
        self._config = config or Config()
        self._has_checkpoint = has_checkpoint
        self._batches = batches
        self._tap = tap
        self._left_out = [] if left_out is None else left_out

    def events(self, first: int, offset: int, patience: Patience) -> Generator[Event]:
        """Yield the events of each input in turn; see `inputs.events.Source`."""
        for name in self.names[first:]:
            with open_input(name) as source:
                yield from self._events(self._tap(source) if self._tap else source, offset, patience)
            offset = 0

    def _events(self, source: Opened, offset: int, patience: Patience) -> Generator[Event]:
        if offset and source.file:  # only as much as tells the format
            start = source.file.read(MAGIC_BYTES)
        else:
            start = yield from _read_start(source, patience)
        name = find_format(start)
        if name and self._has_checkpoint:
            refuse("checkpoint", source.name, name)
        if name == ZIP:
            yield from self._members(source, start, patience)
            return
        yield Begin(source.name, max(0, source.size - offset))
        begin = 0
        if not name and offset and source.file:
            begin, start = source.file.seek(offset), b""

        def chunks(patience: Patience) -> Iterator[bytes | Batch]:
            if name in COLUMNAR:
                from stream_signal.inputs.arrow import read_batches, read_columns

                return (read_batches if self._batches else read_columns)(source, name or "", start, self._config)
            if name:
                from stream_signal.inputs.compressed import decompress

                return decompress(source, name, start, patience)
            return _read_plain(source, start, patience, begin, chunk_bytes_for(self._config))

        if (name or source.is_slow) and not _needs_main_thread(source, name):
            from stream_signal.inputs.ahead import read_ahead

            ahead = read_ahead(chunks, patience)
            yield from _skip(cast("Generator[bytes]", ahead), source, offset - begin) if offset else ahead
        else:
            yield from chunks(patience)
        yield End()

    def _members(self, source: Opened, start: bytes, patience: Patience) -> Generator[Event]:
        import tempfile

        from stream_signal.inputs.zipped import Archive, OpenMember

        if isinstance(source, OpenMember):
            raise unreadable(source.name, "it is a zip file in a zip file", "unzip the outer one first")
        with tempfile.TemporaryFile() as temporary:
            file = source.file if source.name != STDIN else None
            if file is None:
                file = cast("BinaryIO", temporary)
                yield from keep(source, start, patience, file)
            archive = Archive(file, source.name)
            for member in archive.tables(file, self._left_out):
                yield from self._events(archive.open(member, file), 0, patience)
        source.check(0)


def read_chunks(name: str) -> Generator[bytes]:
    """Yield the bytes of CSV in one input, in chunks of at most CHUNK_BYTES, as soon as they arrive.

    Who does not read to the end has to close it: what is raised while it is closed otherwise reaches nobody.

    Raises InputError, which names the input and the reason, if it cannot be opened or read, or was truncated while it
    was read.
    """
    with closing(FilesSource((name,)).events(0, 0, None)) as events:
        for event in events:
            if isinstance(event, bytes):
                yield event


def keep(source: Opened, data: bytes, patience: Patience, into: BinaryIO) -> Generator[bytes]:
    """Copy a source to a file, of which `data` was read already; yield IDLE while nothing arrives.

    InputError if it has more than MOST_KEPT_BYTES, or the disk is full.
    """
    size = 0
    while data:
        size += len(data)
        if size > MOST_KEPT_BYTES:
            why = f"it has more than {MOST_KEPT_BYTES} bytes, too many to keep"
            raise unreadable(source.name, why, "save it to a file first, and give its path")
        try:
            into.write(data)
            into.flush()
        except OSError as error:
            import tempfile

            where = f"{tempfile.gettempdir()!r}, where it is kept"
            raise unreadable(source.name, f"cannot write to {where}: {reason(error)}") from error
        data = yield from source.next(CHUNK_BYTES, patience)


def _needs_main_thread(source: Opened, name: str | None) -> bool:
    """Whether a stop signal has to interrupt what waits for the next bytes: pyarrow waits inside of each read."""
    return name in COLUMNAR and (source.is_slow or not source.file)


def _read_start(source: Opened, patience: Patience) -> Generator[bytes, None, bytes]:
    """Return as many of the first bytes as tell the format; if `may_begin` is true of them, the source has no more."""
    start = b""
    while may_begin(start) and (data := (yield from source.next(CHUNK_BYTES, patience))):
        start += data
    return start


def _read_plain(source: Opened, start: bytes, patience: Patience, offset: int, chunk_bytes: int) -> Iterator[bytes]:
    read = offset + len(start)
    if start:
        yield start
    if offset or not may_begin(start):  # otherwise it has ended
        while True:
            if patience and not source.ready(patience()):
                yield IDLE
                continue
            data = source.read(chunk_bytes)
            if not data:
                break
            read += len(data)
            yield data
            del data  # so that the next chunk takes its place: one is in memory at a time
    source.check(read)


def _skip(chunks: Generator[bytes], source: Opened, offset: int) -> Iterator[bytes]:
    """Yield the chunks from `offset` on, and IDLE for those before; InputError if there are fewer bytes."""
    with closing(chunks):
        for chunk in chunks:
            rest = chunk[offset:]
            offset = max(0, offset - len(chunk))
            yield rest  # if there is none, this is IDLE
    if offset:
        raise unreadable(source.name, "it was truncated while it was read")
