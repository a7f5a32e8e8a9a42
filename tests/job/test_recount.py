"""`verify --manifest`: what has changed since a job is named, and nothing else is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from stream_signal.job.recount import Finding, load_manifest, recount
from support.archives import zipped
from support.cases import DATA
from support.commands import run_in_process

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = '{seed: 42, window: 5, version: "v1"}'
LOWER = DATA.replace(b"4.61", b"4.01")


@pytest.fixture
def job(folder: Path) -> Path:
    """Run a job with a config, a flag, two inputs and a manifest."""
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "b.csv").write_bytes(DATA)
    done = run_in_process("data.csv", "b.csv", "--max-bad", "0.25", "--manifest", "run.json", cwd=folder)
    assert done.code == 0
    return folder


def changed(*arguments: str, cwd: Path, stdin: bytes = b"") -> list[str]:
    """Compare with the manifest; return what no longer holds, as stderr names it and as the table marks it."""
    done = run_in_process("verify", "--manifest", "run.json", *arguments, cwd=cwd, stdin=stdin)
    marked = [line for line in done.stdout.decode().splitlines() if line.endswith("NO")]
    _, _, named = done.stderr.strip().partition(" no longer holds: ")
    found = named.split(", ") if named else []
    assert len(marked) == len(found)
    assert all(line.startswith(what) for line, what in zip(marked, found, strict=True))
    assert done.code == (1 if found else 0)
    return found


def test_nothing_has_changed(job: Path) -> None:
    """The same files with the same settings are all the same."""
    assert changed(cwd=job) == []


def test_a_close_was_changed(job: Path) -> None:
    """An archive that was replaced is named, by its hash, and so are the counts that come out of it."""
    (job / "b.csv").write_bytes(LOWER)
    assert changed(cwd=job) == ["'b.csv': SHA-256", "signals", "value"]


def test_a_row_was_added(job: Path) -> None:
    """A file that has grown is named, with the counts."""
    with (job / "data.csv").open("ab") as file:
        file.write(DATA.splitlines(keepends=True)[-1])
    assert changed(cwd=job)[:3] == ["'data.csv': bytes", "'data.csv': SHA-256", "rows"]


def test_other_bytes_of_the_same_candles(job: Path) -> None:
    """Other line ends are another file, with the same counts."""
    (job / "data.csv").write_bytes(DATA.replace(b"\n", b"\r\n"))
    assert changed(cwd=job) == ["'data.csv': bytes", "'data.csv': SHA-256"]


def test_a_setting_was_changed(job: Path) -> None:
    """A setting that has changed in the config is named alone: the counts are those of the settings of then."""
    (job / "config.yaml").write_text(CONFIG.replace("5", "6"))
    assert changed(cwd=job) == ["window"]
    assert changed("--window", "5", cwd=job) == []
    (job / "config.yaml").write_text(CONFIG)
    assert changed("--window", "2", "--seed", "1", cwd=job) == ["seed", "window"]
    (job / "config.yaml").write_text("")
    assert changed(cwd=job) == ["settings"]


def test_what_is_gone(job: Path) -> None:
    """An input or a config that is no longer there is named, and the others are compared all the same."""
    os.rename(job / "b.csv", job / "c.csv")
    assert changed(cwd=job) == ["'b.csv': bytes", "rows"]
    assert changed("data.csv", "c.csv", cwd=job) == []
    assert changed("data.csv", cwd=job) == ["inputs", "rows", "signals"]
    os.rename(job / "config.yaml", job / "c.yaml")
    assert changed("data.csv", "c.csv", cwd=job) == ["settings"]
    assert changed("data.csv", "c.csv", "--config", "c.yaml", cwd=job) == []


def test_the_counts_of_the_manifest(job: Path) -> None:
    """A manifest that was edited, or written by a program with a defect, is found by the counts."""
    found = json.loads((job / "run.json").read_bytes())
    (job / "run.json").write_text(json.dumps(found | {"signals": 7}))
    assert changed(cwd=job) == ["signals"]


def test_versions_are_only_shown(job: Path) -> None:
    """Another version of anything is shown, and does not matter."""
    found = json.loads((job / "run.json").read_bytes())
    (job / "run.json").write_text(json.dumps(found | {"versions": {"python": "2.7"}}))
    assert changed(cwd=job) == []
    table = run_in_process("verify", "--manifest", "run.json", cwd=job).stdout.decode()
    assert table.count("no, and need not be\n") == 3


def test_a_pipe(folder: Path) -> None:
    """A pipe is compared with stdin, or with a file; of one that is not read to its end, no hash is claimed."""
    archive = zipped({"a.csv": DATA})
    assert run_in_process("--manifest", "run.json", stdin=archive, cwd=folder).code == 0
    assert changed(cwd=folder, stdin=archive) == []
    (folder / "k.zip").write_bytes(archive)
    assert changed("k.zip", cwd=folder) == []
    assert changed(cwd=folder, stdin=DATA) == ["stdin: bytes", "stdin: SHA-256"]
    assert changed(cwd=folder, stdin=b"x\n" * 10 + DATA) == ["stdin: bytes", "rows"]


def test_keys(folder: Path) -> None:
    """Each key whose counts have changed is named, up to twenty of them."""
    names = [f"K{number:02}" for number in range(30)]

    def write(*fallen: str) -> None:
        lines = [f"{name},{close}\n" for name in names for close in ("1", "0" if name in fallen else "2")]
        (folder / "k.csv").write_text("symbol,close\n" + "".join(lines))

    write()
    assert run_in_process("k.csv", "--key", "symbol", "--window", "2", "--manifest", "run.json", cwd=folder).code == 0
    assert changed(cwd=folder) == []
    write("K03")
    assert changed(cwd=folder)[1:] == ["signals", "value", "key 'K03'"]
    write(*names)
    assert changed(cwd=folder)[-2:] == ["key 'K19'", "10 more keys"]


@pytest.mark.parametrize("content", ["", "{}", '{"manifest": 1}', "close\n1\n"])
def test_no_manifest(content: str, folder: Path) -> None:
    """What is no manifest is refused in one line with a hint."""
    (folder / "run.json").write_text(content)
    done = run_in_process("verify", "--manifest", "run.json", cwd=folder)
    assert (done.code, done.stdout) == (1, b"")
    message, hint = done.stderr.splitlines()
    assert message.startswith("stream-signal: cannot read 'run.json': expected ")
    assert hint == "stream-signal: name a file that --manifest has written"


def test_settings_of_a_later_version(job: Path) -> None:
    """A manifest with a setting that this version does not know is refused by its name."""
    found = json.loads((job / "run.json").read_bytes())
    found["settings"]["later"] = 1
    (job / "run.json").write_text(json.dumps(found))
    done = run_in_process("verify", "--manifest", "run.json", cwd=job)
    assert (done.code, "unknown key 'later'" in done.stderr) == (1, True)


def test_hashes_that_look_alike(job: Path) -> None:
    """Hashes that begin alike are shown whole."""
    path = job / "run.json"
    found = json.loads(path.read_bytes())
    found["inputs"][0]["sha256"] = found["inputs"][0]["sha256"][:-1] + "x"
    path.write_text(json.dumps(found))
    names = (str(job / "data.csv"), str(job / "b.csv"))
    hashes = [one for one in recount(load_manifest(str(path)), names, None, {}) if one.what.endswith("SHA-256")]
    assert [(one.is_same, len(one.then), len(one.now)) for one in hashes] == [(False, 64, 64), (True, 16, 16)]
    assert isinstance(hashes[0], Finding)
