"""Observers: objects that see the rows as they are counted.

An observer sees every row in order, once: some rows at a time, in columns (`core.rows.Rows`), with what the panel has
seen in them. One that has no use for columns implements only `row`. No reader knows any observer by name, and a stream
without observers does no work for them.

    class CloseRose(Observer):          # how many closes are above the one before
        def __init__(self):
            self.count, self._before = 0, None

        def row(self, row):
            if row.close is not None and self._before is not None:
                self.count += row.close > self._before
            self._before = row.close

    SignalStream(config, observers=[CloseRose()])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.rows import each_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Row, Rows, Seen
    from stream_signal.core.seam import OfWindow


class Kept:
    """What a stream keeps beside its counts: `name` is the key under which a checkpoint has what `snapshot` returns.

    What has no snapshot needs no name.
    """

    name = ""
    sees_windows = True
    """whether it looks at the windows of the rows; to show their texts alone costs less"""
    wants: int | None = None
    """how many more rows of this input it wants to see; None: all"""
    samples = False
    """whether it sees later rows, too, where those at every 4,096th byte of the input (`rows.marks`) are among them"""

    def begin(self, header: Layout) -> None:
        """Receive the header, once, before the first row; a DataError ends the stream."""

    def snapshot(self) -> Any:
        """Return what `restore` needs in another process, as values that JSON can hold; None for nothing."""
        return None

    def restore(self, saved: Any) -> None:
        """Resume from what `snapshot` returned; raise ValueError if `saved` is not valid."""


class Stage(Kept):
    """Changes the rows of a stream before they are counted: `core.rows.Rows.only` leaves out some of them.

    Where the rows were cut into runs decides nothing, so a stage that looks at the row before keeps it.
    """

    def __call__(self, rows: Rows) -> Rows:
        """Return the rows that are to be counted in place of these."""
        raise NotImplementedError


class Observer(Kept):
    """Sees the rows of a stream as they are counted. Override what you need; each method here does nothing."""

    def see(self, rows: Rows, seen: Seen) -> None:
        """See some rows, which are valid during this call only."""
        for row in each_row(rows, seen):
            self.row(row)

    def row(self, row: Row) -> None:
        """See one row."""

    def pass_by(self, tail: Rows, keys: Sequence[bytes | None] | None) -> None:
        """Be told which were the last rows of the input so far, and their keys; it may have seen them, or not.

        That is called at the end of an input, and of a state, for whoever does not want all rows.
        """

    def end_input(self) -> None:
        """End an input: the next row belongs to another one."""

    def part(self) -> Observer | None:
        """Return an observer for later rows that are counted apart from the stream; None if it has to see them here.

        It is pickled, sees a run of rows numbered from 1, and is then given to `join`, unless `can_join` is False: then
        this observer sees these rows itself.
        """
        return None

    can_join = True
    """whether a part can still be joined"""

    def join(self, part: Any, rows: int, seam: Sequence[OfWindow]) -> None:
        """Add what a part has seen after the first `rows` rows, as if this observer had seen it.

        What the windows show of the first rows of each series of the part is in the `seam`, for each window.
        """
        raise NotImplementedError


def check_names(observers: Sequence[Kept], taken: Iterable[str]) -> None:
    """Raise ValueError if two observers have one name, or one of `taken`, or if one has a snapshot and no name."""
    names = set(taken)
    for observer in observers:
        if not observer.name:
            if type(observer).snapshot is not Kept.snapshot:
                kind = type(observer).__name__
                raise ValueError(f"expected a `name` for the snapshot of each observer, found none in {kind}")
        elif observer.name in names:
            raise ValueError(f"expected a name of its own for each observer, found {observer.name!r}, which is taken")
        names.add(observer.name)
