"""The state of a job on disk: taken up at the start, saved as it goes, so that tomorrow costs only tomorrow's rows.

JSON, no pickle: the settings that decide the answer, which bytes were read, and the stream between two rows (`state`),
with a hash over it all by which a damaged one is known. It is replaced whole, like every file of ours.

Which bytes were read, and written as signals, is told by their `edges`. A pipe cannot be read again: what comes through
it next time is the next part.

    files   parts: what was read of each input, in their order; of all but the last, all of it
    a pipe  parts: none
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import CheckpointError, InputError, OutputError, reason
from stream_signal.core.state import State, natural
from stream_signal.core.stream import SignalStream
from stream_signal.inputs.plain import STDIN, can_be_read_again
from stream_signal.job.fingerprint import Edges, Part, find_edges, hashed
from stream_signal.outputs.files import STDOUT, check_replaceable, replace_file

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from stream_signal.core.config import Config
    from stream_signal.core.observers.signal_lines import SignalLines
    from stream_signal.core.observers.time_order import TimeOrder

SCHEMA = 2
DECIDING = ("window", "column", "delimiter", "header", "bad_rows")
FILES, PIPE = "files", "a pipe"
# A header of the longest kind, twice and as JSON, and then a number of 800 digits for each row of the window.
_MOST_BYTES, _MOST_BYTES_A_ROW = 4 * 1024 * 1024, 810
_START_ANEW = "remove it to start anew"


class Checkpoint:
    """The checkpoint at `path` of a job with these settings and inputs; one process has it at a time.

    `take_up` returns the stream to go on with, and sets `first` and `offset`: the input to go on with, and where in it;
    and `written`: the length of the signals up to there. `rows` is how many rows the checkpoint on disk holds. `add`,
    `next_input` and `replace_input` tell what is read, `add_written` what is written; `save` saves.

    A context: CheckpointError where another process has it, OutputError where it cannot be written. The lock is the
    system's, on a file beside the checkpoint: it ends with the process, however that ends.
    """

    def __init__(
        self,
        path: str,
        config: Config,
        inputs: tuple[str, ...],
        signals: tuple[str, SignalLines] | None = None,
        time_order: TimeOrder | None = None,
    ) -> None:
        self.path = path
        self.first = 0
        self.offset = 0
        self.rows = 0
        self.written = 0
        self._config = config
        self._signals = signals
        self._time_order = time_order
        self._settings: dict[str, object] = {key: getattr(config, key) for key in DECIDING}
        self._settings["signals"] = signals[1].form if signals else None
        self._settings["time_column"] = signals[1].time_column if signals else None
        self._inputs = inputs
        self._kind = FILES
        self._parts: list[Part] = []  # those before the one that is read
        self._reading = Edges()
        self._writing = Edges()
        folder, name = os.path.split(os.path.realpath(path))
        self._lock_path = os.path.join(folder, f".{name}.lock")
        self._temporary = os.path.join(folder, f".{name}.tmp")

    def __enter__(self) -> Self:
        check_replaceable(self.path)
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            raise CheckpointError(self.path, "it is no file", "name another")
        try:
            self._lock = self._take_lock()
        except BlockingIOError:
            raise CheckpointError(self.path, "another process is using it", "wait for that, or name another") from None
        except OSError as error:
            raise OutputError(f"cannot write {self.path!r}: {reason(error)}") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # somebody was there before us
            os.unlink(self._lock_path)
        os.close(self._lock)

    @property
    def is_of_files(self) -> bool:
        """Whether the inputs are files, which will be there to be read again, and no pipe."""
        return self._kind == FILES

    def take_up(self) -> SignalStream:
        """Return the stream as it was saved, or a new one where there is no checkpoint yet.

        CheckpointError where it is damaged, or where the settings or the inputs are not those that it was saved with.
        """
        again = [can_be_read_again(path) for path in self._inputs]
        if not all(again):
            self._kind = PIPE
        if len(again) > 1 and (STDIN in self._inputs or not all(again)):
            raise InputError("with a checkpoint, the inputs are files, named by their paths, or one pipe")
        try:
            with open(self.path, "rb") as file:
                if os.fstat(file.fileno()).st_size > _MOST_BYTES + self._config.window * _MOST_BYTES_A_ROW:
                    differs = f"it is too large to be one of window {self._config.window}"
                    raise CheckpointError(self.path, differs, f"go back to its window, or {_START_ANEW}")
                data = file.read()
        except FileNotFoundError:
            return SignalStream(self._config, self._signals and self._signals[1], self._time_order)
        except OSError as error:
            raise InputError(f"cannot read {self.path!r}: {reason(error)}") from error
        saved = self._verified(data)
        self._compare("input", saved["input"], self._kind)
        for key, setting in self._settings.items():
            self._compare(key, saved["settings"].get(key), setting)
        try:
            state = State.from_json(saved["state"], self._config.window)
            parts = [Part(*part) for part in saved["parts"]]
            written = Part(*saved["written"])
            self._check(parts, written, state)
        except (ValueError, TypeError) as error:
            raise CheckpointError(self.path, f"it is damaged: {error}", _START_ANEW) from None
        if parts:
            self._go_on_after(parts)
        lines = None
        if self._signals:
            path, lines = self._signals
            self.written = written.offset
            self._writing = Edges(self.written)
            if path != STDOUT and os.path.isfile(path):
                self._writing = self._find(path, written, "written")[1]
        self.rows = state.rows
        return SignalStream.from_state(self._config, state, lines, self._time_order)

    def add(self, data: bytes) -> None:
        """Take what was read next of the input."""
        if self.is_of_files:
            self._reading.add(data)

    def next_input(self) -> None:
        """Go over to the next input; all of this one was read."""
        self._parts.append(self._reading.up_to(self._reading.size))
        self._reading = Edges()

    def replace_input(self) -> None:
        """Go over to another file of the same name: the one before is not there to be known again."""
        self._reading = Edges()

    def add_written(self, data: bytes) -> None:
        """Take what was written next of the signals."""
        self._writing.add(data)

    def save(self, state: State, written: int = 0) -> None:
        """Save a state of the stream, of which `written` bytes of signals tell; OutputError, and the old one stands."""
        parts = []
        if self.is_of_files:
            parts = [*self._parts, self._reading.up_to(state.offset)]
        else:
            state = state._replace(offset=0, line=0)
        part = self._writing.up_to(written)
        content = {
            "input": self._kind,
            "settings": self._settings,
            "parts": parts,
            "written": part,
            "state": state.as_json(),
        }
        saved = json.dumps(content)
        text = f'{{"schema": {SCHEMA}, "sha256": "{hashed(saved.encode())}",\n"saved": {saved}}}\n'
        replace_file(self.path, text.encode(), temporary=self._temporary)
        self.rows = state.rows

    def _verified(self, data: bytes) -> dict[str, Any]:
        try:
            whole = json.loads(data)
            schema, digest, saved = whole["schema"], whole["sha256"], whole["saved"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise CheckpointError(self.path, "it is damaged, or no checkpoint", _START_ANEW) from None
        if schema != SCHEMA:
            raise CheckpointError(self.path, f"its schema is {str(schema)[:20]}, and {SCHEMA} is known", _START_ANEW)
        if digest != hashed(json.dumps(saved).encode()):
            raise CheckpointError(self.path, "it is damaged", _START_ANEW)
        if (
            not isinstance(saved, dict)
            or saved.keys() != {"input", "settings", "parts", "written", "state"}
            or not isinstance(saved["settings"], dict)
        ):
            raise CheckpointError(self.path, "it is no checkpoint", _START_ANEW)
        return saved

    def _compare(self, what: str, then: object, now: object) -> None:
        if then != now:
            advice = f"go back to that, or {_START_ANEW}"
            raise CheckpointError(self.path, f"its {what} was {str(then)[:60]}, and is {now} now", advice)

    def _check(self, parts: list[Part], written: Part, state: State) -> None:
        """Check what no hash shows: a checkpoint can be made up."""
        for part in (*parts, written):
            natural(part.offset)
        if bool(parts) != self.is_of_files or (parts and parts[-1].offset != state.offset):
            raise ValueError("offsets that contradict each other")

    def _go_on_after(self, parts: list[Part]) -> None:
        """Check that the inputs begin with what was read, and go on with the last of them."""
        if len(self._inputs) < len(parts):
            differs = f"it has read {len(parts)} inputs, and {len(self._inputs)} are given"
            raise CheckpointError(self.path, differs, _START_ANEW)
        self.first = len(parts) - 1
        for number, (path, part) in enumerate(zip(self._inputs, parts, strict=False)):
            size, self._reading = self._find(path, part, "read")
            if number < self.first and size > part.offset:
                differs = f"{path!r} has grown since the inputs after it were read"
                raise CheckpointError(self.path, differs, _START_ANEW)
            self.offset = part.offset
        self._parts = parts[:-1]

    def _find(self, path: str, part: Part, done: str) -> tuple[int, Edges]:
        """Return the size of a file and its edges; CheckpointError where it does not begin with what was `done`."""
        size, edges = find_edges(path, part)
        if edges:
            return size, edges
        differs = f"{path!r} does not hold what it has {done}"
        if size < part.offset:
            differs = f"of {path!r} it has {done} {part.offset} bytes, and there are {size} now"
        raise CheckpointError(self.path, differs, f"bring the file back, or {_START_ANEW}")

    def _take_lock(self) -> int:
        while True:
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.exists(self._lock_path) and os.path.samestat(os.fstat(lock), os.stat(self._lock_path)):
                    return lock
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)  # whoever had it has removed it meanwhile: nobody else would see this one
