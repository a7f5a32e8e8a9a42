"""Why a path cannot be read or written, and what to try: one text for one cause, whichever call found it."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from stream_signal.core.errors import Hint, OutputError, Pattern, Way, reason
from stream_signal.core.urls import is_url, shown_path, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

MORE_FILES = Hint("allow more of them: ulimit -n 4096")
_HINTS: dict[int, Hint | str] = {
    errno.EACCES: "its owner has to let you read it, as with chmod a+r",
    errno.EMFILE: MORE_FILES,
    errno.ENFILE: MORE_FILES,
}
# What the names of candle files end with; the shell puts such names in order.
_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst", ".zip", ".gz", ".txt", ".tsv", ".csv.zip", ".parquet")


def hint_to_read(path: str, error: OSError | ValueError) -> Hint | str | None:
    """Return a hint: the nearest name in the folder, or where the path was looked for; None if nothing is known."""
    if without_secrets(path) != path:
        return "a URL begins with its scheme and two slashes, such as https://example.com/jan.csv"
    number = getattr(error, "errno", None)
    if number == errno.EISDIR:
        return listing(path)
    if number != errno.ENOENT:
        return _HINTS.get(number or 0)
    try:
        folder, name = os.path.dirname(path) or os.getcwd(), os.path.basename(path)
    except OSError:
        return "the working directory was deleted"
    if not os.path.isdir(folder):
        return f"there is no folder {folder!r}"
    from difflib import get_close_matches

    near = get_close_matches(name, _names_in(folder), n=1, cutoff=0.75)
    if near:
        meant = os.path.join(os.path.dirname(path), near[0])
        return Hint(f"did you mean {meant!r}?", (Way(instead=(path, meant)),))
    return f"there is no such file in the folder {folder!r}"


def listing(folder: str) -> Hint:
    """Return the hint for a folder: a pattern for the files that most of its names are.

    >>> listing("no folder").ways[0].instead
    ('no folder', 'no folder/*.csv')
    """
    from stream_signal.hints.shell import as_path

    endings = list(map(_ending_of, _names_in(folder)))
    ending = max(_ENDINGS, key=endings.count)
    pattern = Pattern(f"{as_path(folder.rstrip('/'))}/*{ending}")
    return Hint(f"name its files, in order of time: {pattern}", (Way(instead=(folder, pattern)),))


def endings_of(names: Iterable[str]) -> set[str]:
    """Return the endings of names of tables, an empty one for a name of anything else.

    >>> sorted(endings_of(["a.csv", "b.csv.gz", "notes"]))
    ['', '.csv', '.csv.gz']
    """
    return set(map(_ending_of, names))


def _ending_of(name: str) -> str:
    return max((end for end in _ENDINGS if name.endswith(end)), key=len, default="")


def cannot_write(path: str, error: OSError | ValueError, what: str = "", *, in_place: bool = False) -> OutputError:
    """Return the error for a file that cannot be written, with what to do as its hint.

    `what` says which file it is, if the path does not. A file that is written in place may be read-only by itself; one
    that is replaced, or not there yet, needs a folder that can be written to.
    """
    why, hint = reason(error), ""
    ways: tuple[Way, ...] = ()
    number = getattr(error, "errno", None)
    if is_url(path) or without_secrets(path) != path:
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


def _names_in(folder: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []
