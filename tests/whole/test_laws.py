"""The laws of the design, as properties over generated files."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.limits import MAX_LINE_BYTES
from support.archives import COMPRESSORS, ZIP_METHODS, zipped
from support.candle_csv import candle_csv, row
from support.commands import run_in_process, settings_yaml, without_latency
from support.oracle import count
from support.strategies import Document, bad_closes, close_lists, cuts, documents, windows


def fed(pieces: list[bytes], **options: Any) -> tuple[tuple[int, int], SignalStream]:
    """Feed the pieces to a stream; return (rows, signals) and the stream."""
    stream = SignalStream(Config(**options))
    for piece in pieces:
        stream.feed(piece)
    return stream.finish()[:2], stream


@given(documents(), windows)
def test_exact(document: Document, window: int) -> None:
    """Law 1: in every dialect, the counts are those of fractions summed anew at every row."""
    assert fed([document.data], window=window)[0] == count(document.closes, window)


@given(st.data(), documents(), windows)
def test_cut_invariant(data: st.DataObject, document: Document, window: int) -> None:
    """Law 2: the counts and the repairs are the same for every cut of the bytes."""
    whole, one = fed([document.data], window=window)
    cut, other = fed(data.draw(cuts(document.data)), window=window)
    assert cut == whole
    assert other.header == one.header
    assert (other.repairs.counts, other.repairs.first) == (one.repairs.counts, one.repairs.first)


@given(st.data(), st.lists(st.sampled_from(b',;"\r\n\xef\xbb\xbf\x001.5-eNa'), max_size=80).map(bytes))
def test_cut_invariant_over_junk(data: st.DataObject, junk: bytes) -> None:
    """Law 2: bytes that make no sense give the same error, or the same counts, for every cut."""

    def outcome(pieces: list[bytes]) -> object:
        try:
            return fed(pieces, window=2, bad_rows="missing")[0]
        except DataError as error:
            return str(error)

    junk = b"close,x\n" + junk
    assert outcome(data.draw(cuts(junk))) == outcome([junk])


@given(st.data(), st.integers(0, 5), st.integers(1, 3 * MAX_LINE_BYTES), st.booleans())
def test_bounded(data: st.DataObject, before: int, excess: int, ends: bool) -> None:  # noqa: FBT001
    """Law 7: a line beyond the bound is refused by its number, at every cut, whether it ends or not."""
    text = candle_csv(["1"] * before) + b"x" * (MAX_LINE_BYTES + excess) + b"\n" * ends
    with pytest.raises(DataError) as refused:
        fed(data.draw(cuts(text)))
    assert refused.value.line == before + 2


@given(st.data(), close_lists, bad_closes, windows)
def test_refused(data: st.DataObject, closes: list[str], bad: str, window: int) -> None:
    """Law 8: a close with no meaning is an error with its line, or, where so set, a missing close that is counted."""
    at = data.draw(st.integers(0, len(closes)))
    text = candle_csv([*closes[:at], bad, *closes[at:]])
    with pytest.raises(DataError) as refused:
        fed([text], window=window)
    assert refused.value.line == at + 2
    stream = SignalStream(Config(window=window, bad_rows="missing"))
    stream.feed(text)
    assert (stream.rows, stream.signals) == count([*closes[:at], "", *closes[at:]], window)
    assert stream.repairs.counts["bad_rows"] == 1
    assert stream.repairs.in_words()["bad_rows"] == [str(refused.value)]


@given(documents())
def test_no_repair_is_silent(document: Document) -> None:
    """Law 8: what was passed over or taken as missing is counted, kind by kind."""
    assert fed([document.data])[1].repairs.counts == document.repairs


@given(st.data(), close_lists)
def test_torn_row(data: st.DataObject, closes: list[str]) -> None:
    """Law 8: a row cut off before its last field never passes as a price."""
    whole = row(len(closes), "42004.66")
    torn = whole[: data.draw(st.integers(1, whole.rindex(",")))]
    with pytest.raises(DataError) as refused:
        fed([candle_csv(closes) + torn.encode()])
    assert refused.value.line == len(closes) + 2


@given(documents(), windows)
def test_stdout_is_the_product(document: Document, window: int) -> None:
    """Law 9: by file and by pipe, stdout is one line of JSON, the same one, and stderr has nothing but doubts."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.yaml").write_text(settings_yaml(window=window))
        (place / "data.csv").write_bytes(document.data)
        by_file = run_in_process("data.csv", "--quiet", cwd=place)
        by_pipe = run_in_process("--quiet", stdin=document.data, cwd=place)
        rows, signals = count(document.closes, window)
        for done in (by_file, by_pipe):
            assert (done.code, done.stderr, done.stdout.count(b"\n")) == (0, "", 1)
            latency = json.loads(done.stdout)["latency_ms"]
            assert done.stdout.decode() == (
                f'{{"version": "v1", "rows_processed": {rows}, "metric": "signal_rate", '
                f'"value": {signals / rows!r}, "latency_ms": {latency}, "seed": 42, "status": "success"}}\n'
            )


@given(st.lists(close_lists, min_size=1, max_size=4), windows, st.data())
def test_parts(parts: list[list[str]], window: int, data: st.DataObject) -> None:
    """Law 6: several files, each with its own head and with or without its last newline, are one stream."""
    stream = SignalStream(Config(window=window))
    for number, closes in enumerate(parts):
        head = data.draw(st.sampled_from(["", "\ufeff", "\ufeffhttps://example.com\n", "a\nb\n"]))
        text = head + candle_csv(closes).decode()
        if number and not head and data.draw(st.booleans()):
            text = text.partition("\n")[2]
        stream.feed(text[: -data.draw(st.integers(0, 1)) or None].encode())
        stream.end_input()
    assert stream.finish()[:2] == count([close for closes in parts for close in closes], window)


def answers(place: Path, data: bytes, *flags: str) -> set[str]:
    """Run the command on bytes as a file and through a pipe; return what is on stdout, without the latency."""
    (place / "data").write_bytes(data)
    runs = [
        run_in_process("data", *flags, "--quiet", cwd=place),
        run_in_process(*flags, "--quiet", stdin=data, cwd=place),
    ]
    return {without_latency(done.stdout.decode()) for done in runs}


@given(documents(), windows, st.data())
def test_every_compression(document: Document, window: int, data: st.DataObject) -> None:
    """Law 6: what is compressed, in as many streams as it may be cut into, gives the bytes that the CSV gives."""
    with tempfile.TemporaryDirectory() as folder:
        place, flags = Path(folder), ("--window", str(window))
        plain = answers(place, document.data, *flags)
        rows, signals = count(document.closes, window)
        assert [json.loads(stdout)["value"] for stdout in plain] == [signals / rows]
        for compress in COMPRESSORS.values():
            streams = [compress(piece) for piece in data.draw(cuts(document.data))]
            assert answers(place, b"".join(streams), *flags) == plain
        assert answers(place, zipped({"data.csv": document.data}), *flags) == plain


@given(st.lists(close_lists, min_size=1, max_size=4), windows, st.data())
def test_every_split(parts: list[list[str]], window: int, data: st.DataObject) -> None:
    """Law 6: rows cut into files, each with the header or without, give the bytes of one file, zipped or not."""
    texts = {}
    for number, closes in enumerate(parts):
        text = candle_csv(closes, header=not number or data.draw(st.booleans()))
        texts[f"{9 - number}.csv"] = text[: -data.draw(st.integers(0, 1)) or None]
    with tempfile.TemporaryDirectory() as folder:
        place, flags = Path(folder), ("--window", str(window))
        plain = answers(place, candle_csv([close for closes in parts for close in closes]), *flags)
        for name, text in texts.items():
            (place / name).write_bytes(data.draw(st.sampled_from([bytes, *COMPRESSORS.values()]))(text))
        files = run_in_process(*texts, *flags, "--quiet", cwd=place)
        assert {without_latency(files.stdout.decode())} == plain
        assert answers(place, zipped(texts, data.draw(st.sampled_from(ZIP_METHODS))), *flags) == plain


@given(close_lists, windows, st.sampled_from(sorted(COMPRESSORS)), st.data())
def test_resumed_in_compressed(closes: list[str], window: int, name: str, data: st.DataObject) -> None:
    """Law 5: a compressed file that is cut off at any byte fails; once it is whole, the job goes on where it was."""
    text = candle_csv(closes)
    packed = b"".join(map(COMPRESSORS[name], data.draw(cuts(text))))
    flags = ("data", "--window", str(window), "--quiet", "--checkpoint", "state.json", "--checkpoint-every", "1e-9")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        plain = answers(place, text, "--window", str(window))
        for length in sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=3))):
            (place / "data").write_bytes(packed[:length])
            run_in_process(*flags, cwd=place)
        (place / "data").write_bytes(packed)
        assert {without_latency(run_in_process(*flags, cwd=place).stdout.decode())} == plain
        # All of it has been read, up to the last row.
        assert {without_latency(run_in_process(*flags, cwd=place).stdout.decode())} == plain
