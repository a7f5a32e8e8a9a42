"""The manifest of a job: what it holds, when it is written, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, __version__
from stream_signal.job.manifest import read_manifest
from support.archives import zipped
from support.cases import DATA
from support.commands import COMMAND, run_command, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

GZIPPED = gzip.compress(DATA, mtime=0)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "run.json").read_bytes())
    assert isinstance(found, dict)
    return found


def test_all_that_it_holds(folder: Path) -> None:
    """The digest of the input, all settings and where they came from, the versions, and the counts."""
    (folder / "c.yaml").write_text('{seed: 1, window: 2, version: "v7"}')
    done = run_in_process("data.csv", "--manifest", "run.json", "--config", "c.yaml", "--window", "5", cwd=folder)
    assert (done.code, done.stderr, done.record["value"]) == (0, "", 3 / 7)
    settings = json.loads(json.dumps(Config(seed=1, window=5, version="v7")._asdict()))
    versions = {"stream_signal": __version__, "python": sys.version.split()[0], "numpy": version("numpy")}
    assert list(manifest(folder).items()) == [
        ("manifest", 1),
        ("inputs", [{"name": "data.csv", "bytes": len(DATA), "sha256": sha256(DATA)}]),
        ("config", "c.yaml"),
        ("flags", {"window": 5, "windows": []}),
        ("settings", settings),
        ("versions", versions),
        ("rows", 7),
        ("signals", 3),
        ("value", 3 / 7),
        (
            "period",
            {
                "first": "2023-11-14 22:13:20",
                "last": "2023-11-14 22:19:20",
                "usual_seconds": 60.0,
                "missing_seconds": 0.0,
                "longest_gap_seconds": None,
                "longest_gap_row": None,
                "is_about": False,
            },
        ),
    ]


def test_the_same_job_writes_the_same_bytes(folder: Path) -> None:
    """Two runs write the same manifest, and the second replaces that of the first."""
    written = []
    for _ in range(2):
        assert run_in_process("data.csv", "--manifest", "run.json", cwd=folder).code == 0
        written.append((folder / "run.json").read_bytes())
    assert written[0] == written[1]
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "run.json"]


@pytest.mark.parametrize("data", [DATA, GZIPPED, zipped({"a.csv": DATA})], ids=["plain", "gzip", "zip"])
@pytest.mark.parametrize("way", ["path", "pipe", "file"])
def test_the_digest_is_that_of_the_stored_bytes(data: bytes, way: str, folder: Path) -> None:
    """Compressed or not, by its path, through a pipe or as a file on stdin: the SHA-256 is that of what is stored."""
    (folder / "input").write_bytes(data)
    command = f"'{COMMAND}' --manifest run.json"
    command = {"path": f"{command} input", "pipe": f"cat input | {command}", "file": f"{command} < input"}[way]
    assert subprocess.run(command, shell=True, cwd=folder, check=False).returncode == 0
    name = "input" if way == "path" else "-"
    assert manifest(folder)["inputs"] == [{"name": name, "bytes": len(data), "sha256": sha256(data)}]
    assert manifest(folder)["rows"] == 7


def test_several_inputs_in_their_order(folder: Path) -> None:
    """Files, a member of an archive and a pipe each have their digest, in the order given."""
    (folder / "a.gz").write_bytes(GZIPPED)
    (folder / "k.zip").write_bytes(zipped({"b.csv": DATA}))
    done = run_in_process("a.gz", "-", "k.zip/b.csv", "--manifest", "run.json", stdin=DATA, cwd=folder)
    assert (done.code, manifest(folder)["rows"]) == (0, 21)
    found = [(each["name"], each["sha256"]) for each in manifest(folder)["inputs"]]
    assert found == [("a.gz", sha256(GZIPPED)), ("-", sha256(DATA)), ("k.zip/b.csv", sha256(DATA))]


def test_the_counts_of_each_key(folder: Path) -> None:
    """With a key, the manifest has the table of the keys, also where the metrics have only their number."""
    lines = DATA.decode().splitlines()
    keyed = "".join(f"{name},{line}\n" for line in lines[1:] for name in ("A", "B"))
    (folder / "k.csv").write_text(f"symbol,{lines[0]}\n{keyed}")
    arguments = ("k.csv", "--key", "symbol", "--keys-output", "keys.csv", "--manifest", "run.json")
    assert run_in_process(*arguments, cwd=folder).record["keys"] == 2
    one = {"rows": 7, "signals": 3, "value": 3 / 7}
    assert manifest(folder)["by_key"] == {"A": one, "B": one}


def test_worker_processes_write_the_same(tmp_path: Path) -> None:
    """Counted in ranges by two processes, a file has the manifest of one process."""
    path = tmp_path / "data.csv"
    header, _, rows = DATA.partition(b"\n")
    path.write_bytes(header + b"\n" + rows * 9000)
    for jobs in ("1", "2"):
        assert run_command("data.csv", "--jobs", jobs, "--manifest", f"{jobs}.json", "-q", cwd=tmp_path).code == 0
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_a_failure_leaves_the_old_manifest(folder: Path) -> None:
    """A job that fails writes no manifest, and leaves that of the job before."""
    (folder / "run.json").write_text("old")
    assert run_in_process("data.csv", "--column", "none", "--manifest", "run.json", cwd=folder).code == 1
    assert (folder / "run.json").read_text() == "old"


def test_refused_before_the_first_row(folder: Path) -> None:
    """A manifest that cannot be written, or would overwrite another file, is refused before anything is read."""
    done = run_in_process("data.csv", "--manifest", "none/run.json", cwd=folder)
    assert (done.code, done.stderr.splitlines()[0]) == (
        1,
        "stream-signal: cannot write 'none/run.json': there is no folder 'none'",
    )
    assert run_in_process("data.csv", "--manifest", "data.csv", cwd=folder).code == 2
    assert run_in_process("data.csv", "--output", "m", "--manifest", "m", cwd=folder).code == 2
    assert (folder / "data.csv").read_bytes() == DATA


def test_what_is_written_is_read(folder: Path) -> None:
    """What a job writes is read back, with the settings that it had."""
    (folder / "config.yaml").write_text('{seed: 1, window: 2, version: "v7", time_column: [timestamp, open]}')
    assert run_in_process("data.csv", "--manifest", "run.json", "--max-bad", "1e-05", cwd=folder).code == 0
    read = read_manifest((folder / "run.json").read_bytes())
    assert read.written() == (folder / "run.json").read_bytes()
    config = Config(seed=1, window=2, version="v7", time_column=("timestamp", "open"), max_bad=1e-05)
    assert Config(**read.settings) == config


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (b"", "found no JSON"),
        (b"[]", "found other JSON"),
        (b"[" * 100_000, "found no JSON"),
        ({"manifest": 2}, "expected a manifest of schema 1, found schema 2"),
        ({"more": 1}, "expected the keys manifest, inputs"),
        ({"inputs": []}, "inputs: expected what --manifest writes"),
        ({"inputs": [{"name": "a"}]}, "inputs: expected what --manifest writes"),
        ({"config": 1}, "config: expected"),
        ({"settings": []}, "settings: expected"),
        ({"rows": "7"}, "rows: expected"),
        ({"value": None}, "value: expected"),
    ],
    ids=repr,
)
def test_what_is_not_a_manifest(change: bytes | dict[str, Any], complaint: str, folder: Path) -> None:
    """Anything else than a manifest is refused with what is wrong with it."""
    assert run_in_process("data.csv", "--manifest", "run.json", cwd=folder).code == 0
    data = change if isinstance(change, bytes) else json.dumps(manifest(folder) | change).encode()
    with pytest.raises(ValueError, match=complaint):
        read_manifest(data)
