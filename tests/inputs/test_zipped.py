"""zip files: their members, one after another, by file and by pipe."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from stream_signal import Config, DataError, InputError, run
from support.archives import COMPRESSORS, ZIP_METHODS, zipped
from support.candle_csv import CLOSES, HEADER, candle_csv
from support.commands import COMMAND, logged, metrics_of, run_command, run_in_process, run_script
from support.oracle import count

if TYPE_CHECKING:
    from pathlib import Path

# The times of each member begin anew.
pytestmark = pytest.mark.filterwarnings("ignore::stream_signal.DoubtWarning")
DATA = candle_csv(CLOSES)
MEMBERS = {
    "b/": b"",
    "b/2024-02.csv": candle_csv(CLOSES[:100]),
    "a.csv": candle_csv(CLOSES[100:101]),
    "empty.csv": b"",
    "header.csv": HEADER.encode(),
    "rows.csv": candle_csv(CLOSES[101:], header=False),
}


def counts(stdout: bytes) -> tuple[int, int]:
    """Read rows and signals from the metrics."""
    metrics = json.loads(stdout)
    return metrics["rows_processed"], round(metrics["value"] * metrics["rows_processed"])


def refusal(path: Path) -> str:
    """Run the job on an archive that is refused; return the message without the path."""
    with pytest.raises(InputError) as refused:
        run(path, Config())
    return str(refused.value).replace(str(path), "z.zip")


@pytest.mark.parametrize("method", ZIP_METHODS)
def test_members_are_one_stream(method: int, tmp_path: Path) -> None:
    """The members come in the order of the archive, each with its header or none; folders are skipped."""
    data = zipped(MEMBERS, method)
    (tmp_path / "z.zip").write_bytes(data)
    for window in (5, 150):
        flags = ("--window", str(window))
        done = [run_in_process("z.zip", *flags, cwd=tmp_path), run_in_process(*flags, stdin=data, cwd=tmp_path)]
        with (tmp_path / "z.zip").open("rb") as file:
            command = [COMMAND, *flags]
            redirected = subprocess.run(command, stdin=file, cwd=tmp_path, capture_output=True, check=True)
        answers = [counts(one.stdout) for one in done] + [counts(redirected.stdout)]
        assert answers == [count(CLOSES, window)] * 3
    assert run(tmp_path / "z.zip", Config()).rows_processed == len(CLOSES)


def test_one_member_by_its_path(tmp_path: Path) -> None:
    """A member is named as a path below its archive, alone or between other files."""
    (tmp_path / "z.zip").write_bytes(zipped(MEMBERS))
    (tmp_path / "first.csv").write_bytes(candle_csv(CLOSES[:100]))
    done = run_in_process("first.csv", "z.zip/a.csv", "z.zip/rows.csv", cwd=tmp_path)
    assert counts(done.stdout) == count(CLOSES, 5)
    assert counts(run_in_process("./z.zip/b/2024-02.csv", cwd=tmp_path).stdout) == count(CLOSES[:100], 5)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("z.zip/c.csv", "cannot read 'z.zip': expected a member 'c.csv', found none"),
        ("a.csv/b.csv", "cannot read 'a.csv/b.csv': Not a directory"),
        ("none.zip/b.csv", "cannot read 'none.zip/b.csv': No such file or directory"),
        ("-/b.csv", "cannot read '-/b.csv': No such file or directory"),
    ],
)
def test_no_such_member(path: str, message: str, tmp_path: Path) -> None:
    """A path below an archive that has no such member, or below a file that is none, is an error."""
    (tmp_path / "z.zip").write_bytes(zipped(MEMBERS))
    (tmp_path / "a.csv").write_bytes(DATA)
    assert run_in_process("--", path, cwd=tmp_path).record["error_message"] == message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("__MACOSX/._a.csv", b"\x00\x05\x16\x07"),
        ("README.md", b"# Klines\n\nBy minute, from 2017-08-17, see [the site](https://a.b).\n"),
        ("README.txt", b"Columns:\n1. time\n2. close\n"),
        ("report.txt", b"Status Report\nGap of 81s found between 20180102000112 and 20180102000233.\n"),
        ("LICENSE", b"MIT License\n"),
        ("chart.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
        ("a.csv.CHECKSUM", b"9f86d081884c7d659a2feaa0c55ad015  a.csv\n"),
    ],
)
def test_a_member_that_is_no_table(name: str, data: bytes, tmp_path: Path) -> None:
    """Beside tables, a member that is none is left out with a note, by path, by pipe, and when the job is verified."""
    packed = zipped({name: data, "a.csv": DATA, "one column.txt": candle_csv(CLOSES, header=False)})
    (tmp_path / "my z.zip").write_bytes(packed)
    for path, stdin in (("my z.zip", b""), ("-", packed)):
        flags = "--log-file", "run.log", "--manifest", "m.json"
        done = run_in_process(path, *flags, cwd=tmp_path, stdin=stdin)
        assert counts(done.stdout) == count(CLOSES * 2, 5)
        note = f"{f'{path}/{name}'!r} is no table and was left out"
        assert note not in done.stderr
        assert note in [line.get("text") for line in logged(tmp_path, "note")]
        assert json.loads((tmp_path / "m.json").read_bytes())["notes"] == [note]
        (tmp_path / "run.log").unlink()
    assert run(tmp_path / "my z.zip", Config()).rows_processed == 2 * len(CLOSES)
    assert run_in_process("verify", "my z.zip", cwd=tmp_path).code == 0
    assert run_in_process(f"my z.zip/{name}", cwd=tmp_path).code == 1


def test_an_archive_without_a_table(tmp_path: Path) -> None:
    """If no member is a table, the archive is refused with the names; a single member says itself what it is."""
    (tmp_path / "z.zip").write_bytes(zipped({"LICENSE": b"MIT\n", "a.png": b"\x89PNG"}))
    assert refusal(tmp_path / "z.zip") == "cannot read 'z.zip': none of its members is a table: 'LICENSE', 'a.png'"
    (tmp_path / "z.zip").write_bytes(zipped({"a.png": b"\x89PNG"}))
    with pytest.raises(DataError, match="found a PNG picture"):
        run(tmp_path / "z.zip", Config())


def test_members_of_several_symbols(tmp_path: Path) -> None:
    """Members are one series: a time that goes back between them is told, and names of symbols are where it does."""
    names = "BTCUSDT.csv", "ETHUSDT.csv"
    later = DATA.replace(b"\n17", b"\n18")
    (tmp_path / "z.zip").write_bytes(zipped(dict(zip(names, (DATA, later), strict=True))))
    assert "symbols" not in run_in_process("z.zip", cwd=tmp_path).stderr
    (tmp_path / "z.zip").write_bytes(zipped(dict.fromkeys(names, DATA)))
    assert "seem to have two symbols" in run_in_process("z.zip", cwd=tmp_path).stderr
    (tmp_path / "z.zip").write_bytes(zipped({"later.csv": later, "sooner.csv": DATA}))
    assert "out of order" in run_in_process("z.zip", cwd=tmp_path).stderr


@pytest.mark.parametrize("hidden", [0, 1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_member_that_is_not_listed(hidden: int, streamed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """An archive with a member that its directory does not name is refused: its rows would not count."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def seek(self, *where: int) -> int:
            if streamed:
                raise io.UnsupportedOperation("seek")
            return super().seek(*where)

    into = Pipe()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.csv", "b.csv", "c.csv"):
            archive.writestr(name, DATA)
        whole = archive.infolist()[:]
        del archive.filelist[hidden]
    (tmp_path / "z.zip").write_bytes(into.getvalue())
    message = refusal(tmp_path / "z.zip")
    if hidden:
        before = whole[hidden - 1].filename
        assert message == f"cannot read 'z.zip': the member behind '{before}' is not listed in its directory"
    else:
        assert message == "cannot read 'z.zip': there are bytes before its first member"


@pytest.mark.parametrize("extra", [0, 1, 4000])
def test_padding_between_members(extra: int, tmp_path: Path) -> None:
    """Extra fields that align members, whatever is in them, are no member."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name in ("a.csv", "b.csv"):
            info = zipfile.ZipInfo(name)
            info.extra = b"\x35\xd9" + (16 + extra).to_bytes(2, "little") + b"PK\x03\x04" * 4 + bytes(extra)
            archive.writestr(info, DATA)
    (tmp_path / "z.zip").write_bytes(into.getvalue())
    assert run(tmp_path / "z.zip", Config()).rows_processed == 2 * len(CLOSES)


@pytest.mark.parametrize(("members", "is_read"), [(63, True), (65, False)])
def test_a_directory_that_is_too_large(members: int, is_read: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A directory of more than 4 MiB, which would take ten times as much memory, is not read."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for number in range(members):
            info = zipfile.ZipInfo(f"{number}.csv")
            info.comment = bytes(65_535)
            archive.writestr(info, DATA)
        size = sum(46 + len(info.filename) + len(info.comment) for info in archive.infolist())
    if is_read:
        assert run(tmp_path / "z.zip", Config()).rows_processed == members * len(CLOSES)
    else:
        message = f"cannot read 'z.zip': the directory of the zip file has {size} bytes, more than can be read"
        assert refusal(tmp_path / "z.zip") == message


def test_a_comment_with_the_mark_of_an_end(tmp_path: Path) -> None:
    """A comment that would hide where the directory is, is refused in words."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("a.csv", DATA)
        archive.comment = b"made by PK\x05\x06 and others, as it is written here"
    (tmp_path / "z.zip").write_bytes(into.getvalue())
    expected = "expected a directory at the end of the zip file, found none, or a damaged one"
    assert refusal(tmp_path / "z.zip").startswith(f"cannot read 'z.zip': {expected}")


def test_an_error_names_the_member(tmp_path: Path) -> None:
    """An error in one of several members names it and the line in it; so does the log for each that was read."""
    members = {"a.csv": DATA, "b.csv": DATA + b"1,2\n"}
    (tmp_path / "z.zip").write_bytes(zipped(members))
    message = f"z.zip/b.csv: line {len(CLOSES) + 2}: expected 6 fields, found 2"
    done = run_in_process("z.zip", "--log-file", "run.log", cwd=tmp_path)
    assert done.record["error_message"] == message
    read = {"event": "input read", "input": "z.zip/a.csv", "bytes": len(DATA), "rows": len(CLOSES)}
    assert logged(tmp_path, "input read") == [read]
    piped = run_in_process(stdin=zipped(members), cwd=tmp_path)
    assert piped.record["error_message"] == message.replace("z.zip", "-")


def test_another_header(tmp_path: Path) -> None:
    """A member with another header than the first is refused, by its name."""
    other = DATA.replace(b"open", b"Open")
    (tmp_path / "z.zip").write_bytes(zipped({"a.csv": DATA, "b.csv": other}))
    message = run_in_process("z.zip", cwd=tmp_path).record["error_message"]
    assert message.startswith("z.zip/b.csv: line 1: expected the header of the first input")


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_compressed_member(name: str, tmp_path: Path) -> None:
    """A member that is itself compressed is decompressed, as a file of its own would be."""
    members = {"a.csv": COMPRESSORS[name](DATA[:5000]), "b.csv": COMPRESSORS[name](DATA[5000:])}
    whole = {"a.csv.gz": COMPRESSORS[name](DATA)}
    assert counts(run_in_process(stdin=zipped(whole), cwd=tmp_path).stdout) == count(CLOSES, 5)
    (tmp_path / "z.zip").write_bytes(zipped(whole, zipfile.ZIP_STORED))
    assert counts(run_in_process("z.zip", cwd=tmp_path).stdout) == count(CLOSES, 5)
    (tmp_path / "z.zip").write_bytes(zipped({"a": members["a.csv"][:-3]}))
    assert refusal(tmp_path / "z.zip").startswith(f"cannot read 'z.zip/a': its {name} data ends too early")


def test_a_zip_file_in_a_zip_file(tmp_path: Path) -> None:
    """An archive in an archive is refused, by file and by pipe."""
    data = zipped({"a.csv": DATA, "b.zip": zipped({"a.csv": DATA})})
    (tmp_path / "z.zip").write_bytes(data)
    assert refusal(tmp_path / "z.zip") == "cannot read 'z.zip/b.zip': it is a zip file in a zip file"
    assert run_in_process(stdin=data, cwd=tmp_path).record["error_message"].startswith("cannot read '-/b.zip'")


def encrypted() -> bytes:
    """Make an archive whose second member has the flag of encryption."""
    data = bytearray(zipped({"a.csv": DATA, "b.csv": DATA}))
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rindex(header) + flags] |= 1
    return bytes(data)


def deflate64() -> bytes:
    """Make an archive with a member whose method is one that is not read."""
    data = bytearray(zipped({"a.csv": DATA}))
    data[data.rindex(b"PK\x01\x02") + 10] = 9
    return bytes(data)


def doubled() -> bytes:
    """Make an archive with two members of one name."""
    return zipped({"a.csv": DATA, "b.csv": DATA}).replace(b"b.csv", b"a.csv")


REFUSED = {
    "encrypted": (encrypted(), "cannot read 'z.zip': its member 'b.csv' is encrypted"),
    "another method": (
        deflate64(),
        "cannot read 'z.zip': its member 'a.csv' is compressed by a method that cannot be read here (number 9)",
    ),
    "two of one name": (doubled(), "cannot read 'z.zip': it has two members 'a.csv'"),
    "no member": (zipped({}), "cannot read 'z.zip': expected a zip file of CSV files, found no file in it"),
    "only folders": (zipped({"a/": b""}), "cannot read 'z.zip': expected a zip file of CSV files, found no file in it"),
    "a workbook": (
        zipped({"[Content_Types].xml": b"<", "xl/workbook.xml": b"<"}),
        "cannot read 'z.zip': expected a zip file of CSV files, found an Excel workbook",
    ),
    "joined": (zipped({"a.csv": DATA}) * 2, "cannot read 'z.zip': there are bytes before its first member"),
    "joined with a cut one": (
        zipped({"a.csv": DATA}) + zipped({"b.csv": DATA})[:500],
        "cannot read 'z.zip': expected the end of the zip file behind its directory, found more bytes, or fewer",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str, tmp_path: Path) -> None:
    """What would leave rows out, or cannot be read, is refused before the first row, by file and by pipe."""
    data, message = REFUSED[what]
    (tmp_path / "z.zip").write_bytes(data)
    done = run_in_process("z.zip", "--signals", "s.csv", cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, message)
    done = run_in_process("--signals", "s.csv", stdin=data, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, message.replace("'z.zip'", "stdin"))
    assert (tmp_path / "s.csv").read_bytes() in {b"", b"row,signal,mean\n"}


@pytest.mark.parametrize("method", ZIP_METHODS)
def test_cut_anywhere(method: int, tmp_path: Path) -> None:
    """An archive that is cut off after any of its bytes is an error."""
    data = zipped({"a.csv": DATA[:500], "b.csv": DATA[500:600]}, method)
    for length in range(4, len(data)):
        (tmp_path / "z.zip").write_bytes(data[:length])
        assert refusal(tmp_path / "z.zip").startswith("cannot read 'z.zip")


@pytest.mark.parametrize("method", ZIP_METHODS)
def test_a_damaged_byte(method: int, tmp_path: Path) -> None:
    """A byte of a member that is damaged is an error: its checksum is compared."""
    data = zipped({"a.csv": DATA}, method)
    for at in range(35, data.index(b"PK\x01\x02"), 11):
        (tmp_path / "z.zip").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises((InputError, DataError)):
            run(tmp_path / "z.zip", Config(bad_rows="missing", max_bad=1))


@pytest.mark.parametrize("field", ["checksum", "size", "packed size", "start"])
def test_a_wrong_directory(field: str, tmp_path: Path) -> None:
    """A directory that says something else than the member is an error."""
    data = bytearray(zipped({"a.csv": DATA, "b.csv": DATA}))
    data[data.rindex(b"PK\x01\x02") + {"checksum": 16, "size": 24, "packed size": 20, "start": 42}[field]] ^= 1
    (tmp_path / "z.zip").write_bytes(data)
    assert refusal(tmp_path / "z.zip").startswith("cannot read 'z.zip/b.csv'")


def test_what_stream_writers_make(tmp_path: Path) -> None:
    """Archives written to a pipe, whose sizes follow the members, and those with a comment are read."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    into = Pipe()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"PK\x05 comment"
        for name in ("a.csv", "b.csv"):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(DATA)
    (tmp_path / "z.zip").write_bytes(into.getvalue())
    assert counts(run_in_process("z.zip", cwd=tmp_path).stdout) == count(CLOSES * 2, 5)


def test_a_checkpoint(tmp_path: Path) -> None:
    """A job on an archive resumes within a member, and goes on with members that were added."""
    rows = [candle_csv(CLOSES[:150]), candle_csv(CLOSES[150:200]), candle_csv(CLOSES[200:])]
    flags = ("z.zip", "--checkpoint", "c.json")
    for size in (1, 2, 3, 3):
        (tmp_path / "z.zip").write_bytes(zipped({f"{number}.csv": data for number, data in enumerate(rows[:size])}))
        done = run_in_process(*flags, cwd=tmp_path)
    assert counts(done.stdout) == count(CLOSES, 5)
    (tmp_path / "z.zip").write_bytes(zipped({"0.csv": rows[0].replace(b"1.0", b"1.1")}))
    assert run_in_process(*flags, cwd=tmp_path).code == 1


def test_a_checkpoint_of_a_pipe(tmp_path: Path) -> None:
    """A zip file in a pipe cannot be continued, and is refused in words."""
    done = run_in_process("--checkpoint", "c.json", stdin=zipped(MEMBERS), cwd=tmp_path)
    expected = "cannot read stdin: a zip file in a pipe cannot be continued from a checkpoint"
    assert done.record["error_message"] == expected
    assert done.stderr.splitlines()[-1] == "stream-signal: save it to a file first"


def test_a_pipe_without_an_end(tmp_path: Path) -> None:
    """What a pipe brings is kept in a temporary file up to a bound, and nothing is left of it."""
    script = (
        "import sys; from stream_signal.inputs import files; files.MOST_KEPT_BYTES = 1_000_000\n"
        "from stream_signal.__main__ import main; sys.exit(main())"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    for size, message in ((900_000, "expected a directory at the end"), (1_100_000, "it has more than 1000000 bytes")):
        command = [sys.executable, "-c", script]
        data = b"PK\x03\x04" + bytes(size)
        done = subprocess.run(command, input=data, env=environment, cwd=tmp_path, capture_output=True, check=False)
        assert message in json.loads(done.stdout)["error_message"]
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_a_pipe(tmp_path: Path) -> None:
    """A disk that is full while a zip file is kept is an error that says where it was kept."""
    script = (
        "import sys, tempfile; tempfile.TemporaryFile = lambda: open('/dev/full', 'r+b', buffering=0)\n"
        "from stream_signal.__main__ import main; sys.exit(main())"
    )
    done = run_script(script, stdin=zipped(MEMBERS), cwd=tmp_path)
    assert done.record["error_message"].startswith("cannot read stdin: cannot write to ")
    assert done.record["error_message"].endswith("where it is kept: No space left on device")


def test_a_thousand_members(tmp_path: Path) -> None:
    """An archive of a thousand members is not read anew for each: it takes seconds at most, and one open file."""
    rows = [f"{number % 7}.5" for number in range(1000)]
    members = {f"{number}.csv": candle_csv([close]) for number, close in enumerate(rows)}
    (tmp_path / "z.zip").write_bytes(zipped(members))
    script = (
        "import resource, sys, zipfile; resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "opened, init = [], zipfile.ZipFile.__init__\n"
        "zipfile.ZipFile.__init__ = lambda self, *given: (opened.append(1), init(self, *given))[1]\n"
        "from stream_signal.command.main import main; code = main()\n"
        "print(len(opened), file=sys.stderr); sys.exit(code)"
    )
    done = run_script(script, "z.zip", "--quiet", cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "1\n")
    assert counts(done.stdout) == count(rows, 5)


def test_the_output_is_not_the_archive(tmp_path: Path) -> None:
    """An output that would overwrite the archive of a member is refused, like one that would overwrite an input."""
    (tmp_path / "z.zip").write_bytes(zipped(MEMBERS))
    done = run_command("z.zip/a.csv", "--output", "z.zip", cwd=tmp_path)
    assert done.code == 2
    assert "would overwrite an input" in done.stderr


def test_the_same_metrics(tmp_path: Path) -> None:
    """The metrics of one member are those of the CSV, byte for byte but for the latency."""
    (tmp_path / "a.csv").write_bytes(DATA)
    (tmp_path / "z.zip").write_bytes(zipped({"a.csv": DATA}))
    plain, packed = (metrics_of(run_in_process(name, cwd=tmp_path).stdout) for name in ("a.csv", "z.zip"))
    assert packed == plain
