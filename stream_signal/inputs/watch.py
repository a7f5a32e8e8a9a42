"""Watch: waits until something may have happened to a file.

If `inotify_simple` is installed (the extra `follow`, Linux), the system reports what happens in the folder of the file.
Otherwise the caller checks the file every 10 ms, and every 50 ms after a second without data.
"""

from __future__ import annotations

import os
import time

# A check takes about 0.1 ms, and should take less than 1 % of a core while nothing arrives.
POLL_SECONDS = 0.01
IDLE_POLL_SECONDS = 0.05


class Watch:
    """Waits for something to happen to the file at `path`, which need not exist."""

    def __init__(self, path: str) -> None:
        places = {os.path.abspath(path), os.path.realpath(path)}  # a link, and what it points to
        self._names = {os.path.basename(place) for place in places}
        self._inotify = None
        self._quiet_since = time.monotonic()
        try:
            from inotify_simple import INotify, flags

            self._inotify = INotify()
            for folder in {os.path.dirname(place) for place in places}:
                self._inotify.add_watch(folder, flags.MODIFY | flags.CREATE | flags.MOVED_TO | flags.MOVED_FROM)
        except (ImportError, OSError):  # not installed, not on this system, or no watch left
            self.close()

    def wait(self, seconds: float) -> None:
        """Return when something has happened, or may have, and after `seconds` at the latest."""
        if not self._inotify:
            is_quiet = time.monotonic() - self._quiet_since > 1
            time.sleep(min(seconds, IDLE_POLL_SECONDS if is_quiet else POLL_SECONDS))
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if any(event.name in self._names for event in self._inotify.read(timeout=max(1, int(left * 1000)))):
                return

    def note_data(self) -> None:
        """Remember that data has just arrived: more may follow soon."""
        self._quiet_since = time.monotonic()

    def close(self) -> None:
        """Stop watching."""
        if self._inotify:
            self._inotify.close()
            self._inotify = None
