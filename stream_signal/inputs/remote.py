"""Remote inputs, by their URLs: objects of S3 and other stores, and files of web servers, through fsspec.

    s3://bucket/jan.csv   https://example.com/jan.csv   gs://...   and whatever else fsspec opens

A file is read in blocks, each of them by a request for a range of bytes, so a broken connection loses one block, which
is asked for again. A web server that sends no ranges is read as one stream; when that breaks, it is read again from its
beginning, up to where it broke.

No byte gets lost silently: as many as were announced have to arrive, and the file has to be the same one at the end as
at the beginning, by its ETag or its time of change. A length that is not announced has to be seen otherwise (chunks).

Memory: _BLOCKS blocks. fsspec comes with the extra `remote`, and is imported only for a URL.
"""

from __future__ import annotations

import io
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from logging import NullHandler, getLogger
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from stream_signal.core.errors import InputError, StreamSignalError
from stream_signal.core.urls import shown_path, unless_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_T = TypeVar("_T")
# A request takes tens of milliseconds whatever its size, and a megabyte about ten.
BLOCK_BYTES = 4 * 1024 * 1024
# The close and two columns of timestamps of a Parquet file are read in turns, each from a block of its own.
_BLOCKS = 4
# In a row, without a byte between them. The library of a store makes several of each by itself.
ATTEMPTS = 5
_ATTEMPTS_OF_STORES = 2
_FIRST_WAIT_SECONDS = 0.2  # and twice as long each time
_TIMEOUT_SECONDS = 60  # without a byte
_PASSING_STATUS = {408, 425, 429}
_IDENTITY = (
    "ETag",
    "etag",
    "generation",
    "Content-MD5",
    "md5Hash",
    "LastModified",
    "Last-Modified",
    "mtime",
    "updated",
)
_REASON_CHARACTERS = 200
# Redirects that lead nowhere, by the names of the errors of aiohttp.
_REDIRECTS = {
    "TooManyRedirects": "the server redirects without end",
    "RedirectClientError": "the server redirects to what is no address of a web server",
}
_LIBRARIES = ("aiobotocore", "fsspec", "gcsfs", "s3fs")
_INSTALL = "pip install 'stream-signal[remote]'"
_DOWNLOAD = "download the file first"
_ANONYMOUS = "set the credentials of the store, or FSSPEC_S3_ANON=true for a bucket that anyone may read"


def open_remote(url: str) -> RemoteFile:
    """Open the file at a URL; InputError says why that is impossible, without the credentials in the URL."""
    return RemoteFile(url)


class RemoteFile(io.RawIOBase):
    """An open remote file.

    `name` is its URL. `size` is in bytes, 0 if the server does not announce it. A read returns as much as was asked
    for, less at the end, or raises InputError.
    """

    is_slow = True

    def __init__(self, url: str) -> None:
        self.name = url
        self._scheme = url.partition("://")[0].lower()
        self._is_of_web = self._scheme in {"http", "https"}
        self._length: int | None = None
        self._identity: dict[str, Any] = {}
        self._file: Any = None
        self._at = 0  # where the next read begins
        self._streams = False  # the server sends no ranges
        self._sought = False  # backwards, which a stream cannot do
        self._is_checked = False
        self._store, self._path = self._find_store()
        self._try(self._connect)

    @property
    def size(self) -> int:
        """In bytes; 0 if the server does not announce it."""
        return self._length or 0

    @property
    def identity(self) -> tuple[object, ...]:
        """What another version of it would not have: its size, and its ETag or what it has of such."""
        return self._length, *sorted(self._identity.items())

    @property
    def file(self) -> BinaryIO | None:
        """The same, to seek in; None if the server sends no ranges."""
        return None if self._streams else cast("BinaryIO", self)

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether the server sends ranges, as far as it said."""
        return not self._streams

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Begin the next read at another place."""
        at = offset + (0, self._at, self.size)[whence]
        if at != self._at and self._streams:
            raise self._no_ranges()
        self._sought = self._sought or at < self._at or whence == io.SEEK_END
        self._at = at
        return at

    def ready(self, seconds: float) -> bool:  # noqa: ARG002 - a read takes as long as it takes
        """Whether there is something to read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer, until it is full or the file ends; there, check that it has not changed."""
        view = memoryview(buffer).cast("B")
        end = len(view) if self._length is None else max(0, min(len(view), self._length - self._at))
        done = 0
        while done < end and (data := self._try(partial(self._read, end - done))):
            view[done : done + len(data)] = data
            done += len(data)
            self._at += len(data)
        if not done and len(view):
            self.check(self._at)
        return done

    def check(self, read: int) -> None:
        """Raise InputError if fewer than the `read` bytes are there by now, or if the file has changed."""
        if not self._is_checked and self._identity:
            self._try(self._look)
        self._is_checked = True
        if self._length is not None and read > self._length:
            raise self._changed()

    def close(self) -> None:
        """Close it."""
        self._drop()
        super().close()

    def _find_store(self) -> tuple[Any, str]:
        try:
            from fsspec.config import conf
            from fsspec.core import url_to_fs

            options = {}
            if self._is_of_web:
                from aiohttp import ClientTimeout

                # Compressed on the way, a file has no ranges and no length. A large file takes longer than any total.
                timeout = ClientTimeout(total=None, sock_connect=_TIMEOUT_SECONDS, sock_read=_TIMEOUT_SECONDS)
                ours = {"headers": {"Accept-Encoding": "identity"}, "timeout": timeout, "trust_env": True}
                options["client_kwargs"] = ours | conf.get(self._scheme, {}).get("client_kwargs", {})
            store, path = url_to_fs(self.name, **options)
        except ImportError as error:
            raise self._cannot(f"it needs a package that is not installed ({error})").with_hint(_INSTALL) from None
        except (ValueError, OSError) as error:  # an unknown protocol, a URL without a host
            raise self._cannot(_reason(error, self.name)) from None
        except StreamSignalError:  # a stop signal
            raise
        except Exception:  # noqa: BLE001 - each store has its own
            found = f"fsspec needs more than the URL to open {self._scheme}://"
            raise self._cannot(found).with_hint(_DOWNLOAD) from None
        for library in _LIBRARIES:
            getLogger(library).addHandler(NullHandler())  # what they warn of is for their own users, not for stderr
        return store, path

    def _connect(self) -> None:
        """Open it, and continue where the reading is."""
        self._look()
        if self._streams:
            self._file = self._store.open(self._path, "rb", block_size=0)
            self._check_stream(self._file.r.headers)
            left = self._at
            while left:
                data = self._file.read(min(left, BLOCK_BYTES))
                if not data:
                    raise OSError(f"it ended {left} bytes before the place where it broke")
                left -= len(data)
        else:
            cache = {"cache_type": "blockcache", "cache_options": {"maxblocks": _BLOCKS}}
            # A store of the web would ask again; one of S3 takes the ETag from its own answer.
            known = {"size": self._length} if self._is_of_web else {}
            self._file = self._store.open(self._path, "rb", block_size=BLOCK_BYTES, **cache, **known)

    def _look(self) -> None:
        """Ask for its size and what identifies it; raise InputError if that has changed."""
        self._store.invalidate_cache()
        info = self._store.info(self._path)
        if info.get("type") == "directory":
            raise self._cannot("it is a folder")
        length, identity = info.get("size"), {key: str(info[key]) for key in _IDENTITY if info.get(key)}
        if self._file is None and not self._identity and self._length is None:
            self._length, self._identity = length, identity
            self._streams = self._is_of_web and (not length or info.get("partial") is False)
        elif (length, identity) != (self._length, self._identity):
            raise self._changed()

    def _check_stream(self, headers: Any) -> None:
        """Raise InputError if nothing would tell the end of a stream from a broken connection."""
        announced = headers.get("Content-Length"), headers.get("Transfer-Encoding", "").lower()
        if self._length is None and announced == (None, ""):
            found = "the server announces neither its length nor its end, so a part could not be told from the whole"
            raise self._cannot(found).with_hint(_DOWNLOAD)

    def _read(self, size: int) -> bytes:
        """Read at most `size` bytes; none at the end. An exception says that the connection broke."""
        if self._file is None:
            self._connect()
        try:
            if not self._streams:
                self._file.seek(self._at)
            data: bytes = self._file.read(size)
        except ValueError:  # what fsspec says if a web server sends no ranges
            if self._streams or not self._is_of_web:
                raise
            self._stream()
            data = self._file.read(size)
        expected = size if not self._streams else min(size, 1 if self._length is not None else 0)
        if len(data) < expected:
            raise OSError(f"{self._at + len(data)} of {self._length} bytes arrived")
        return data

    def _stream(self) -> None:
        """Go over from ranges to one stream, which the server sends instead."""
        if self._sought:
            raise self._no_ranges()
        self._drop()
        self._streams = True
        self._connect()

    def _try(self, step: Callable[[], _T]) -> _T:
        """Do something that needs the connection, more than once if that breaks; InputError if it does not help."""
        wait, attempts = _FIRST_WAIT_SECONDS, ATTEMPTS if self._is_of_web else _ATTEMPTS_OF_STORES
        for attempt in range(1, attempts + 1):
            try:
                return step()
            except StreamSignalError:  # a stop signal, too
                raise
            except Exception as error:  # noqa: BLE001 - each store has its own
                self._drop()
                found = _reason(error, self.name)
                if _status(error) == HTTPStatus.PRECONDITION_FAILED:  # it has another ETag
                    raise self._changed() from None
                if _is_final(error):
                    raise self._cannot(found).with_hint(_hint(error)) from None
                if attempt == attempts:
                    raise self._cannot(f"{found} ({attempts} attempts)") from None
                time.sleep(wait)
                wait *= 2
        raise AssertionError

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(Exception):  # it may be broken
                file.close()

    def _cannot(self, found: str) -> InputError:
        return InputError(f"cannot read {shown_path(self.name)}: {found}")

    def _changed(self) -> InputError:
        return self._cannot("it changed while it was read")

    def _no_ranges(self) -> InputError:
        return self._cannot("the server does not send parts of it (ranges)").with_hint(_DOWNLOAD)


def _errors(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    while error is not None:
        yield error
        error = error.__cause__


def _status(error: BaseException) -> int | None:
    """Return the status with which a web server, or a store that is one, refused; None if it did not."""
    causes = list(_errors(error))
    if any(type(cause).__module__ == "aiohttp.http_exceptions" for cause in causes):
        return None  # an answer that was cut before its end has a status of its own
    for cause in causes:
        status = getattr(cause, "status", None)
        if status is None:
            status = getattr(cause, "code", None)
        with suppress(AttributeError, LookupError, TypeError):
            status = cause.response["ResponseMetadata"]["HTTPStatusCode"]  # type: ignore[attr-defined]
        if isinstance(status, int) and 400 <= status < 600:
            return status
    return None


def _is_final(error: BaseException) -> bool:
    """Whether another attempt would end in the same way."""
    status = _status(error)
    if status is not None:
        return status < 500 and status not in _PASSING_STATUS
    *_, root = _errors(error)
    final = (FileNotFoundError, PermissionError, IsADirectoryError, ValueError, TypeError, ImportError)
    if _redirect(error):
        return True
    return isinstance(root, (*final, NotImplementedError)) or "Credentials" in type(root).__name__


def _redirect(error: BaseException) -> str | None:
    """Say where a redirect leads, if that is nowhere."""
    names = [kind.__name__ for cause in _errors(error) for kind in type(cause).__mro__]
    return next((_REDIRECTS[name] for name in names if name in _REDIRECTS), None)


def _reason(error: BaseException, url: str) -> str:
    """Say in words why it cannot be read, without credentials."""
    status = _status(error)
    if status is not None:
        known = {each.value: each.phrase for each in HTTPStatus}
        return f"the server answered {status} {known.get(status, '')}".rstrip()
    if redirect := _redirect(error):
        return redirect
    *_, root = _errors(error)
    if isinstance(root, FileNotFoundError):
        return "it does not exist"
    if isinstance(root, TimeoutError) and not str(root):
        return f"nothing arrived for {_TIMEOUT_SECONDS} s"
    text = " ".join(str(root).split()).removeprefix("400, message: ")  # aiohttp, of an answer that was cut
    return (unless_secret(text, url) or "")[:_REASON_CHARACTERS] or type(root).__name__


def _hint(error: BaseException) -> str | None:
    *_, root = _errors(error)
    return _ANONYMOUS if "Credentials" in type(root).__name__ else None
