"""Position: which bytes a job has read, so that another one can go on after them.

Files are known by their fingerprints. A pipe cannot be read again: what comes through it next time is the next part of
the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import CheckpointError, InputError
from stream_signal.inputs.plain import STDIN, can_be_read_again
from stream_signal.job.fingerprint import Edges, Fingerprint, find_edges
from stream_signal.job.saved import FILES, PIPE

if TYPE_CHECKING:
    from stream_signal.core.state import State

START_ANEW = "remove it to start anew"


class Position:
    """How far the inputs at `names` are read: `first` is the number of the current one, `offset` how far it was read.

    InputError where they are neither files nor one pipe.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        again = [can_be_read_again(name) for name in names]
        if len(again) > 1 and (STDIN in names or not all(again)):
            raise InputError("with a checkpoint, the inputs are files, named by their paths, or one pipe")
        self.input = FILES if all(again) else PIPE
        self.first = 0
        self.offset = 0
        self._names = names
        self._done: list[Fingerprint] = []  # of the inputs before the current one
        self._edges = Edges()  # of the current one

    @property
    def is_of_files(self) -> bool:
        """Whether the inputs are files, which can be read again."""
        return self.input == FILES

    def resume(self, parts: list[Fingerprint], checkpoint: str) -> None:
        """Go on after `parts`; CheckpointError, with the path of the checkpoint, where the inputs do not have them."""
        if len(self._names) < len(parts):
            differs = f"it has read {len(parts)} inputs, and {len(self._names)} are given"
            raise CheckpointError(checkpoint, differs, START_ANEW)
        self.first = len(parts) - 1
        for number, (name, part) in enumerate(zip(self._names, parts, strict=False)):
            size, self._edges = find_known(name, part, "read", checkpoint)
            if number < self.first and size > part.offset:
                differs = f"{name!r} has grown since the inputs after it were read"
                raise CheckpointError(checkpoint, differs, START_ANEW)
            self.offset = part.offset
        self._done = parts[:-1]

    def add(self, data: bytes) -> None:
        """Take what was read next."""
        if self.is_of_files:
            self._edges.add(data)

    def end_input(self, *, rotated: bool) -> None:
        """Go on with the next input, or with the file that has the name of a rotated one, which is gone."""
        if not rotated:
            self._done.append(self._edges.up_to(self._edges.size))
        self._edges = Edges()

    def of(self, state: State) -> tuple[list[Fingerprint], State]:
        """Return the parts that a state of the stream is of, and that state as it can be saved."""
        if self.is_of_files:
            return [*self._done, self._edges.up_to(state.offset)], state
        return [], state._replace(offset=0, line=0)


def find_known(path: str, part: Fingerprint, done: str, checkpoint: str) -> tuple[int, Edges]:
    """Return the size and the edges of a file; CheckpointError where it does not begin with what was `done`."""
    size, edges = find_edges(path, part)
    if edges:
        return size, edges
    differs = f"{path!r} does not hold what it has {done}"
    if size < part.offset:
        differs = f"of {path!r} it has {done} {part.offset} bytes, and there are {size} now"
    raise CheckpointError(checkpoint, differs, f"bring the file back, or {START_ANEW}")
