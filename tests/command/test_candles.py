"""The synthetic candles: the same for ever, and like the real ones."""

from __future__ import annotations

import csv
import hashlib
import itertools
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from stream_signal.command.candles import candles
from support.commands import REPOSITORY, run_in_process

if TYPE_CHECKING:
    from pathlib import Path


def test_data_csv_is_the_output_of_the_command(tmp_path: Path) -> None:
    """`data.csv` is what `stream-signal candles --rows 10000 --seed 42` writes, to the byte."""
    done = run_in_process("candles", "--rows", "10000", "--seed", "42", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (REPOSITORY / "data.csv").read_bytes()


def test_the_seed_is_that_of_the_config(tmp_path: Path) -> None:
    """Without --seed, the config's seed is taken; the rows are 10,000 where not said."""
    (tmp_path / "config.yaml").write_text('seed: 7\nwindow: 5\nversion: "v1"\n')
    done = run_in_process("candles", cwd=tmp_path)
    assert done.stdout == b"".join(candles(10_000, seed=7))
    assert done.stdout != (REPOSITORY / "data.csv").read_bytes()
    (tmp_path / "config.yaml").write_text("seed: x\n")
    assert run_in_process("candles", cwd=tmp_path).code == 1


@given(st.integers(0, 2**63 - 1), st.integers(1, 1500))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(seed: int, rows: int) -> None:
    """The candles of a seed do not depend on how many are asked for."""
    longer = b"".join(candles(1500, seed))
    assert longer.startswith(b"".join(candles(rows, seed)))
    assert longer.count(b"\n") == 1501


@given(st.integers(0, 2**63 - 1))
def test_like_real_candles(seed: int) -> None:
    """Low <= open, close <= high; a minute follows each minute; where nothing traded, the last close repeats."""
    rows = list(csv.DictReader(b"".join(candles(3000, seed)).decode().splitlines()))
    quiet = 0
    for last, now in itertools.pairwise(rows):
        opened, high, low, close = (round(float(now[name]) * 100) for name in ("open", "high", "low", "close"))
        assert 0 < low <= min(opened, close) <= max(opened, close) <= high
        assert int(now["timestamp"]) == int(last["timestamp"]) + 60
        assert now["open"] == last["close"]
        if now["volume"] == "0.00000000":
            quiet += 1
            assert now["open"] == now["high"] == now["low"] == now["close"]
    assert 150 < quiet < 750


def test_volatility_clusters() -> None:
    """Large moves follow large moves: the squared returns are correlated from one minute to the next."""
    rows = list(csv.DictReader((REPOSITORY / "data.csv").read_text().splitlines()))
    moves = [(float(row["close"]) / float(row["open"]) - 1) ** 2 for row in rows if row["volume"] != "0.00000000"]
    middle = sum(moves) / len(moves)
    together = sum((a - middle) * (b - middle) for a, b in itertools.pairwise(moves))
    assert together / sum((a - middle) ** 2 for a in moves) > 0.1


def test_a_market(tmp_path: Path) -> None:
    """With --symbols, each symbol has candles of its own, the same for ever, and all rows are in order of time."""
    done = run_in_process("candles", "--symbols", "7", "--rows", "3000", "--seed", "42", cwd=tmp_path)
    rows = list(csv.DictReader(done.stdout.decode().splitlines()))
    assert hashlib.sha256(done.stdout).hexdigest().startswith("28bd1db77db83b3a")
    assert len(rows) == 3000
    times = [int(row["timestamp"]) for row in rows]
    assert times == sorted(times)
    counts = {f"SYM{number:03}": 0 for number in range(1, 8)}
    for row in rows:
        counts[row["symbol"]] += 1
    assert sorted(counts, key=lambda symbol: -counts[symbol]) == list(counts)
    for symbol in counts:
        closes = [(row["open"], row["close"]) for row in rows if row["symbol"] == symbol]
        assert all(before[1] == after[0] for before, after in pairwise(closes))
