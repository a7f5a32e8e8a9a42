"""Many files as one stream: any number of them, one open at a time, and folders."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, SignalStream
from stream_signal.inputs.files import FilesSource
from stream_signal.job.drive import read
from support.archives import COMPRESSORS, zipped
from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, metrics_of, run_command, run_in_process
from support.oracle import count
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = 3000


def test_thousands_of_files(tmp_path: Path) -> None:
    """Of 3000 files, plain and compressed, none is open before its turn or after: 16 descriptors are enough."""
    closes = [f"{number % 11}.25" for number in range(2 * FILES)]
    names = [f"{number:04}.csv" for number in range(FILES)]
    for number, name in enumerate(names):
        data = candle_csv(closes[2 * number : 2 * number + 2])
        (tmp_path / name).write_bytes(COMPRESSORS["gzip"](data) if number % 100 == 50 else data)
    script = 'ulimit -n 16; exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", script, COMMAND, "--quiet", *names], cwd=tmp_path, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    rows, signals = count(closes, 5)
    metrics = json.loads(done.stdout)
    assert (metrics["rows_processed"], metrics["value"]) == (rows, signals / rows)


def halves(data: bytes) -> bytes:
    """Make a zip file of two members, the second without a header."""
    cut = data.index(b"\n", len(data) // 2) + 1
    return zipped({"1.csv": data[:cut], "2.csv": data[cut:]})


def test_formats_next_to_each_other(tmp_path: Path) -> None:
    """Files of every format are one stream, in the order given."""
    packed: list[Callable[[bytes], bytes]] = [*COMPRESSORS.values(), bytes, halves]
    size = len(CLOSES) // len(packed)
    names = []
    for number, pack in enumerate(packed):
        names.append(f"{number}.csv")
        (tmp_path / names[-1]).write_bytes(pack(candle_csv(CLOSES[number * size : (number + 1) * size])))
    rows, signals = count(CLOSES, 60)
    metrics = run_in_process(*names, "--window", "60", cwd=tmp_path).record
    assert (metrics["rows_processed"], metrics["value"]) == (rows, signals / rows)


def test_a_missing_file_has_its_turn(tmp_path: Path) -> None:
    """A file that is missing is an error when its turn comes: the rows before it are counted, and it may appear."""
    (tmp_path / "a.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("a.csv", "b.csv", "--signals", "s.csv", cwd=tmp_path)
    assert done.record["error_message"] == "cannot read 'b.csv': No such file or directory"
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == len(CLOSES) + 1


def test_another_header_in_a_compressed_file(tmp_path: Path) -> None:
    """A compressed file with another header than the first one is refused by its name."""
    (tmp_path / "a.csv").write_bytes(candle_csv(CLOSES))
    (tmp_path / "b.csv.gz").write_bytes(COMPRESSORS["gzip"](candle_csv(CLOSES).replace(b"open", b"Open")))
    message = run_in_process("a.csv", "b.csv.gz", cwd=tmp_path).record["error_message"]
    assert message.startswith("b.csv.gz: line 1: expected the header of the first input")


@pytest.mark.parametrize(
    ("folder", "names", "command"),
    [
        ("candles", ["2.csv", "1.csv", "notes.txt"], "candles/*.csv"),
        ("my candles/", ["1.csv.gz", "2.csv.gz", "2.csv"], "'my candles/'*.csv.gz"),
        ("zips", ["a.zip", "notes"], "zips/*.zip"),
        ("empty", [], "empty/*.csv"),
        ("-x", ["1.csv", "notes.md"], "./-x/*.csv"),
    ],
)
def test_a_folder(folder: str, names: list[str], command: str, tmp_path: Path) -> None:
    """A folder with other files is refused before the first row, with the command that reads most of it, and works."""
    (tmp_path / folder).mkdir()
    for name in names:
        data = candle_csv(CLOSES[:10])
        (tmp_path / folder / name).write_bytes(COMPRESSORS["gzip"](data) if name.endswith(".gz") else data)
    (tmp_path / "a.csv").write_bytes(candle_csv(CLOSES))
    done = run_in_process("--signals", "s.csv", "--", "a.csv", folder, cwd=tmp_path)
    assert done.record["error_message"] == f"cannot read {folder!r}: Is a directory"
    assert proposed(done.stderr) == [f"stream-signal --signals s.csv a.csv {command}"]
    assert not (tmp_path / "s.csv").exists()
    if names:
        typed = type_line(proposed(done.stderr)[0], tmp_path)
        read = [name for name in names if name.endswith(command.rpartition("*")[2])]
        assert typed.record["rows_processed"] == len(CLOSES) + 10 * len(read)


def test_a_file_is_closed_when_the_job_leaves(tmp_path: Path) -> None:
    """A source that is closed before its end has closed its file, and the thread that reads ahead of it has ended."""
    (tmp_path / "a.gz").write_bytes(COMPRESSORS["gzip"](candle_csv(["1"] * 100_000)))
    events = FilesSource((str(tmp_path / "a.gz"),)).events(0, 0, None)
    next(events)
    assert next(events)
    events.close()
    (tmp_path / "a.gz").unlink()
    assert open_files(tmp_path) == []


def open_files(folder: Path) -> list[str]:
    """List the files of a folder that this process has open."""
    links = [link for link in type(folder)("/proc/self/fd").iterdir() if link.exists() or link.is_symlink()]
    return [target for link in links if (target := str(link.readlink())).startswith(str(folder))]


@pytest.mark.parametrize("jobs", ["1", "2", "3"])
def test_with_jobs(jobs: str, tmp_path: Path) -> None:
    """Large files between compressed ones are counted in processes, and the metrics are those of one process."""
    closes = [f"{number % 13}.{number % 7}" for number in range(100_000)]
    parts = [closes[:40_000], closes[40_000:41_000], closes[41_000:90_000], closes[90_000:]]
    names = ["1.csv", "2.csv.gz", "3.csv", "4.zip"]
    packs: list[Callable[[bytes], bytes]] = [bytes, COMPRESSORS["gzip"], bytes, halves]
    for name, part, pack in zip(names, parts, packs, strict=True):
        (tmp_path / name).write_bytes(pack(candle_csv(part)))
    rows, signals = count(closes, 5)
    done = run_command(*names, "--jobs", jobs, "--checkpoint", "c.json", cwd=tmp_path)
    assert (done.record["rows_processed"], done.record["value"]) == (rows, signals / rows)
    again = run_command(*names, "--jobs", jobs, "--checkpoint", "c.json", cwd=tmp_path)
    assert metrics_of(again.stdout) == metrics_of(done.stdout)
    (tmp_path / "large.gz").write_bytes(COMPRESSORS["gzip"](candle_csv(closes, delimiter=";")) + bytes(2_000_000))
    done = run_command("large.gz", "--jobs", jobs, cwd=tmp_path)
    assert (done.record["rows_processed"], done.record["value"]) == (rows, signals / rows)


def test_each_through_a_pipe(tmp_path: Path) -> None:
    """Several inputs, compressed ones and archives among them, are through a pipe each what they are as files."""
    data = candle_csv(CLOSES)
    stored = {
        "A-1m.csv": b"a line above\n" + data.removesuffix(b"\n"),
        "B-1m.csv.gz": gzip.compress(data),
        "k.zip": zipped({"C-1m.csv": data, "A-1m.csv": data}),
    }
    (tmp_path / "files").mkdir()
    (tmp_path / "pipes").mkdir()
    for name, content in stored.items():
        (tmp_path / "files" / name).write_bytes(content)
        os.mkfifo(tmp_path / "pipes" / name)
    config = Config(window=3, key="@file", key_pattern="{key}-*.csv*")
    counts = []
    with ThreadPoolExecutor() as threads:
        for folder in ("files", "pipes"):
            stream = SignalStream(config)
            if folder == "pipes":
                for name, content in stored.items():
                    threads.submit((tmp_path / folder / name).write_bytes, content)
            read(stream, FilesSource(tuple(str(tmp_path / folder / name) for name in stored), config))
            counts.append((stream.finish(), stream.by_key, stream.repairs.counts))
    assert counts[0] == counts[1]
    assert list(counts[0][1] or ()) == ["A", "B", "C"]
