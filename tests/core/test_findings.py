"""The ledger of findings: what adds up, in whichever parts it was found."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, State
from stream_signal.core.findings import EXAMPLES, REPAIRS, Findings

Notes = list[tuple[str, int, str]]

notes = st.lists(
    st.tuples(st.sampled_from(REPAIRS[:3]), st.integers(1, 3), st.sampled_from(["", "found 'x'"])), max_size=12
)


def ledger(found: Notes, source: str | None = None) -> Findings:
    """Note what was found, each so many lines after the one before."""
    findings = Findings()
    findings.source, line = source, 0
    for kind, lines, text in found:
        line += lines
        findings.note(kind, line, text)
    return findings


def length(found: Notes) -> int:
    """Count the lines up to the last finding."""
    return sum(lines for _, lines, _ in found)


@given(notes)
def test_a_ledger_counts_and_keeps_the_first_places(found: Notes) -> None:
    """Each kind has its count, and its first places in their order: no more than a few, never none."""
    findings, line = ledger(found, "a.csv"), 0
    places: dict[str, list[tuple[int, str, str | None]]] = {}
    for kind, lines, text in found:
        line += lines
        places.setdefault(kind, []).append((line, text, "a.csv"))
    assert findings.counts == {kind: len(each) for kind, each in places.items()}
    assert findings.first == {kind: each[:EXAMPLES] for kind, each in places.items()}
    assert list(findings.counts) == list(findings.first) == list(places)


@given(notes, notes, notes)
def test_ledgers_add_up(one: Notes, two: Notes, three: Notes) -> None:
    """Parts counted apart, added in any grouping, are the ledger of the whole: later lines shifted, in its input."""
    left = ledger(one, "a.csv")
    left.add(ledger(two), length(one))
    left.add(ledger(three), length(one + two))
    right, later = ledger(one, "a.csv"), ledger(two)
    later.add(ledger(three), length(two))
    right.add(later, length(one))
    assert left == right == ledger(one + two + three, "a.csv")


@given(notes, notes)
def test_a_copy_is_independent(one: Notes, two: Notes) -> None:
    """A copy is equal, places of earlier inputs without a name included, and stays as it is."""
    findings = ledger(one)
    findings.source = "b.csv"
    copied = findings.copy()
    assert copied == findings
    findings.add(ledger([*two, (REPAIRS[0], 1, "")]), 9)
    assert copied == ledger(one) != findings


@given(notes)
def test_a_state_keeps_the_ledger(found: Notes) -> None:
    """What a state says in JSON is the same ledger, order of its kinds included."""
    state = SignalStream(Config(window=2)).state()._replace(repairs=ledger(found, "a.csv"))
    restored = State.from_json(json.loads(json.dumps(state.as_json())), 2).repairs
    assert restored == state.repairs
    assert list(restored.counts) == list(state.repairs.counts)


def test_lines_of_the_file() -> None:
    """A place names the line in the file, where lines come in another order; one that was added has its own."""
    findings = Findings()
    findings.line_of = lambda line: 100 - line
    findings.note("bad_rows", 1, "found 'x'")
    assert findings.in_words() == {"bad_rows": ["line 99: found 'x'"]}
