"""What a caller in Python gives as a source: it works if the meaning is plain, else the error says what to use."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stream_signal import (
    Config,
    ConfigError,
    DoubtError,
    InputError,
    MissingColumnError,
    OutputError,
    SignalStream,
    run,
)
from support.cases import DATA
from support.commands import run_in_process

EXPECTED = "expected a path, a list of paths, a file, bytes, an iterable of bytes or a data frame, found "
WANTED = (7, 3 / 7)


class PandasFrame:
    """Has the method of a DataFrame of a pandas that does not speak Arrow."""

    def to_csv(self, **_: object) -> str:
        return DATA.decode()


class PolarsFrame:
    """Has the method of a DataFrame of a polars that does not speak Arrow."""

    def write_csv(self) -> str:
        return DATA.decode()


class Silent:
    """A file that does not block, and has nothing yet."""

    def read(self, _: int) -> None:
        return None


def test_several_files(tmp_path: Path) -> None:
    """A list of paths is one stream, with the header of each."""
    header, *rows = DATA.splitlines(keepends=True)
    paths = [tmp_path / name for name in ("part-0.csv", "part-1.csv")]
    for path, part in zip(paths, (rows[:3], rows[3:]), strict=True):
        path.write_bytes(header + b"".join(part).removesuffix(b"\n"))
    assert run(paths)[1::2][:2] == WANTED
    assert run([str(path) for path in paths]).doubts == ()


def test_tables() -> None:
    """A table of Arrow, and whatever gives its rows as Arrow does, is counted as the CSV of its numbers."""
    pa = pytest.importorskip("pyarrow")
    csv = pytest.importorskip("pyarrow.csv")
    table = csv.read_csv(io.BytesIO(DATA))
    for source in (table, table.to_batches()[0], table.to_reader(max_chunksize=2)):
        assert run(source)[1::2][:2] == WANTED
    assert run(table, window=2)[:4] == run(DATA, window=2)[:4]
    with pytest.raises(MissingColumnError):
        run(table.rename_columns([f"x{number}" for number in range(table.num_columns)]))
    with pytest.raises(InputError, match="expected numbers or text, found the type bool in column 'close'"):
        run(pa.table({"close": [True]}))


def test_the_index_of_a_data_frame() -> None:
    """Times in the index are compared as those of a column."""
    pandas = pytest.importorskip("pandas")
    times = pandas.date_range("2024-01-01", periods=7, freq="min")
    frame = pandas.DataFrame({"close": [1.5, 2.5, 1.25, 2.75, 2, 3, 1]}, index=times)
    assert run(frame, strict=True).rows_processed == 7
    with pytest.raises(DoubtError, match="newest first"):
        run(frame[::-1], strict=True)


def test_what_is_written(tmp_path: Path) -> None:
    """Signals and a manifest are those of the command; they need paths as the source."""
    (tmp_path / "data.csv").write_bytes(DATA)
    done = run_in_process("data.csv", "--signals", "a.csv", "--manifest", "a.json", cwd=tmp_path)
    metrics = run(tmp_path / "data.csv", signals=tmp_path / "b.csv", manifest=tmp_path / "b.json")
    assert metrics._replace(latency_ms=0).to_dict() == {**done.record, "latency_ms": 0}
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert json.loads((tmp_path / "b.json").read_text())["signals"] == 3
    with pytest.raises(TypeError, match="signals: expected a path or paths as the source, found bytes"):
        run(DATA, signals=tmp_path / "c.csv")


@pytest.mark.parametrize("name", ["signals", "report", "manifest"])
def test_nothing_is_overwritten(name: str, tmp_path: Path) -> None:
    """An output that is an input, by any name, the config or another output is refused, and nothing is lost."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA)
    os.link(path, tmp_path / "other.csv")
    (tmp_path / "c.yaml").write_text("seed: 7\nwindow: 5\nversion: v2\n")
    for other, what in (("data.csv", "an input"), ("other.csv", "an input"), ("c.yaml", "the config")):
        outputs: dict[str, Any] = {name: tmp_path / other}
        with pytest.raises(OutputError, match=f"^{name} .*{other} would overwrite {what}$"):
            run(path, tmp_path / "c.yaml", **outputs)
    both: dict[str, Any] = {name: tmp_path / "new", "report" if name == "signals" else "signals": tmp_path / "new"}
    with pytest.raises(OutputError, match="would overwrite the"):
        run(path, **both)
    assert path.read_bytes() == DATA
    assert sorted(os.listdir(tmp_path)) == ["c.yaml", "data.csv", "other.csv"]


def test_settings_of_all_kinds(tmp_path: Path) -> None:
    """Settings by name win over those of a Config, a dict and a file; an unknown one names the nearest."""
    (tmp_path / "c.yaml").write_text("seed: 7\nwindow: [2, 3]\nversion: v2\n")
    wanted = run(DATA, Config(window=3))[3]
    configs: list[Any] = [Config(window=2), {"window": 2}, tmp_path / "c.yaml", str(tmp_path / "c.yaml")]
    for config in configs:
        assert run(DATA, config, window=3)[3] == wanted
        assert run(DATA, config, window=[3, 4]).by_window is not None
        assert run(DATA, config, window=4).by_window is None
    metrics = run(DATA, tmp_path / "c.yaml")
    assert (metrics.version, metrics.seed, list(metrics.by_window or ())) == ("v2", 7, ["2", "3"])
    assert metrics == run(DATA, Config(seed=7, window=2, windows=[3], version="v2"))._replace(latency_ms=metrics[4])
    with pytest.raises(ConfigError, match=r"unknown key 'widow' \(did you mean 'window'\?\)"):
        run(DATA, widow=5)


def test_the_order_of_before(tmp_path: Path) -> None:
    """A config before the source works as it did, and says that it is deprecated."""
    (tmp_path / "a.csv").write_bytes(DATA)
    configs: list[Any] = [Config(), None, {"window": 5}]
    for config in configs:
        for source in (DATA, tmp_path / "a.csv"):
            with pytest.warns(DeprecationWarning, match=r"^run\(config, source\) is now run\(source, config\)$"):
                assert run(config, source)[1::2][:2] == WANTED  # type: ignore[arg-type]


def test_text_files(tmp_path: Path) -> None:
    """A file opened in text mode gives the same as in binary mode, whatever its encoding, and so does a StringIO."""
    text = DATA.decode()
    sources: list[Any] = [io.StringIO(text), io.StringIO("\ufeff" + text)]
    for encoding in ("utf-8", "utf-16", "cp1252"):
        path = tmp_path / encoding
        path.write_text(text, encoding=encoding)
        sources.append(path.open(encoding=encoding))
    with gzip.open(tmp_path / "d.gz", "wt") as packed:
        packed.write(text)
    sources.append(gzip.open(tmp_path / "d.gz", "rt"))  # noqa: SIM115 - the loop closes it
    for source in sources:
        with source:
            assert run(source, Config())[1::2][:2] == WANTED


def test_views_of_bytes() -> None:
    """A memoryview and an array of bytes are bytes, whole or in pieces."""
    sources: list[Any] = [memoryview(DATA), [memoryview(DATA)], [bytearray(DATA[:9]), DATA[9:]]]
    for source in sources:
        assert run(source, Config())[1::2][:2] == WANTED


def test_a_config_of_any_kind() -> None:
    """A dict of settings, and None for the defaults, are as good as a Config; numbers of NumPy as those of Python."""
    wanted = run(DATA, Config(window=2, column=5))[:4]
    settings: dict[str, Any] = {
        "window": np.int64(2),
        "column": np.uint8(5),
        "version": np.str_("v1"),
        "header": np.True_,
    }
    for config in ({"window": 2, "column": 5}, settings, Config(**settings)):
        assert run(DATA, config)[:4] == wanted
    assert run(DATA)[1::2][:2] == WANTED
    stream = SignalStream({"window": 2})
    stream.feed(DATA)
    assert stream.finish() == (7, round(wanted[3] * 7), wanted[3])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (PandasFrame(), EXPECTED + "PandasFrame: use .to_csv(index=False).encode()"),
        (PolarsFrame(), EXPECTED + "PolarsFrame: use .write_csv().encode()"),
        ([1.5, 2.5], EXPECTED + "list of float: a RollingMean takes numbers"),
        (np.array([1.5, 2.5]), EXPECTED + "ndarray of float64: a RollingMean takes numbers"),
        (iter(["close\n", "1\n"]), EXPECTED + "list_iterator of str: encode each"),
        (iter(["a.csv", "b.csv"]), EXPECTED + "list_iterator of str: give paths alone, as a list"),
        ([b"close\n", Path("a.csv")], EXPECTED + f"list of {type(Path()).__name__}: give paths alone, as a list"),
        ({"close": [1]}, EXPECTED + "dict of str"),
        ([["close"], ["1"]], EXPECTED + "list of list"),
        (None, EXPECTED + "NoneType"),
        (5, EXPECTED + "int"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_source(source: Any, message: str) -> None:
    """What has no bytes is a TypeError that says what was expected, and what to use if that is known."""
    with pytest.raises(TypeError) as refused:
        run(source)
    assert str(refused.value) == message


@pytest.mark.parametrize("config", [5, [("window", 2)], b"window: 2"])
def test_no_config(config: Any) -> None:
    """What is no config is a TypeError that says so, in `run` and in `SignalStream`."""
    for call in (lambda: run(DATA, config), lambda: SignalStream(config)):
        with pytest.raises(TypeError, match=r"^expected a Config, or a dict of its settings, found (bytes|int|list)$"):
            call()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is closed, only written to, of another encoding, torn or silent is an InputError with its name."""
    path = tmp_path / "data.csv"
    path.write_bytes(DATA + b"\xe9")
    closed = path.open("rb")
    closed.close()
    (tmp_path / "d.gz").write_bytes(gzip.compress(DATA * 100)[:-20])
    with (
        (tmp_path / "out").open("wb") as written,
        path.open(encoding="utf-8") as other,
        gzip.open(tmp_path / "d.gz") as torn,
    ):
        sources: list[tuple[Any, str]] = [
            (closed, f"cannot read {str(path)!r}: "),
            (written, f"cannot read {os.fspath(tmp_path / 'out')!r}: "),
            (other, f"cannot read {str(path)!r}: 'utf-8' codec can't decode byte 0xe9"),
            (torn, "cannot read "),
            (Silent(), "cannot read 'Silent': it does not block, and has no bytes yet"),
            ("close\n1\n2\n", "expected a path, found CSV as a str: encode it as UTF-8"),
            (["close\n", "1\n"], "expected a path, found CSV as a str: encode it as UTF-8"),
        ]
        for source, message in sources:
            with pytest.raises(InputError) as refused:
                run(source, Config())
            assert str(refused.value).startswith(message)


@pytest.mark.parametrize("data", ["close\n1\n", np.float64(1.5), np.array([1.5]), 3, None, np.uint8(3)])
def test_no_bytes(data: Any) -> None:
    """A stream takes bytes only: no text, and no number whose memory looks like bytes."""
    stream = SignalStream()
    with pytest.raises(TypeError, match=r"^expected bytes, found \w+"):
        stream.feed(data)
    stream.feed(DATA)
    assert stream.finish()[::2] == WANTED
