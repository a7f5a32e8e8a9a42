"""The hint of a job that has failed: it gets the path of the input, and what it promises is looked at.

Runs once, when a job fails. A row that cannot be read may be one of a few, or the file may be read in a wrong way: only
the rest of it tells.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import FILE, Hint, StreamSignalError, Way
from stream_signal.core.findings import BAD_ROW
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import is_url
from stream_signal.hints.data import LENIENT, hint_of
from stream_signal.hints.shell import reversing
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
) -> Hint | None:
    """Return the hint of an error, with the path of the input that it is about."""
    path = getattr(error, "source", None) or (inputs[0] if len(inputs) == 1 else STDIN)
    hint = hint_of(error, config)
    if hint == LENIENT and config and error.clue:
        if path == STDIN or is_url(path) or follows or not probe(path).can_be_read_again:
            return located(LENIENT, path)
        hint = _of_bad_rows(error.clue[1], path, config)
    return hint and located(hint, path)


def located(hint: Hint, path: str) -> Hint:
    """Return a hint with the path of its input; stdin has none, and a URL none that can be typed."""
    if not hint.ways or hint.path:
        return hint
    if not is_url(path) and probe(path).can_be_read_again:
        return hint if path == STDIN else hint._replace(path=path, printing=printing(path))
    return hint._replace(ways=tuple(map(_in_one_direction, hint.ways)))


def _in_one_direction(way: Way) -> Way:
    """Return a way for what has no end to be read from: its rows, which have no header, are reversed on their way."""
    if "--newest-first" not in way.flags:
        return way
    flags = tuple("--no-newest-first" if flag == "--newest-first" else flag for flag in way.flags)
    return way._replace(flags=flags, before=(*way.before, reversing(0)))


def _of_bad_rows(facts: dict[str, Any], path: str, config: Config) -> Hint:
    """Propose that bad rows count without a close only if they are few and apart; read them all, or a good part."""
    stream = SignalStream(config._replace(bad_rows="missing", max_bad=1.0))
    left, is_whole, newlines, end = _MOST_BYTES, False, 0, b""
    with suppress(StreamSignalError):  # what was counted up to there tells
        stream.begin_input(size=probe(path).size, path=path)
        for chunk in read_chunks(path):
            stream.feed(chunk)
            left -= len(chunk)
            newlines, end = newlines + chunk.count(b"\n"), chunk[-1:] or end
            if left <= 0:
                break
        is_whole = left > 0
        stream.finish()
    bad, rows = stream.repairs.counts.get(BAD_ROW, 0), stream.rows
    told = f"{bad} of {'' if is_whole else 'the first '}{rows} rows cannot be read"
    lines = [place.line for place in stream.repairs.first.get(BAD_ROW, [])]
    has_other_fields = len(facts["cells"]) != facts["header"].width
    if is_whole and bad == 1 and has_other_fields and lines == [newlines + (end != b"\n")]:
        return Hint("only the last line cannot be read, and it may be no row", (Way(before=(("sed", "$d", FILE),)),))
    if any(later - one == 1 for one, later in pairwise(lines)):
        return Hint(f"{told}, and they follow each other: the file seems to have another layout")
    if bad > max(1, _FEW * rows):
        return Hint(f"{told}: the file seems to have another layout")
    return LENIENT._replace(words=f"{told}; {LENIENT.words}")
