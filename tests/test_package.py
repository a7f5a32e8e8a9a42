"""What is published: the sdist, and the wheel that is built from it, as `python -m build` builds them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

import stream_signal

REPOSITORY = Path(__file__).resolve().parent.parent


def build(target: str, source: Path, folder: Path) -> Path:
    """Build `sdist` or `wheel` from a source tree into a folder; return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=source, capture_output=True, check=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of the wheel that is built from the sdist of this tree, by their names."""
    pytest.importorskip("hatchling")
    sdist = build("sdist", REPOSITORY, tmp_path_factory.mktemp("sdist"))
    unpacked = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["tar", "-xzf", str(sdist), "-C", str(unpacked)], check=True)
    (source,) = unpacked.iterdir()
    with zipfile.ZipFile(build("wheel", source, tmp_path_factory.mktemp("wheel"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_package_is_all_there(wheel: dict[str, bytes]) -> None:
    """The wheel has every file of the package, byte for byte, and beside its own metadata nothing else."""
    files = [path for path in (REPOSITORY / "stream_signal").rglob("*") if path.is_file()]
    here = {str(path.relative_to(REPOSITORY)): path for path in files if path.suffix != ".pyc"}
    shipped = {name: content for name, content in wheel.items() if ".dist-info/" not in name}
    assert shipped == {name: path.read_bytes() for name, path in here.items()}


def test_its_types_are_public(wheel: dict[str, bytes]) -> None:
    """Type checkers read the annotations of the installed package: py.typed is beside it, and the metadata say so."""
    assert "stream_signal/py.typed" in wheel
    (metadata,) = (content for name, content in wheel.items() if name.endswith(".dist-info/METADATA"))
    assert b"\nClassifier: Typing :: Typed\n" in metadata


def test_what_is_installed_is_what_is_tested() -> None:
    """The tests import the installed package; where that is a wheel, not the one in the checkout."""
    installed = distribution("stream-signal")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    editable = origin.get("dir_info", {}).get("editable", False)
    root = Path(url2pathname(urlparse(origin["url"]).path)) if editable else Path(str(installed.locate_file("")))
    assert Path(stream_signal.__file__).parent == root / "stream_signal"
