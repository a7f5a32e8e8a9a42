"""What to try if a path cannot be read."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from stream_signal.core.urls import without_secrets

MORE_FILES = "allow more of them: ulimit -n 4096"
_HINTS = {
    errno.EACCES: "its owner has to let you read it, as with chmod a+r",
    errno.EMFILE: MORE_FILES,
    errno.ENFILE: MORE_FILES,
}


def hint_for(path: str, error: OSError | ValueError) -> str | None:
    """Return a hint: the nearest name in the folder, or where the path was looked for; None if nothing is known."""
    if without_secrets(path) != path:
        return "a URL begins with its scheme and two slashes, such as https://example.com/jan.csv"
    number = getattr(error, "errno", None)
    if number == errno.EISDIR:
        from stream_signal.inputs.folder import listing

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

    names: list[str] = []
    with suppress(OSError):
        names = os.listdir(folder)
    near = get_close_matches(name, names, n=1, cutoff=0.75)
    if near:
        return f"did you mean {os.path.join(os.path.dirname(path), near[0])!r}?"
    return f"there is no such file in the folder {folder!r}"
