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

import os
import sys
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from logging import NullHandler, getLogger
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

from stream_signal.core.errors import InputError, StreamSignalError
from stream_signal.core.urls import unless_secret
from stream_signal.inputs.plain import Opened, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

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
# What another attempt would end in as well.
_FINAL = (
    FileNotFoundError,
    PermissionError,
    IsADirectoryError,
    ValueError,
    TypeError,
    ImportError,
    NotImplementedError,
)
# Redirects that lead nowhere, by the names of the errors of aiohttp.
_REDIRECTS = {
    "TooManyRedirects": "the server redirects without end",
    "RedirectClientError": "the server redirects to what is no address of a web server",
}
_LIBRARIES = ("aiobotocore", "fsspec", "gcsfs", "s3fs")
# The extra that brings what a scheme needs; of every other scheme fsspec names the package.
_EXTRAS = {"http": "http", "https": "http", "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
_DOWNLOAD = "download the file first"
_ANONYMOUS = "set the credentials of the store, or FSSPEC_S3_ANON=true for a bucket that anyone may read"


class RemoteFile(Opened):
    """An open remote file: a read returns as much as was asked for, less at the end.

    InputError says why it cannot be opened or read, without the credentials in its URL.
    """

    is_slow = True

    def __init__(self, url: str) -> None:
        self.name = url
        self.file = cast("BinaryIO", self)  # None once the server is known to send no ranges
        self.identity: tuple[object, ...] = ()
        self._scheme = url.partition("://")[0].lower()
        self._is_of_web = self._scheme in {"http", "https"}
        self._length: int | None = None
        self._connection: Any = None
        self._at = 0  # where the next read begins
        self._was_sought = False  # backwards, which a stream cannot do
        self._is_checked = False
        self._store, self._path = self._find_store()
        self._try(self._connect)

    def seekable(self) -> bool:
        """Whether the server sends ranges, as far as it said."""
        return self.file is not None

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Begin the next read at another place."""
        at = offset + (0, self._at, self.size)[whence]
        if at != self._at and not self.file:
            raise self._no_ranges()
        self._was_sought = self._was_sought or at < self._at or whence == os.SEEK_END
        self._at = at
        return at

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, or fewer if the file ends; there, check that it has not changed."""
        wanted = sys.maxsize if size < 0 else size
        if self._length is not None:
            wanted = max(0, min(wanted, self._length - self._at))
        pieces = []
        while wanted and (data := self._try(partial(self._read, wanted))):
            pieces.append(data)
            self._at += len(data)
            wanted -= len(data)
        if not pieces and size:
            self.check(self._at)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def check(self, read: int) -> None:
        """Raise InputError if fewer than the `read` bytes are there by now, or if the file has changed."""
        if not self._is_checked and len(self.identity) > 1:
            self._try(self._look)
        self._is_checked = True
        if self._length is not None and read > self._length:
            raise self._changed()

    def close(self) -> None:
        """Close it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # it may be broken
                connection.close()

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
            extra = _EXTRAS.get(self._scheme)
            install = f"pip install 'stream-signal[{extra}]'" if extra else "pip install fsspec"
            raise unreadable(self.name, f"it needs a package that is not installed ({error})", install) from None
        except (ValueError, OSError) as error:  # an unknown protocol, a URL without a host
            raise unreadable(self.name, _Failure(error).reason(self.name)) from None
        except StreamSignalError:  # a stop signal
            raise
        except Exception:  # noqa: BLE001 - each store has its own
            found = f"fsspec needs more than the URL to open {self._scheme}://"
            raise unreadable(self.name, found, _DOWNLOAD) from None
        for library in _LIBRARIES:
            getLogger(library).addHandler(NullHandler())  # what they warn of is for their own users, not for stderr
        return store, path

    def _connect(self) -> None:
        """Open it, and continue where the reading is."""
        self._look()
        if self.file:
            cache = {"cache_type": "blockcache", "cache_options": {"maxblocks": _BLOCKS}}
            # A store of the web would ask again; one of S3 takes the ETag from its own answer.
            known = {"size": self._length} if self._is_of_web else {}
            self._connection = self._store.open(self._path, "rb", block_size=BLOCK_BYTES, **cache, **known)
            return
        self._connection = self._store.open(self._path, "rb", block_size=0)
        headers = self._connection.r.headers
        announced = headers.get("Content-Length"), headers.get("Transfer-Encoding", "").lower()
        if self._length is None and announced == (None, ""):  # a broken connection would look like an end
            found = "the server announces neither its length nor its end, so a part could not be told from the whole"
            raise unreadable(self.name, found, _DOWNLOAD)
        left = self._at
        while left:
            data = self._connection.read(min(left, BLOCK_BYTES))
            if not data:
                raise OSError(f"it ended {left} bytes before the place where it broke")
            left -= len(data)

    def _look(self) -> None:
        """Ask for its size and what identifies it; raise InputError if that has changed."""
        self._store.invalidate_cache()
        info = self._store.info(self._path)
        if info.get("type") == "directory":
            raise unreadable(self.name, "it is a folder")
        length = info.get("size")
        identity = length, *((key, str(info[key])) for key in _IDENTITY if info.get(key))
        if self.identity not in {(), identity}:
            raise self._changed()
        if not self.identity:
            self.identity, self._length, self.size = identity, length, length or 0
            if self._is_of_web and (not length or info.get("partial") is False):
                self.file = None

    def _read(self, size: int) -> bytes:
        """Read at most `size` bytes; none at the end. An exception says that the connection broke."""
        if self._connection is None:
            self._connect()
        try:
            if self.file:
                self._connection.seek(self._at)
            data: bytes = self._connection.read(size)
        except ValueError:  # what fsspec says if a web server sends no ranges, but one stream
            if not (self.file and self._is_of_web):
                raise
            if self._was_sought:
                raise self._no_ranges() from None
            self.close()
            self.file = None
            self._connect()
            data = self._connection.read(size)
        expected = size if self.file else min(size, 1 if self._length is not None else 0)
        if len(data) < expected:
            raise OSError(f"{self._at + len(data)} of {self._length} bytes arrived")
        return data

    def _try(self, step: Callable[[], _T]) -> _T:
        """Do something that needs the connection, more than once if that breaks; InputError if it does not help."""
        attempts = ATTEMPTS if self._is_of_web else _ATTEMPTS_OF_STORES
        for attempt in range(1, attempts + 1):
            try:
                return step()
            except StreamSignalError:  # a stop signal, too
                raise
            except Exception as error:  # noqa: BLE001 - each store has its own
                self.close()
                failure = _Failure(error)
                if failure.status == HTTPStatus.PRECONDITION_FAILED:  # it has another ETag
                    raise self._changed() from None
                found = failure.reason(self.name)
                if failure.is_final:
                    raise unreadable(self.name, found, failure.hint) from None
                if attempt == attempts:
                    raise unreadable(self.name, f"{found} ({attempts} attempts)") from None
                time.sleep(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
        raise AssertionError

    def _changed(self) -> InputError:
        return unreadable(self.name, "it changed while it was read")

    def _no_ranges(self) -> InputError:
        return unreadable(self.name, "the server does not send parts of it (ranges)", _DOWNLOAD)


class _Failure:
    """Why a connection broke, or was refused: an error of any store, and its causes."""

    def __init__(self, error: BaseException) -> None:
        self._causes = [error]
        while (cause := self._causes[-1].__cause__) is not None:
            self._causes.append(cause)
        self._root = self._causes[-1]
        self.hint = _ANONYMOUS if "Credentials" in type(self._root).__name__ else None
        # Where a redirect leads, if that is nowhere.
        names = [kind.__name__ for cause in self._causes for kind in type(cause).__mro__]
        self._redirect = next((_REDIRECTS[name] for name in names if name in _REDIRECTS), None)

    @property
    def status(self) -> int | None:
        """With which a web server, or a store that is one, refused; None if it did not."""
        if any(type(cause).__module__ == "aiohttp.http_exceptions" for cause in self._causes):
            return None  # an answer that was cut before its end has a status of its own
        for cause in self._causes:
            status = getattr(cause, "status", None)
            if status is None:
                status = getattr(cause, "code", None)
            with suppress(AttributeError, LookupError, TypeError):
                status = cause.response["ResponseMetadata"]["HTTPStatusCode"]  # type: ignore[attr-defined]
            if isinstance(status, int) and 400 <= status < 600:
                return status
        return None

    @property
    def is_final(self) -> bool:
        """Whether another attempt would end in the same way."""
        if self.status is not None:
            return self.status < 500 and self.status not in _PASSING_STATUS
        return bool(self._redirect or self.hint) or isinstance(self._root, _FINAL)

    def reason(self, url: str) -> str:
        """Say it in words, without the credentials in the URL."""
        if self.status is not None:
            known = {each.value: each.phrase for each in HTTPStatus}
            return f"the server answered {self.status} {known.get(self.status, '')}".rstrip()
        if self._redirect:
            return self._redirect
        if isinstance(self._root, FileNotFoundError):
            return "it does not exist"
        if isinstance(self._root, TimeoutError) and not str(self._root):
            return f"nothing arrived for {_TIMEOUT_SECONDS} s"
        text = " ".join(str(self._root).split()).removeprefix("400, message: ")  # aiohttp, of an answer that was cut
        return (unless_secret(text, url) or "")[:_REASON_CHARACTERS] or type(self._root).__name__
