"""The Docker image, as far as it can be proved without an engine: its wheel, its folders, its commands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from support.commands import REPOSITORY, metrics_of

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
README = (REPOSITORY / "README.md").read_text()
GUIDE = (REPOSITORY / "docs" / "how-to" / "docker.md").read_text()


def instruction(name: str) -> list[str]:
    """Return the arguments of an instruction in exec form; the last stage is the one that ships."""
    (found,) = re.findall(rf"^{name} (\[.*\])$", DOCKERFILE.rpartition("\nFROM ")[2], re.MULTILINE)
    arguments = json.loads(found)
    assert isinstance(arguments, list)
    return arguments


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Lay out the image once: the first of xdist's workers that wants it builds it, the others wait."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    fcntl = pytest.importorskip("fcntl")
    folder = tmp_path_factory.getbasetemp()
    shared = folder if worker_id == "master" else folder.parent
    root, built = shared / "image", shared / "image.built"
    with (shared / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
            built.touch()
    return root


def build(root: Path) -> None:
    """Install the wheel of the clean tree in an empty environment, and copy to /app what the image has there."""
    source = root / "src"
    source.mkdir(parents=True)
    for name in re.findall(r"^COPY ((?!--)[^\n]*) \./\S*$", DOCKERFILE.rpartition("\nFROM ")[0], re.MULTILINE):
        for item in name.split():
            copy = shutil.copytree if (REPOSITORY / item).is_dir() else shutil.copy
            copy(REPOSITORY / item, source / item)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel"], cwd=source, capture_output=True, check=True
    )
    venv.create(root / "env", with_pip=False)
    python = root / "env" / "bin" / "python"
    (wheel,) = (source / "dist").glob("*.whl")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "--no-deps",
            "--no-index",
            "--quiet",
            str(wheel),
        ],
        capture_output=True,
        check=True,
    )
    # The dependencies come from the environment of the tests, behind what is installed in the empty one.
    (site,) = (root / "env" / "lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    app = root / "app"
    app.mkdir()
    for item in "config.yaml", "data.csv":
        shutil.copy(REPOSITORY / item, app)
    shutil.copy(REPOSITORY / "entrypoint.sh", root / "env" / "bin")


def system_of(folder: Path, **commands: str) -> Path:
    """Make commands that stand in for those of a system, each a line of shell."""
    folder.mkdir(exist_ok=True)
    for name, line in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return folder


def run(image: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Run ENTRYPOINT with CMD, or with other arguments, in /app, as a user that is not root; return stdout."""
    entrypoint, command = instruction("ENTRYPOINT"), instruction("CMD")
    tools = system_of(image / "tools", id="echo 10001")
    done = subprocess.run(
        [str(image / "env" / "bin" / entrypoint[0]), *entrypoint[1:], *(arguments or command)],
        input=stdin,
        cwd=image / "app",
        env={"PATH": f"{tools}:{image / 'env' / 'bin'}"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


WANTED = metrics_of(re.search(r"^\{.*\}$", README, re.MULTILINE)[0].encode())  # type: ignore[index]


def test_the_wheel_is_what_runs(image: Path) -> None:
    """The package of the image is the installed wheel, with its types, and not this checkout."""
    python = image / "env" / "bin" / "python"
    done = subprocess.run(
        [python, "-c", "import stream_signal; print(stream_signal.__file__)"],
        cwd=image / "app",
        capture_output=True,
        text=True,
        check=True,
    )
    installed = Path(done.stdout.strip()).parent
    assert installed.is_relative_to(image / "env")
    here = {path.name for path in (REPOSITORY / "stream_signal").iterdir() if path.is_file()}
    assert {path.name for path in installed.iterdir() if path.is_file()} == here


def test_docker_run(image: Path) -> None:
    """`docker run stream-signal`: CMD runs on the bundled data and prints the metrics."""
    assert instruction("ENTRYPOINT") == ["entrypoint.sh"]
    assert metrics_of(run(image)) == WANTED


def test_docker_run_pipe(image: Path) -> None:
    """`cat data.csv | docker run -i stream-signal --output -` gives the same metrics."""
    assert "cat data.csv | docker run --rm -i stream-signal --output -\n" in GUIDE
    assert metrics_of(run(image, "--output", "-", stdin=(REPOSITORY / "data.csv").read_bytes())) == WANTED


def test_docker_run_into_a_volume(image: Path) -> None:
    """`docker run -v ...` with the arguments of the guide writes the metrics and the log into the mounted folder."""
    (arguments,) = re.findall(
        r'^docker run --rm -v "\$PWD/output:/app/output" stream-signal (.*)$', GUIDE, re.MULTILINE
    )
    (image / "app" / "output").mkdir()
    assert run(image, *arguments.split()) == b""
    assert metrics_of((image / "app" / "output" / "metrics.json").read_bytes()) == WANTED
    assert (image / "app" / "output" / "run.log").stat().st_size


DROPPED = "--clear-groups --inh-caps=-all --no-new-privs stream-signal"


@pytest.mark.parametrize(
    ("user", "owner", "started"),
    [
        ("0", "10001:10001", f"setpriv --reuid 10001 --regid 10001 {DROPPED} "),
        ("0", "1234:100", f"setpriv --reuid 1234 --regid 100 {DROPPED} "),
        ("0", "0:0", "stream-signal "),
        ("1234", "10001:10001", "stream-signal "),
    ],
)
def test_the_entrypoint(user: str, owner: str, started: str, tmp_path: Path) -> None:
    """Root becomes the owner of the mounted folder, unless that is root; any other user stays as it is."""
    commands = {name: f'printf "{name} "; printf "%s " "$*"' for name in ("setpriv", "stream-signal")}
    asked = '[ "$3" = /app/output ] && echo '
    tools = system_of(tmp_path / "bin", id=f"echo {user}", stat=asked + owner, **commands)
    script = REPOSITORY / "entrypoint.sh"
    arguments = ["--input", "my data.csv"]
    done = subprocess.run([script, *arguments], env={"PATH": str(tools)}, capture_output=True, text=True, check=True)
    assert done.stdout == started + "--input my data.csv "


def test_the_last_stage() -> None:
    """The image that ships has a folder whose owner the entrypoint becomes, and no pip."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(
        r"^RUN useradd --uid 10001 signal && mkdir -p /app/output && chown signal: /app/output", last, re.MULTILINE
    )
    assert "pip install" not in last
    assert DOCKERFILE.count("pip uninstall --yes pip") == 2


def test_what_the_image_needs_is_let_in() -> None:
    """Every file that the Dockerfile copies from the checkout is let in by .dockerignore, and is there."""
    let_in = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        item for names in re.findall(r"^COPY ((?!--).*) \S+$", DOCKERFILE, re.MULTILINE) for item in names.split()
    }
    assert copied == let_in
    for item in copied:
        assert (REPOSITORY / item).exists()
