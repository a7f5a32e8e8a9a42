"""The hash table of texts: each known text is found, and no other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.spellings import Spellings, words_of

texts = st.lists(st.binary(max_size=30).filter(lambda text: 0 not in text), min_size=1, max_size=60)


def find(spellings: Spellings, found: list[bytes]) -> tuple[list[int], list[bytes]]:
    """Look up texts that are written one after another."""
    lengths = np.array([len(text) for text in found])
    begins = np.cumsum(lengths) - lengths
    numbers, new = spellings.find(words_of(b"".join(found) + bytes(8), begins, lengths))
    return numbers.tolist(), new


@given(texts, texts)
def test_the_known_are_found_and_the_others_named(known: list[bytes], asked: list[bytes]) -> None:
    """Whatever the texts are, in however many turns they are learnt."""
    spellings = Spellings()
    distinct = list(dict.fromkeys(known))
    spellings.learn(distinct[::2])
    spellings.learn(distinct[1::2])
    order = distinct[::2] + distinct[1::2]
    new = [text for text in dict.fromkeys(asked) if text not in order]
    assert spellings.texts == order
    assert find(spellings, asked + known) == ([(order + new).index(text) for text in asked + known], new)
    spellings.learn(new)
    assert find(spellings, new + order) == ([*range(len(order), len(order + new)), *range(len(order))], [])


def test_many() -> None:
    """A hundred thousand texts are told apart."""
    spellings = Spellings()
    known = [b"%dUSDT-%d" % (at, at % 3) for at in range(100_000)]
    spellings.learn(known)
    assert find(spellings, known) == (list(range(100_000)), [])
