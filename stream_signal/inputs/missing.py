"""What to try if a path cannot be read."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from stream_signal.core.errors import Hint, Pattern, Way
from stream_signal.core.urls import without_secrets

MORE_FILES = Hint("allow more of them: ulimit -n 4096")
_HINTS: dict[int, Hint | str] = {
    errno.EACCES: "its owner has to let you read it, as with chmod a+r",
    errno.EMFILE: MORE_FILES,
    errno.ENFILE: MORE_FILES,
}
# What the names of candle files end with; the shell puts such names in order.
_ENDINGS = (".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst", ".zip", ".gz", ".txt", ".tsv", ".csv.zip")


def hint_for(path: str, error: OSError | ValueError) -> Hint | str | None:
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

    names = _names_in(folder)
    found = [max((end for end in _ENDINGS if name.endswith(end)), key=len, default="") for name in names]
    ending = max(_ENDINGS, key=found.count)
    pattern = Pattern(f"{as_path(folder.rstrip('/'))}/*{ending}")
    return Hint(f"name its files, in order of time: {pattern}", (Way(instead=(folder, pattern)),))


def _names_in(folder: str) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []
