"""--checkpoint: tomorrow's rows cost only tomorrow's rows, and nothing counts twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal.job.saved import SCHEMA
from support.candle_csv import CLOSES, candle_csv
from support.commands import COMMAND, Done, run_command, run_in_process, settings_yaml
from support.oracle import count
from support.processes import start, wait_until_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DATA = candle_csv(CLOSES)


def run_with_checkpoint(folder: Path, *arguments: str, **options: Any) -> Done:
    """Run the command with the checkpoint state.json, without its doubts: the timestamps of these files begin anew."""
    return run_command(*arguments, "--checkpoint", "state.json", "--quiet", cwd=folder, **options)


def without_next_row(done: Done) -> list[str]:
    """Return the lines on stderr but for those about the next row, which test_describe.py is about."""
    return [line for line in done.stderr.splitlines() if "the next row to send is row " not in line]


def check(done: Done, closes: list[str], window: int = 5) -> None:
    """Check the metrics against the oracle."""
    rows, signals = count(closes, window)
    assert (done.code, without_next_row(done)) == (0, [])
    assert (done.record["rows_processed"], done.record["value"]) == (rows, signals / rows)


def test_a_file_that_grows(tmp_path: Path) -> None:
    """However a file grows between runs, by rows or by parts of a row, each run ends as a run over all of it."""
    for end in (100, 2000, 2001, 2010, 5000, 5050, 9999, len(DATA)):
        part = DATA[:end]
        (tmp_path / "data.csv").write_bytes(part)
        done, plain = run_with_checkpoint(tmp_path, "data.csv"), run_command("data.csv", cwd=tmp_path)
        assert (done.code, done.record.get("rows_processed")) == (plain.code, plain.record.get("rows_processed"))
        assert done.record.get("value") == plain.record.get("value")
        assert done.record.get("error_message") == plain.record.get("error_message")
    check(done, CLOSES)
    assert sorted(os.listdir(tmp_path)) == ["data.csv", "state.json"]


def test_only_the_new_bytes_are_read(tmp_path: Path) -> None:
    """What was read before is not read again, but for two pages that tell the file."""
    (tmp_path / "data.csv").write_bytes(DATA)
    run_with_checkpoint(tmp_path, "data.csv")
    new = candle_csv(["9.5"], header=False)
    with (tmp_path / "data.csv").open("ab") as file:
        file.write(new)
    check(run_with_checkpoint(tmp_path, "data.csv", "--log-file", "run.log"), [*CLOSES, "9.5"])
    events = {event["event"]: event for event in map(json.loads, (tmp_path / "run.log").read_text().splitlines())}
    assert events["checkpoint taken up"]["offset"] == len(DATA)
    assert (events["input read"]["bytes"], events["input read"]["rows"]) == (len(new), 1)


def test_the_last_row_without_its_newline(tmp_path: Path) -> None:
    """It counts, and is read again, whole, when the file has grown: 4.5 has become 4.58."""
    (tmp_path / "data.csv").write_text("close\n4.58\n4.58\n4.5")
    check(run_with_checkpoint(tmp_path, "data.csv", "--window", "2"), ["4.58", "4.58", "4.5"], 2)
    (tmp_path / "data.csv").write_text("close\n4.58\n4.58\n4.58\n4.6\n")
    check(run_with_checkpoint(tmp_path, "data.csv", "--window", "2"), ["4.58", "4.58", "4.58", "4.6"], 2)


@pytest.mark.parametrize("flags", [(), ("--report", "r.html"), ("--log-file", "run.log"), ("--key", "symbol")])
@pytest.mark.parametrize("last", ["120,A,3", "60,A,3", "x,A,3"])
def test_a_last_row_without_its_newline_is_not_saved(last: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever is noticed in it, a job that reads it again says the same and saves the same."""
    if "--report" in flags:
        pytest.importorskip("bokeh")
    (tmp_path / "data.csv").write_text(f"time,symbol,close\n60,A,1\n120,A,2\n{last}")
    arguments = ("data.csv", "--no-config", "--window", "1", "--checkpoint", "state.json", *flags)
    first = run_in_process(*arguments, cwd=tmp_path)
    saved = (tmp_path / "state.json").read_bytes()
    for _ in range(2):
        again = run_in_process(*arguments, cwd=tmp_path)
        assert (again.code, again.stderr) == (0, first.stderr)
        assert (tmp_path / "state.json").read_bytes() == saved
    assert b'"rows": 2' in saved


def test_nothing_new(tmp_path: Path) -> None:
    """The same file again gives the same metrics, and the same checkpoint."""
    (tmp_path / "data.csv").write_bytes(DATA)
    check(run_with_checkpoint(tmp_path, "data.csv"), CLOSES)
    saved = (tmp_path / "state.json").read_bytes()
    check(run_with_checkpoint(tmp_path, "data.csv"), CLOSES)
    assert (tmp_path / "state.json").read_bytes() == saved


def test_another_name_for_the_same_bytes(tmp_path: Path) -> None:
    """A file that was moved, copied or restored goes on, by path as from stdin."""
    (tmp_path / "data.csv").write_bytes(DATA[: len(DATA) // 2])
    run_with_checkpoint(tmp_path, "data.csv")
    (tmp_path / "data.csv").unlink()
    (tmp_path / "restored.csv").write_bytes(DATA)
    with (tmp_path / "restored.csv").open("rb") as file:
        command = [COMMAND, "--checkpoint", "state.json"]
        done = subprocess.run(command, stdin=file, cwd=tmp_path, capture_output=True, check=True)
    check(Done(done.returncode, done.stdout, done.stderr.decode()), CLOSES)
    check(run_with_checkpoint(tmp_path, "restored.csv"), CLOSES)


def test_several_files(tmp_path: Path) -> None:
    """The last of several files grows, and more come after it; none of the others is read again."""
    parts = [CLOSES[:100], CLOSES[100:102], CLOSES[102:250], CLOSES[250:]]
    names = [f"{number}.csv" for number in range(4)]
    for name, part in zip(names, parts, strict=True):
        (tmp_path / name).write_bytes(candle_csv(part).removesuffix(b"\n"))
    for end in (1, 2, 4):
        done = run_with_checkpoint(tmp_path, *names[:end])
        check(done, [close for part in parts[:end] for close in part])
    with (tmp_path / "3.csv").open("ab") as file:
        file.write(b"\n" + candle_csv(["7"], header=False))
    check(run_with_checkpoint(tmp_path, *names), [*CLOSES, "7"])
    with (tmp_path / "1.csv").open("ab") as file:
        file.write(b"\n" + candle_csv(["7"], header=False))
    done = run_with_checkpoint(tmp_path, *names)
    assert done.code == 1
    assert "'1.csv' has grown since the inputs after it were read" in done.record["error_message"]


def test_a_pipe_goes_on(tmp_path: Path) -> None:
    """What comes through a pipe is the next part, with the same header or none; the end of a pipe ends its last row."""
    check(run_with_checkpoint(tmp_path, stdin=DATA.removesuffix(b"\n")), CLOSES)
    check(run_with_checkpoint(tmp_path, stdin=candle_csv(["7", "8"])), [*CLOSES, "7", "8"])
    check(run_with_checkpoint(tmp_path, stdin=candle_csv(["9"], header=False)), [*CLOSES, "7", "8", "9"])
    check(run_with_checkpoint(tmp_path, stdin=b""), [*CLOSES, "7", "8", "9"])


def test_a_pipe_with_another_header(tmp_path: Path) -> None:
    """Another header in the next part is refused, and the checkpoint stands."""
    run_with_checkpoint(tmp_path, stdin=DATA)
    saved = (tmp_path / "state.json").read_bytes()
    done = run_with_checkpoint(tmp_path, stdin=b"time,close\n1,2\n")
    assert done.code == 1
    assert "expected the header of the first input" in done.record["error_message"]
    assert (tmp_path / "state.json").read_bytes() == saved


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def rewrite_start(path: Path) -> None:
    path.write_bytes(DATA.replace(b",4.0,", b",4.1,", 1))


def rewrite_end(path: Path) -> None:
    data = DATA[:-30] + DATA[-30:].replace(b"1.5", b"1.6")
    assert data != DATA
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (truncate, "'data.csv', of "),
        (rewrite_start, "bytes, no longer begins with the "),
        (rewrite_end, "bytes, no longer begins with the "),
    ],
)
def test_other_data(change: Callable[[Path], None], differs: str, tmp_path: Path) -> None:
    """A file that was cut or rewritten is refused in words, and neither checkpoint nor data is touched."""
    (tmp_path / "data.csv").write_bytes(DATA)
    run_with_checkpoint(tmp_path, "data.csv")
    saved = (tmp_path / "state.json").read_bytes()
    change(tmp_path / "data.csv")
    done = run_with_checkpoint(tmp_path, "data.csv")
    assert done.code == 1
    assert done.record["error_message"].startswith("checkpoint 'state.json': ")
    assert differs in done.record["error_message"]
    assert done.record["error_message"].endswith("; bring the file back, or delete the checkpoint to start over")
    assert (tmp_path / "state.json").read_bytes() == saved


@pytest.mark.parametrize(
    ("key", "value", "differs"),
    [
        ("window", 6, "with window 5, and this job has window 6; give --window 5"),
        ("column", "open", "with column 'close', and this job has column 'open'; give --column close"),
        (
            "delimiter",
            ",",
            (
                "with no delimiter, and this job has delimiter ','; "
                "leave out --delimiter and the delimiter of the config"
            ),
        ),
        ("bad_rows", "missing", "with bad rows 'error', and this job has bad rows 'missing'; give --bad-rows error"),
        ("header", "auto", "with header true, and this job has header 'auto'; give --header true"),
        ("decimal", ",", "with decimal '.', and this job has decimal ','; give --decimal ."),
        ("thousands", ",", "with no thousands, and this job has thousands ','; give --thousands none"),
        ("column", ("close", 5), "with column 'close', and this job has column [\"close\", 5]; give --column close"),
    ],
)
def test_other_settings(key: str, value: object, differs: str, tmp_path: Path) -> None:
    """Settings that decide the answer have to be those of the checkpoint; the others may change."""
    (tmp_path / "data.csv").write_bytes(DATA)
    run_with_checkpoint(tmp_path, "data.csv")
    saved = (tmp_path / "state.json").read_bytes()
    (tmp_path / "config.yaml").write_text(settings_yaml(**{key: value}))
    done = run_with_checkpoint(tmp_path, "data.csv")
    message = f"checkpoint 'state.json': it was saved {differs}, or delete the checkpoint to start over"
    assert (done.code, done.record["error_message"]) == (1, message)
    assert (tmp_path / "state.json").read_bytes() == saved
    (tmp_path / "config.yaml").write_text(settings_yaml(seed=7, version="v2"))
    check(run_with_checkpoint(tmp_path, "data.csv"), CLOSES)


def test_a_format_and_its_settings(tmp_path: Path) -> None:
    """A checkpoint belongs to the settings, not to the format that brings them: both resume each other's."""
    (tmp_path / "config.yaml").write_text(settings_yaml(format="kraken"))
    rows = [f"{1_700_000_000 + 60 * at},1,1,1,{close},1,1\n".encode() for at, close in enumerate(CLOSES)]
    assert run_with_checkpoint(tmp_path, stdin=b"".join(rows[:100])).code == 0
    (tmp_path / "config.yaml").write_text(settings_yaml(header=False, column=5, delimiter=","))
    check(run_with_checkpoint(tmp_path, stdin=b"".join(rows[100:])), CLOSES)


@pytest.mark.parametrize("key", ["decimal", "thousands", "newest_first"])
def test_settings_that_an_older_version_did_not_know(key: str, tmp_path: Path) -> None:
    """A checkpoint without a newer setting was saved with its default, and resumes under that alone."""
    (tmp_path / "data.csv").write_bytes(DATA)
    run_with_checkpoint(tmp_path, "data.csv")
    saved = json.loads((tmp_path / "state.json").read_bytes())["saved"]
    del saved["settings"][key]
    (tmp_path / "state.json").write_bytes(signed(saved))
    check(run_with_checkpoint(tmp_path, "data.csv"), CLOSES)


@pytest.mark.parametrize(
    ("before", "after", "advice"),
    [
        (["--delimiter", "tab"], [], "give --delimiter tab"),
        (["--time-column", "timestamp"], [], "give --time-column timestamp"),
        (["--time-column", "timestamp", "--time-column", "2"], [], 'write time_column: ["timestamp", 2] in the config'),
        ([], ["--time-column", "timestamp"], "leave out --time-column and the time_column of the config"),
        (["--thousands", "space"], [], "give --thousands space"),
    ],
)
def test_what_to_type(before: list[str], after: list[str], advice: str, tmp_path: Path) -> None:
    """The refusal says what to type for the settings of the checkpoint, and that continues it."""
    data, signals = DATA.replace(b",", b"\t") if "tab" in before else DATA, ("--signals", "s.csv")
    assert run_with_checkpoint(tmp_path, *signals, *before, stdin=data).code == 0
    done = run_with_checkpoint(tmp_path, *signals, *after, stdin=data)
    assert done.record["error_message"].endswith(f"; {advice}, or delete the checkpoint to start over")
    if advice.startswith("give "):
        typed = shlex.split(advice.removeprefix("give "))
        assert run_with_checkpoint(tmp_path, *signals, *typed, stdin=data).code == 0


def test_a_file_then_a_pipe(tmp_path: Path) -> None:
    """A checkpoint of files is none of a pipe: what came before would count twice, or not at all."""
    (tmp_path / "data.csv").write_bytes(DATA)
    run_with_checkpoint(tmp_path, "data.csv")
    done = run_with_checkpoint(tmp_path, stdin=DATA)
    assert "it was saved by a job that read files, and this one reads a pipe" in done.record["error_message"]
    done = run_with_checkpoint(tmp_path, "data.csv", "-", stdin=DATA)
    message = "with --checkpoint, expected files by their paths or a single pipe, found stdin among others"
    assert done.record["error_message"] == message
    with (tmp_path / "data.csv").open("rb") as file:
        command = [COMMAND, "--checkpoint", "other.json", "-", "-"]
        twice = subprocess.run(command, stdin=file, cwd=tmp_path, capture_output=True, check=False)
    assert json.loads(twice.stdout)["error_message"] == message


def signed(saved: object) -> bytes:
    """Make a checkpoint whose hash is right."""
    digest = hashlib.sha256(json.dumps(saved).encode()).hexdigest()
    return json.dumps({"schema": SCHEMA, "sha256": digest, "saved": saved}).encode()


def test_damaged(tmp_path: Path) -> None:
    """A checkpoint that is cut short anywhere, or of which any byte has changed, is refused, and left as it is."""
    (tmp_path / "data.csv").write_bytes(candle_csv(["1", "2"]))
    run_with_checkpoint(tmp_path, "data.csv")
    whole = (tmp_path / "state.json").read_bytes()
    damaged = [whole[:at] for at in range(0, len(whole) - 2, 97)]
    damaged += [whole[:at] + b"7" + whole[at + 1 :] for at in range(20, len(whole) - 2, 89) if whole[at] != ord("7")]
    damaged += [b"", b"null", b"[" * 100_000, b"{}", b'{"schema": 1, "sha256": "", "saved": {}}', b"\x00" * 100]
    saved = json.loads(whole)["saved"]
    others: list[object] = [None, [], {}, {**saved, "parts": []}, {**saved, "parts": [[1, "", ""]]}]
    damaged += [signed(other) for other in others]
    damaged += [signed({**saved, "state": {}}), signed({**saved, "parts": 5}), signed({**saved, "settings": {}})]
    # Found by fuzz.py.
    damaged += [signed({**saved, "settings": 5}), signed({**saved, "written": [10**30, "", ""]})]
    schema = f'"schema": {SCHEMA}'.encode()
    damaged += [whole.replace(schema, b'"schema": ' + other) for other in (b"[]", b"{}", b"NaN", b'"4"', b"true")]
    for data in damaged:
        (tmp_path / "state.json").write_bytes(data)
        done = run_in_process("data.csv", "--checkpoint", "state.json", cwd=tmp_path)
        assert done.code == 1
        assert done.record["error_message"].startswith("checkpoint 'state.json': ")
        assert "delete the checkpoint to start over" in done.record["error_message"]
        assert (tmp_path / "state.json").read_bytes() == data
    (tmp_path / "state.json").write_bytes(signed(saved))
    assert run_with_checkpoint(tmp_path, "data.csv").code == 0


def test_the_largest_window(tmp_path: Path) -> None:
    """A checkpoint is read for what it is, not for what one of its window might be: found by fuzz.py."""
    for _ in range(2):
        done = run_with_checkpoint(tmp_path, "--window", "1000000000", stdin=b"close\n1\n")
        assert (done.code, without_next_row(done)) == (0, [])
    assert done.record["rows_processed"] == 2


def test_two_processes(tmp_path: Path) -> None:
    """While one process has the checkpoint, a second is refused; a lock that a dead one left behind is none."""
    with start(tmp_path, "--checkpoint", "state.json") as process:
        wait_until_read(process)
        second = run_with_checkpoint(tmp_path, stdin=DATA)
        assert second.code == 1
        assert "another process is using it" in second.record["error_message"]
        process.kill()
        process.wait()
    assert os.listdir(tmp_path) == [".state.json.lock"]
    check(run_with_checkpoint(tmp_path, stdin=DATA), CLOSES)
    assert os.listdir(tmp_path) == ["state.json"]


def test_the_lock_is_the_systems(tmp_path: Path) -> None:
    """The lock is a flock on a file beside the checkpoint, which other programs can take as well."""
    with (tmp_path / ".state.json.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run_with_checkpoint(tmp_path, stdin=DATA).code == 1
    assert run_with_checkpoint(tmp_path, stdin=DATA).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_stopped_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    """A job that is stopped saves what it has counted, and says how much that is; the next goes on after it."""
    with start(tmp_path, "--checkpoint", "state.json") as process:
        wait_until_read(process)
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert json.loads(stdout)["error_message"] == f"interrupted by {number.name} after 200 rows"
    check(run_with_checkpoint(tmp_path, stdin=DATA), ["1"] * 200 + CLOSES)


def test_the_signal_of_timeout(tmp_path: Path) -> None:
    """`timeout` sends its signal twice in one moment: that is one stop, with a checkpoint."""
    with start(tmp_path, "--checkpoint", "state.json") as process:
        wait_until_read(process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=30)
    assert (process.returncode, json.loads(stdout)["status"]) == (143, "error")
    check(run_with_checkpoint(tmp_path, stdin=DATA), ["1"] * 200 + CLOSES)


def test_an_error_in_a_pipe(tmp_path: Path) -> None:
    """Whoever sends rows through a pipe is told which the checkpoint holds when one of them cannot be read."""
    run_with_checkpoint(tmp_path, stdin=DATA)
    done = run_with_checkpoint(tmp_path, stdin=candle_csv(["1", "x"]))
    assert done.code == 1
    assert "\nstream-signal: the next row to send is row 301; " in done.stderr


def test_saved_while_the_pipe_is_silent(tmp_path: Path) -> None:
    """Rows are saved on time though nothing comes after them; a kill then loses none of them."""
    with start(tmp_path, "--checkpoint", "state.json", "--checkpoint-every", "0.01") as process:
        wait_until_read(process)
        assert process.stderr
        while b"checkpoint saved" not in (line := process.stderr.readline()) or b"rows=200" not in line:
            pass
        process.kill()
    check(run_with_checkpoint(tmp_path, stdin=b""), ["1"] * 200)


def test_a_checkpoint_that_is_no_file(tmp_path: Path) -> None:
    """A device or a folder cannot be a checkpoint."""
    done = run_command("--checkpoint", "/dev/null", stdin=DATA, cwd=tmp_path)
    assert (
        done.record["error_message"]
        == "checkpoint '/dev/null': it is not a file; name a file, which need not exist yet"
    )
    done = run_command("--checkpoint", ".", stdin=DATA, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "cannot write '.': it is a folder")
