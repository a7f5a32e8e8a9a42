"""The hint of a job that has failed: its commands get the path of the input, and what they promise is looked at.

Runs once, when a job fails. A row that cannot be read may be one of a few, or the file may be read in a wrong way: only
the rest of it tells.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

from stream_signal.core.advice import FILE, Advice, Way
from stream_signal.core.errors import DataError, StreamSignalError
from stream_signal.core.findings import BAD_ROW
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import is_url
from stream_signal.inputs.files import read_chunks
from stream_signal.inputs.plain import STDIN
from stream_signal.inputs.probe import printing, probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config

# Enough to see whether bad rows are rare; more would only take longer to fail.
_MOST_BYTES = 64 * 1024 * 1024
# A glitch of an exchange, a line of a logger; what is more frequent is a layout.
_FEW = 0.05


def advised(
    error: StreamSignalError, inputs: Sequence[str], config: Config | None, *, follows: bool = False
) -> str | None:
    """Return the hint of an error with the path of the input that it is about in its commands."""
    path = getattr(error, "source", None) or (inputs[0] if len(inputs) == 1 else STDIN)
    is_file = path != STDIN and not is_url(path)
    is_of_fields = isinstance(error, DataError) and error.expected.endswith(" fields")  # rather than of a close
    hint = error.hint
    if isinstance(hint, Advice) and hint.needs_few_bad:
        hint = (
            _of_bad_rows(hint, path, config, is_of_fields=is_of_fields)
            if is_file and config and not follows
            else str(hint)
        )
    if isinstance(hint, Advice):
        return hint.located(path if is_file else None, printing(path) if is_file else None)
    return hint


def _of_bad_rows(hint: Advice, path: str, config: Config, *, is_of_fields: bool) -> str:
    """Propose that bad rows count without a close only if they are few and apart; read them all, or a good part."""
    about = probe(path)
    if not about.can_be_read_again:
        return str(hint)
    stream = SignalStream(config._replace(bad_rows="missing", max_bad=1.0))
    left, is_whole, newlines, end = _MOST_BYTES, False, 0, b""
    with suppress(StreamSignalError):  # what was counted up to there tells
        stream.begin_input(size=about.size, path=path)
        for chunk in read_chunks(path):
            stream.feed(chunk)
            left -= len(chunk)
            newlines, end = newlines + chunk.count(b"\n"), chunk[-1:] or end
            if left <= 0:
                break
        is_whole = left > 0
        stream.finish()
    bad, rows = stream.repairs.counts.get(BAD_ROW, 0), stream.rows
    found = f"{bad} of {'' if is_whole else 'the first '}{rows} rows cannot be read"
    lines = [place.line for place in stream.repairs.first.get(BAD_ROW, [])]
    if is_whole and bad == 1 and is_of_fields and lines == [newlines + (end != b"\n")]:
        return Advice.of("only the last line cannot be read, and it may be no row", Way(command=f"sed '$d' {FILE}"))
    if any(later - one == 1 for one, later in pairwise(lines)):
        return f"{found}, and they follow each other: the file seems to have another layout"
    if bad > max(1, _FEW * rows):
        return f"{found}: the file seems to have another layout"
    words = f"{found}; {hint.words}"
    return Advice(f"{found}; {hint}", words, hint.ways)
