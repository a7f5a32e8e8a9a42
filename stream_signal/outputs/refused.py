"""Why a file cannot be written: one text for one cause, whichever call found it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from stream_signal.core.errors import Hint, OutputError, Way, reason
from stream_signal.core.urls import shown_path, without_secrets


def cannot_write(path: str, error: OSError | ValueError, what: str = "", *, in_place: bool = False) -> OutputError:
    """Return the error for a file that cannot be written, with what to do as its hint.

    `what` says which file it is, if the path does not. A file that is written in place may be read-only by itself; one
    that is replaced, or not there yet, needs a folder that can be written to.
    """
    why, hint = reason(error), ""
    ways: tuple[Way, ...] = ()
    number = getattr(error, "errno", None)
    if without_secrets(path) != path:
        why, hint = "it is a URL", "name a file"
    elif number == errno.EISDIR:
        why, hint = "it is a folder", "name a file in it"
    elif number == errno.EACCES and in_place and os.path.exists(path):
        why, hint = "the file is read-only", "name another file, or make this one writable, as with chmod u+w"
    elif number in {errno.EACCES, errno.EROFS}:
        why, hint = f"the folder {_folder(path)!r} is read-only", "name a file in a folder that you may write to"
    elif number == errno.ENOENT and not os.path.isdir(_folder(path)):
        from stream_signal.hints.shell import as_path

        why = f"there is no folder {_folder(path)!r}"
        hint, ways = "make it", (Way(first=("mkdir", "-p", as_path(_folder(path)))),)
    return OutputError(f"cannot write {what}{shown_path(path)}: {why}").with_hint(Hint(hint, ways) if hint else None)


def _folder(path: str) -> str:
    """Return the folder of the file that would be written, as it was typed; of a link, that of what it points to."""
    with suppress(OSError, ValueError):  # the working directory was deleted; a path on another drive
        if os.path.islink(path):
            folder = os.path.dirname(os.path.realpath(path))
            return folder if os.path.isabs(path) else os.path.relpath(folder)
    return os.path.dirname(path) or "."
