"""The examples do what they say: they are run as far as that is possible here, and checked elsewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, metrics_of, run_command, run_in_process, settings_yaml

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"


def read_yaml(path: str) -> Any:
    """Read one of the YAML files."""
    return yaml.safe_load((EXAMPLES / path).read_text())


def with_command(folder: Path) -> dict[str, str]:
    """Return an environment in which `stream-signal` is the command under test."""
    return {**os.environ, "PATH": f"{Path(COMMAND).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}


def test_every_example_is_listed() -> None:
    """The table has each folder."""
    listed = (EXAMPLES / "README.md").read_text()
    for path in EXAMPLES.iterdir():
        assert not path.is_dir() or f"| [{path.name}](" in listed


def commands() -> dict[str, list[str]]:
    """Return the arguments of each job in the examples that resumes or refuses a doubtful answer, by its place."""
    cron = (EXAMPLES / "cron" / "crontab").read_text().splitlines()[-1]
    lines = {"cron": cron, "dvc": read_yaml("dvc/dvc.yaml")["stages"]["signal-rate"]["cmd"]}
    for path in (EXAMPLES / "systemd").glob("*.service"):
        [lines[path.name]] = [line for line in path.read_text().splitlines() if line.startswith("ExecStart=")]
    pod = read_yaml("kubernetes/cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    lines["kubernetes"] = shlex.join(["stream-signal", *pod["containers"][0]["args"]])
    return {name: shlex.split(line.split("stream-signal ")[1]) for name, line in lines.items()}


def test_every_job_that_resumes_is_run() -> None:
    """No example with a checkpoint, or with --strict on a file, is left out of `commands`; github reads a pipe."""
    shown = {
        path.parent.name
        for path in EXAMPLES.glob("*/*")
        if re.search(r"(?m)^[^#]*--(strict|checkpoint)", path.read_text())
    }
    assert shown - {"github"} == {name if (EXAMPLES / name).exists() else "systemd" for name in commands()}


@pytest.mark.parametrize("header", ["timestamp,close", "close", "open,close"])
@pytest.mark.parametrize("name", sorted(commands()))
def test_run_again(name: str, header: str, tmp_path: Path) -> None:
    """A job that is run again on a file that has grown takes up what is new, with timestamps and without them."""
    arguments = [argument.replace("/candles", str(tmp_path)) for argument in commands()[name]]
    if "--follow" in arguments:
        port = arguments.index("--prometheus")
        arguments[port : port + 2] = ["--idle-timeout", "0.3"]
    (tmp_path / "config.yaml").write_text(settings_yaml())
    before = {"timestamp,close": "{time},", "close": "", "open,close": "{close},"}[header]
    rows = [f"{before}{{close}}".format(time=60 * number, close=close) for number, close in enumerate(CLOSES)]
    for count in (200, 250, 300):
        data = "\n".join([header, *rows[:count], ""]).encode()
        (tmp_path / Path(arguments[0]).name).write_bytes(data)
        done = run_in_process(*arguments, cwd=tmp_path)
        assert (done.code, done.stderr) == (0, "")
    [metrics] = tmp_path.glob("*metrics.json")
    wanted = run_in_process(stdin=data, cwd=tmp_path)
    assert metrics_of(metrics.read_bytes()) == metrics_of(wanted.stdout)


@pytest.mark.parametrize("unit", ["stream-signal.service", "stream-signal-live.service", "stream-signal.timer"])
def test_the_units_of_systemd(unit: str, tmp_path: Path) -> None:
    """Systemd finds nothing to say about the units; their commands have only flags that there are, and lose no row."""
    text = (EXAMPLES / "systemd" / unit).read_text()
    for line in text.splitlines():
        if line.startswith("ExecStart="):
            flags = [word for word in line.split() if word.startswith("--")]
            shown = run_command("--help", cwd=tmp_path).stdout.decode()
            assert all(f"{flag} " in shown or f"{flag},\n" in shown or f"{flag}\n" in shown for flag in flags)
            assert ("--follow" in flags) == ("--rotated" in flags)  # or a rotation that was missed would stop it
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed")
    for name in ("stream-signal.service", unit):
        told = (EXAMPLES / "systemd" / name).read_text().replace("/usr/local/bin/stream-signal", "/bin/true")
        (tmp_path / name).write_text(told.replace("User=candles\n", ""))
    done = subprocess.run([analyze, "verify", str(tmp_path / unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_job_of_kubernetes() -> None:
    """It runs as the user of the image, without root, and its arguments are those of the command."""
    pod = read_yaml("kubernetes/cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    image_user = [line.split()[1] for line in (REPOSITORY / "Dockerfile").read_text().splitlines() if "10001" in line]
    assert image_user
    assert pod["securityContext"]["runAsUser"] == 10001
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_the_workflow_of_github() -> None:
    """It stops where the download fails: its shell has pipefail."""
    workflow = read_yaml("github/signal-rate.yml")
    assert workflow["jobs"]["count"]["defaults"]["run"]["shell"] == "bash"
    (step,) = [step for step in workflow["jobs"]["count"]["steps"] if "| stream-signal" in step.get("run", "")]
    assert "--fail" in step["run"]


def test_the_stage_of_dvc(tmp_path: Path) -> None:
    """`dvc repro` counts, `dvc metrics show` shows the rate, and `dvc metrics diff` how it has changed."""
    dvc, git = shutil.which("dvc"), shutil.which("git")
    if not (dvc and git):
        pytest.skip("dvc is not installed")
    environment = {**with_command(tmp_path), "DVC_NO_ANALYTICS": "1", "GIT_CONFIG_GLOBAL": os.devnull}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    shutil.copy(EXAMPLES / "dvc" / "dvc.yaml", tmp_path)
    shutil.copy(REPOSITORY / "config.yaml", tmp_path)
    (tmp_path / "candles.csv").write_bytes(candle_csv(CLOSES))
    run(git, "init", "-q")
    run(dvc, "init", "-q")
    run(dvc, "repro", "-q")
    shown = json.loads(run(dvc, "metrics", "show", "--json"))
    value = json.loads((tmp_path / "metrics.json").read_text())["value"]
    assert shown[""]["data"]["metrics.json"]["data"]["value"] == value
    run(git, "add", ".")
    run(git, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x")
    (tmp_path / "candles.csv").write_bytes(candle_csv(CLOSES[:100]))
    run(dvc, "repro", "-q")
    changed = json.loads(run(dvc, "metrics", "diff", "--json"))["metrics.json"]
    assert changed["rows_processed"] == {"old": len(CLOSES), "new": 100, "diff": 100 - len(CLOSES)}


def test_the_run_of_mlflow(tmp_path: Path) -> None:
    """The run has the settings, the counts and the record; that of a job that fails has failed."""
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("sqlalchemy")  # which its small package does not bring, and a local store needs
    environment = {**with_command(tmp_path), "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/runs.db"}
    (tmp_path / "candles.csv").write_bytes(candle_csv(CLOSES))
    script = [sys.executable, str(EXAMPLES / "mlflow" / "log_run.py")]
    mlflow.set_tracking_uri(environment["MLFLOW_TRACKING_URI"])
    for path, code in (("candles.csv", 0), ("none.csv", 1)):
        command = [*script, path, "--window", "3"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code
        run = mlflow.get_run(done.stdout.splitlines()[-1])
        assert run.data.params["window"] == "3"
        assert run.info.status == ("FINISHED" if code == 0 else "FAILED")
        assert ("value" in run.data.metrics) == (code == 0)


# Runs a notebook where it is, and prints what its cells return and draw, as JSON.
NOTEBOOK = """
import json, sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=60, resources={"metadata": {"path": sys.argv[2]}}).execute()
outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
print(json.dumps([output["data"] for output in outputs if "data" in output]))
"""


def test_the_notebook() -> None:
    """Every cell runs, the rate is the one that the command counts, and the last cell draws."""
    for library in ("nbclient", "ipykernel", "pandas", "matplotlib"):
        pytest.importorskip(library)
    path = EXAMPLES / "notebook" / "signals.ipynb"
    command = [sys.executable, "-c", NOTEBOOK, str(path), str(path.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    _, rate, differ, picture = json.loads(done.stdout)
    wanted = run_command("data.csv", cwd=REPOSITORY).record["value"]
    assert float(rate["text/plain"].removeprefix("np.float64(").rstrip(")")) == wanted
    assert differ["text/plain"] == "8"
    assert picture["image/png"]


def test_the_notebook_is_kept_without_outputs() -> None:
    """No cell has outputs or a number: a change of it can be read."""
    cells = json.loads((EXAMPLES / "notebook" / "signals.ipynb").read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [(cell["outputs"], cell["execution_count"]) for cell in code] == [([], None)] * 4
