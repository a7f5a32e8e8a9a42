"""What reaches the block engine, and what is left when it is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_signal import SignalStream
from stream_signal.core.blocks.decoder import Block, BlockDecoder
from stream_signal.core.text.reader import TextReader
from support.candle_csv import candle_csv, row
from support.streams import by_blocks, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.rows import Rows


@pytest.mark.parametrize("size", [200, 1000, 64 * 1024])
def test_small_files_reach_the_block_engine(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed over here does reach it: the tests of this page would pass without it, too."""
    decode, reached = BlockDecoder.decode, []

    def spy(self: BlockDecoder, piece: bytes, start: int, end: int) -> Block | None:
        block = decode(self, piece, start, end)
        reached.append(len(block.ticks) if block else 0)
        return block

    monkeypatch.setattr(BlockDecoder, "decode", spy)
    assert outcome([candle_csv(["4.58"] * 200)], by_blocks(size))["rows"] == 200
    assert sum(reached) > 50


def test_interrupted_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interruption that the command would have kept back, the counts are those of the rows before it."""
    counted = SignalStream(**by_blocks(64 * 1024))
    counted.feed(candle_csv(["1"] * 20 + [" 1"] + ["1"] * 20)[:-1])
    text = "".join(row(number, "1" if number != 10 else " 1") + "\n" for number in range(200)).encode()
    counted.feed(b"\n")
    before = counted.rows
    rows = TextReader.rows

    def interrupt(self: TextReader, data: bytes) -> Iterator[Rows]:
        if b" 1" in data:
            raise KeyboardInterrupt
        return rows(self, data)

    monkeypatch.setattr(TextReader, "rows", interrupt)
    with pytest.raises(KeyboardInterrupt):
        counted.feed(text)
    assert before <= counted.rows <= before + 10
