"""The source of inputs that are read once, from their first byte on, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.opening import expanded

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_signal.core.config import Config
    from stream_signal.inputs.events import Source
    from stream_signal.inputs.plain import Opened


def source_of(
    names: tuple[str, ...],
    config: Config,
    tap: Callable[[Opened], Opened] | None = None,
    *,
    batches: bool = False,
) -> Source:
    """Return the source of inputs by their names; InputError if they cannot be read as `config` says.

    `tap`, if given, is shown each input that is read from its start, and returns what is read in its place. With
    `batches`, rows of Parquet and Arrow files may be given as Batch.
    """
    if not config.newest_first:
        return FilesSource(expanded(names), config, tap=tap, batches=batches)
    from stream_signal.inputs.backwards import BackwardsSource

    return BackwardsSource(names, config)
