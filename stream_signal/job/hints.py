"""The hint of a job that has failed: it gets the path of the input, and what it promises is looked at.

Runs once, when a job fails. A row that cannot be read may be one of a few, or the file may be read in a wrong way: only
the rest of it tells. And what a hint proposes may lead to the next error: it is tried on the first rows of the file, so
that one line has all that the file asks for.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from contextlib import closing, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import SETTINGS, settings_of
from stream_signal.core.errors import FILE, DataError, Hint, StreamSignalError, Way
from stream_signal.core.findings import BACKWARDS, BAD_ROW
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.settings import brought_by
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import is_url
from stream_signal.hints.data import LENIENT, hint_of
from stream_signal.hints.doubts import doubts_of
from stream_signal.hints.shell import reversing
from stream_signal.inputs.backwards import reversal
from stream_signal.inputs.files import read_chunks
from stream_signal.inputs.plain import STDIN
from stream_signal.inputs.probe import printing, probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stream_signal.core.config import Config

# Enough to see whether bad rows are rare; more would only take longer to fail.
_MOST_BYTES = 64 * 1024 * 1024
# A glitch of an exchange, a line of a logger; what is more frequent is a layout.
_FEW = 0.05
# What is read to see whether a proposal leads to an answer, and how many others may follow it.
_TRIED_BYTES = 1024 * 1024
_MOST_STEPS = 4


def advised(
    error: StreamSignalError, inputs: Sequence[str], config: Config | None, *, follows: bool = False
) -> Hint | None:
    """Return the hint of an error, with the path of the input that it is about."""
    path = getattr(error, "source", None) or (inputs[0] if len(inputs) == 1 else STDIN)
    hint = hint_of(error, config)
    if hint and config and error.clue and not (path == STDIN or is_url(path) or follows):
        if not probe(path).can_be_read_again:
            return located(hint, path)
        hint = _of_bad_rows(error.clue[1], path, config) if hint == LENIENT else _followed(hint, path, config)
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


def _followed(hint: Hint, path: str, config: Config) -> Hint:
    """Return a hint with one way as it leads to an answer: with what the file asks for once it is read so."""
    for _ in range(_MOST_STEPS):
        if len(hint.ways) != 1:
            return hint
        (way,) = hint.ways
        following = _after(way, path, config)
        if following is None or len(following.ways) != 1:
            return hint
        words = "; ".join(filter(None, (hint.words, following.words)))
        if {text for text in way.flags if text.startswith("--")} & set(following.ways[0].flags):
            return Hint(words)  # it leads round in a circle
        joined = _joined(way, following.ways[0])
        if joined is None:
            return hint
        hint = hint._replace(words=words, ways=(joined,))
    return hint


def _joined(way: Way, following: Way) -> Way | None:
    """Return one way that is both; None if there is none."""
    if following.first or following.instead or any(FILE in command for command in following.before):
        return None
    return way._replace(
        flags=(*way.flags, *following.flags),
        before=(*way.before, *following.before),
        without=tuple(dict.fromkeys((*way.without, *following.without))),
    )


def _after(way: Way, path: str, config: Config) -> Hint | None:
    """Return the hint of the first rows of a file as this way reads them; None if nothing is to be said of them."""
    encoding = way.before[0][2] if len(way.before) == 1 and way.before[0][0] == "iconv" else None
    if way.first or way.instead or (way.before and not encoding):
        return None
    try:
        config = _as_changed(config, way)
    except (KeyError, ValueError, StreamSignalError):  # a flag that is no setting
        return None
    times = TimeOrder(config.time_column, rows=FIRST_ROWS)
    stream = SignalStream(config._replace(newest_first=False), [times])
    try:
        stream.begin_input(size=probe(path).size, path=path)
        read = 0
        for chunk in _first_chunks(path, encoding):
            stream.feed(chunk)
            read += len(chunk)
        if read < _TRIED_BYTES:
            stream.finish()
    except DataError as error:
        following = hint_of(error, config)
        return None if following == LENIENT else following
    except (StreamSignalError, UnicodeError):
        return None

    def in_order(head_lines: int | None) -> Hint:
        way = Way(before=(reversing(head_lines),)) if encoding and head_lines is not None else None
        return reversal([path], head_lines) if not encoding else Hint("", (way,) if way else ())

    for doubt in doubts_of(stream, times, in_order, so_far=True):
        is_reversed = doubt.kind == BACKWARDS
        if doubt.hint.ways and not (is_reversed and config.newest_first):
            return doubt.hint._replace(words="its rows come newest first" if is_reversed else doubt.text)
    return None


def _as_changed(config: Config, way: Way) -> Config:
    """Return the settings that a job has if this way is typed."""
    settings = settings_of(way.flags)
    undone = {name for name in way.without if name in SETTINGS}
    if "format" in {*undone, *settings}:
        undone |= brought_by(config.format).keys()
    return config._replace(**dict.fromkeys(undone), **brought_by(settings.get("format")) | settings)


def _first_chunks(path: str, encoding: str | None) -> Iterator[bytes]:
    """Yield the first bytes of an input, as UTF-8 if it has another encoding."""
    decode = getincrementaldecoder(encoding)().decode if encoding else None
    left = _TRIED_BYTES
    with closing(read_chunks(path)) as chunks:
        while left > 0 and (chunk := next(chunks, b"")):
            left -= len(chunk)
            yield decode(chunk).encode() if decode else chunk
