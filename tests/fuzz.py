"""Structured fuzzing of everything that comes from outside: candles, configs, checkpoints.

    make fuzz                                  # ten minutes
    python tests/fuzz.py --seconds 60 --seed 7

Starts from the table of cases, changes bytes, tokens and whole parts, and runs the job in this process. Only two ends
are right: metrics, or an error that was meant (any StreamSignalError but InternalError), within a time and a memory.
Where the input reads at all, the same bytes cut in two and handed to the block engine have to give the same. A
checkpoint is changed with and without a hash that fits. What is found is kept in `fuzz-findings/`, with its seed.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import hashlib
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from stream_signal import Config, ConfigError, DataError, InternalError, SignalStream, StreamSignalError
from stream_signal.job.run import execute
from stream_signal.job.saved import SCHEMA
from stream_signal.order import Order
from support.cases import CASES
from support.commands import settings_yaml
from support.streams import by_blocks

FINDINGS = Path("fuzz-findings")
SECONDS_A_RUN = 60  # the longest takes 6 s of a quiet machine
MEMORY_BYTES = 2 * 1024**3
TOKENS = [
    *(b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r\n", b"\r", b"\x00", b"\xff", b"\xef\xbb\xbf", b"close", b"NaN"),
    *(b"1e9", b"1e-400", b"-", b".", b"4.58", b"9" * 30, b"9" * 401, b"x" * 5000, b"\n" * 300, b"a," * 3000),
]
YAML_TOKENS = [
    *(b"&a ", b"*a", b"[", b"]", b"{", b"}", b": ", b"- ", b"!!int ", b"\n", b"'", b'"', b"|", b">", b"#", b"<<: *a\n"),
    *(b"window", b"1_000", b"0x10", b"010", b"1:30", b"~", b"yes", b"\x00", b"\t", b"? ", b"9" * 400, b"%YAML 9.9\n"),
]
JSON_VALUES: list[object] = [
    None,
    True,
    -1,
    0,
    1,
    2.5,
    10**30,
    -(10**30),
    "",
    "close",
    "\x00",
    [],
    {},
    [[]],
    [1, 2],
    {"a": 1},
]


def main() -> int:
    """Fuzz for so many seconds or runs; return 1 where anything was found."""
    parser = argparse.ArgumentParser(description="Fuzz candles, configs and checkpoints.")
    parser.add_argument("--seconds", type=float, default=600, help="default: 600")
    parser.add_argument("--runs", type=int, default=sys.maxsize, help="end after so many runs")
    parser.add_argument("--seed", type=int, default=0, help="of the first run; each run has the next (default: 0)")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _hang)
    end, ends = time.monotonic() + options.seconds, {"metrics": 0, "error": 0, "found": 0}
    seed = options.seed
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            while time.monotonic() < end and seed - options.seed < options.runs:
                kind = fuzz(seed, home / FINDINGS)
                ends[kind] += 1
                seed += 1
        finally:
            os.chdir(home)
    print(
        f"seeds {options.seed} to {seed - 1}: {ends['metrics']} metrics, {ends['error']} errors, {ends['found']} found"
    )
    return 1 if ends["found"] else 0


def fuzz(seed: int, findings: Path) -> str:
    """Make the files of one seed and run the job on them; return how that ended."""
    rng = random.Random(seed)
    case, other = rng.choice(CASES), rng.choice(CASES)
    if rng.random() < 0.5:  # so that more of what is changed is read to its end
        case = case._replace(settings={**case.settings, "bad_rows": "missing"})
    data = _changed(rng, case.data, other.data, TOKENS) if rng.random() < 0.8 else case.data
    config = settings_yaml(**case.settings).encode()
    if rng.random() < 0.3:
        config = _changed(rng, config, settings_yaml(**other.settings).encode(), YAML_TOKENS)
    for name in ("state.json", "m.json", "s.csv", "s.jsonl"):
        Path(name).unlink(missing_ok=True)
    Path("data.csv").write_bytes(case.data)
    Path("config.yaml").write_bytes(config)
    checkpoint = "state.json" if rng.random() < 0.5 else None
    signals = rng.choice([None, "s.csv", "s.jsonl"])
    order = Order(("data.csv",), output="m.json", checkpoint=checkpoint, signals=signals, quiet=True)
    if order.checkpoint:
        with contextlib.suppress(StreamSignalError):
            execute(order)
        if os.path.exists("state.json") and rng.random() < 0.8:
            Path("state.json").write_bytes(_changed_checkpoint(rng, Path("state.json").read_bytes()))
    Path("data.csv").write_bytes(data)
    signal.alarm(SECONDS_A_RUN)
    try:
        kind = _run(order)
        _compare(rng, data, config)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        findings.mkdir(exist_ok=True)
        for name in ("data.csv", "config.yaml", "state.json"):
            if os.path.exists(name):
                (findings / f"{seed}-{name}").write_bytes(Path(name).read_bytes())
        (findings / f"{seed}.txt").write_text(f"{order}\n{traceback.format_exc()}")
        print(f"seed {seed}: {type(error).__name__}: {error}", file=sys.stderr)
        kind = "found"
    finally:
        signal.alarm(0)
    return kind


def _run(order: Order) -> str:
    meant = None
    try:
        execute(order)
    except InternalError:
        raise
    except StreamSignalError as error:
        meant = " ".join(str(error).splitlines())
    record = json.loads(Path(order.output).read_text())
    assert record.get("error_message") == meant
    return "error" if meant else "metrics"


def _compare(rng: random.Random, data: bytes, config: bytes) -> None:
    """Check laws 2, 3 and 5 on these bytes."""
    from stream_signal.core.config import configured
    from stream_signal.core.config_yaml import read_settings

    try:
        settings = configured(read_settings(config, Config), {})
    except ConfigError:
        return
    wanted = _outcome(settings, [data])
    place = rng.randrange(len(data) + 1)
    engine = by_blocks(rng.choice([100, 1000, 65536]))
    assert _outcome(settings, [data[:place], data[place:]], **engine) == wanted
    assert _outcome(settings, [data[:place], data[place:]], stop=True, **engine) == wanted


def _outcome(settings: Config, pieces: list[bytes], *, stop: bool = False, **engine: Any) -> object:
    counted = SignalStream(settings, **engine)
    fed = io.BytesIO(b"".join(pieces))
    try:
        for piece in pieces:
            counted.feed(fed.read(len(piece)))
            if stop:
                state = counted.state()
                ahead, counted = fed.tell(), SignalStream.from_state(settings, state, **engine)
                fed.seek(state.offset)
                counted.feed(fed.read(ahead - state.offset))
        return counted.finish(), counted.repairs.counts
    except DataError as error:
        return str(error), counted.rows


def _changed(rng: random.Random, data: bytes, other: bytes, tokens: list[bytes]) -> bytes:
    """Change bytes in a few places."""
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        at, end = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        match rng.randrange(8):
            case 0:
                data = data[:at] + rng.choice(tokens) + data[at:]
            case 1:
                data = data[:at] + rng.choice(tokens) + data[end:]
            case 2:
                data = data[:at] + data[end:]
            case 3:
                data = data[:end] + data[at:]
            case 4:
                data = data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at + rng.randrange(9) :]
            case 5:
                data = data[:at] + other[rng.randrange(len(other) + 1) :]
            case 6:
                data = (data[:at] + data[at:end] * rng.randrange(2, 50) + data[end:])[:500_000]
            case 7:
                data = data[:at] + str(rng.randrange(10**6)).encode() + data[at:]
    return data


def _changed_checkpoint(rng: random.Random, data: bytes) -> bytes:
    if rng.random() < 0.3:
        return _changed(rng, data, data, TOKENS)
    saved = json.loads(data)["saved"]
    for _ in range(rng.choice([1, 1, 2])):
        _change_value(rng, saved)
    digest = hashlib.sha256(json.dumps(saved).encode()).hexdigest()
    return json.dumps({"schema": SCHEMA, "sha256": digest, "saved": saved}).encode()


def _change_value(rng: random.Random, found: dict[str, object] | list[object]) -> None:
    """Go down at random, and put another value there."""
    while found:
        key = rng.choice(list(found)) if isinstance(found, dict) else rng.randrange(len(found))
        below = found[key]  # type: ignore[index]
        if isinstance(below, (dict, list)) and below and rng.random() < 0.8:
            found = below
            continue
        found[key] = copy.deepcopy(rng.choice([*JSON_VALUES, below, [below], {"x": below}]))  # type: ignore[index]
        return


def _hang(*_: object) -> None:
    raise TimeoutError(f"no end within {SECONDS_A_RUN} s")


if __name__ == "__main__":
    sys.exit(main())
