"""Position: which bytes a job has read, so that another one can continue after them.

Files are known by their fingerprints. A pipe cannot be read again: the next job reads the next part of the stream from
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import CheckpointError, InputError
from stream_signal.core.urls import shown_path
from stream_signal.inputs.fingerprint import Edges, Fingerprint, find_content, find_edges
from stream_signal.inputs.plain import STDIN
from stream_signal.inputs.probe import probe
from stream_signal.job.checkpoint import START_OVER
from stream_signal.job.saved import FILES, PIPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.state import State
    from stream_signal.inputs.rotation import Followed, Rotations

    _Find = Callable[[str, Fingerprint], tuple[int, Edges | None]]


class Position:
    """How far the inputs at `names` are read: `first` is the number of the current one, `offset` its bytes read so far.

    InputError if they are neither files nor one pipe.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        again = [probe(name).can_be_read_again for name in names]
        if len(again) > 1 and (STDIN in names or not all(again)):
            pipe = next(name for name, can in zip(names, again, strict=True) if not can or name == STDIN)
            pipe_name = "stdin" if pipe == STDIN else repr(pipe)
            message = (
                f"with --checkpoint, expected files by their paths or a single pipe, found {pipe_name} among others"
            )
            raise InputError(message).with_hint("save what it gives to a file, and name that")
        self.input = FILES if all(again) else PIPE
        self.first = 0
        self.offset = 0
        self.names = names
        self._done: list[Fingerprint] = []  # of the inputs before the current one
        self._edges = Edges()  # of the current one

    @property
    def is_of_files(self) -> bool:
        """Whether the inputs are files, which can be read again."""
        return self.input == FILES

    def resume(self, parts: list[Fingerprint], checkpoint: str) -> None:
        """Continue after `parts`; raise CheckpointError, which names `checkpoint`, if the inputs do not have them."""
        if len(self.names) < len(parts):
            differs = f"{len(parts)} inputs were read before it was saved, and this job has only {len(self.names)}"
            raise CheckpointError(checkpoint, differs, f"name them all, in the same order, or {START_OVER}")
        self.first = len(parts) - 1
        for number, (name, part) in enumerate(zip(self.names, parts, strict=False)):
            size, self._edges = find_known(name, part, "read from", checkpoint, find_content)
            if number < self.first and size > part.offset:
                differs = f"{shown_path(name)} has grown since the inputs after it were read"
                raise CheckpointError(checkpoint, differs, f"bring it back as it was, or {START_OVER}")
            self.offset = part.offset
        self._done = parts[:-1]

    def resume_followed(
        self, parts: list[Fingerprint], followed: Followed | None, rotations: Rotations, checkpoint: str
    ) -> None:
        """Continue in a followed file, whatever its name is now; raise CheckpointError if it cannot be found."""
        if len(parts) > 1:
            self.resume(parts, checkpoint)  # it refuses
        [part] = parts
        edges = rotations.resume(part, followed)
        if edges is None:
            differs = _other_bytes(rotations.path, part.offset, probe(rotations.path).size, "read from")
            unreadable = rotations.unreadable()
            if rotations.pattern and unreadable:
                differs += f", and {unreadable}"
            elif rotations.pattern:
                differs += f", nor does a file that --rotated {rotations.pattern!r} names"
            advice = f"bring the file back, or {START_OVER}"
            if not rotations.pattern:
                pattern = rotations.suggestion()
                advice = f"if it was rotated, name the old files with --rotated {pattern}; if not, {advice}"
            raise CheckpointError(checkpoint, differs, advice)
        self._edges, self.offset = edges, part.offset

    def take(self, size: int, tail: bytes) -> None:
        """Take the next `size` bytes, of which `tail` are the last."""
        if self.is_of_files and size == len(tail):
            self._edges.add(tail)
        elif self.is_of_files:
            self._edges.skip(size, tail)

    def end_input(self, *, rotated: bool) -> None:
        """Move on to the next input, or to the file that replaces a rotated one."""
        if not rotated:
            self._done.append(self._edges.up_to(self._edges.size))
        self._edges = Edges()

    def of(self, state: State) -> tuple[list[Fingerprint], State]:
        """Return the parts that a state of the stream covers, and that state as it can be saved."""
        if self.is_of_files:
            return [*self._done, self._edges.up_to(state.offset)], state
        return [], state._replace(offset=0, line=0)


def find_known(path: str, part: Fingerprint, done: str, checkpoint: str, find: _Find = find_edges) -> tuple[int, Edges]:
    """Return the size and the edges of a file; raise CheckpointError if it does not begin with `part`."""
    size, edges = find(path, part)
    if edges:
        return size, edges
    raise CheckpointError(
        checkpoint, _other_bytes(path, part.offset, size, done), f"bring the file back, or {START_OVER}"
    )


def _other_bytes(path: str, offset: int, size: int, done: str) -> str:
    """Say that a file does not begin with the `offset` bytes that were `done`: "read from" or "written to" it.

    >>> _other_bytes("data.csv", 580962, 100, "read from")
    "'data.csv', of 100 bytes, no longer begins with the 580962 bytes that were read from it"
    """
    return f"{shown_path(path)}, of {size} bytes, no longer begins with the {offset} bytes that were {done} it"
