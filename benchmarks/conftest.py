"""The suite's options, and what it adds to pytest-benchmark: sizes, calibration, and the comparison of runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from machine import folder_name, machine, versions
from tracking import DEFAULT_MAX_RATIO, Loop, Slower, compare, fixed_loop, is_busy, rounds_for, summary
from workloads import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

    Timed = Callable[..., Any]

SLOWER = pytest.StashKey[list[Slower]]()
BUSY = pytest.StashKey[bool]()
OWN_STORAGE = "file://./.benchmarks"  # the default of pytest-benchmark, which would be lost with the clone
MOST_ROWS = 10_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --rows and --max-ratio."""
    group = parser.getgroup("stream-signal")
    group.addoption(
        "--rows", type=_sizes, default=[10_000, 100_000], help="sizes, with commas between (default: 10_000,100_000)"
    )
    group.addoption(
        "--max-ratio",
        type=float,
        default=DEFAULT_MAX_RATIO,
        help=f"fail if a benchmark takes so many times what it took in the last good run ({DEFAULT_MAX_RATIO})",
    )


def _sizes(text: str) -> list[int]:
    sizes = [int(size) for size in text.split(",")]
    if not all(1000 <= size <= MOST_ROWS for size in sizes):
        raise pytest.UsageError(f"--rows: expected sizes from 1,000 to {MOST_ROWS:,}, found {text}")
    return sizes


def pytest_configure(config: pytest.Config) -> None:
    """Keep the runs of this machine under the user's cache, where the next clone finds them."""
    config.addinivalue_line("markers", "most_rows(n): leave out larger sizes, which would show nothing new")
    config.addinivalue_line("markers", "timed: a benchmark; set by itself on what asks for the fixture of that name")
    if config.getoption("benchmark_storage") == OWN_STORAGE:
        config.option.benchmark_storage = f"file://{cache_folder() / 'benchmarks' / folder_name()}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a benchmark that asks for `rows` the sizes of --rows."""
    if "rows" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("most_rows")
        most = marker.args[0] if marker else MOST_ROWS
        metafunc.parametrize("rows", [size for size in metafunc.config.getoption("rows") if size <= most])


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the benchmarks, so that `-m timed` selects them from among the tests of the scripts."""
    if "timed" in getattr(item, "fixturenames", ()):
        item.add_marker("timed")


@pytest.fixture
def timed(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Timed:
    """Return a function that times another, each round between two fixed loops, and returns its result.

    pytest-benchmark does the timing and keeps the figures; once and untimed with --benchmark-disable.
    """

    def time_rounds(function: Callable[..., Any], *arguments: Any) -> Any:
        if not benchmark.enabled:
            return benchmark(function, *arguments)
        started = time.perf_counter()
        function(*arguments)  # a warm-up round
        seconds = time.perf_counter() - started
        rounds = rounds_for(seconds, float(request.config.getoption("benchmark_max_time")))
        loops: list[Loop] = []
        result = benchmark.pedantic(  # type: ignore[no-untyped-call]
            function, args=arguments, setup=lambda: loops.append(fixed_loop()), rounds=rounds
        )
        loops.append(fixed_loop())
        assert benchmark.stats
        benchmark.extra_info |= summary(benchmark.stats["data"], loops)
        return result

    return time_rounds


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Save a description of the machine, and the versions of the programs; not its name."""
    machine_info.pop("node", None)
    machine_info["described"] = machine()
    machine_info["versions"] = versions()


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Compare the ratios with those of the last good run."""
    storage = config.pluginmanager.get_plugin("pytest-benchmark").storage  # type: ignore[union-attr]
    slower = compare(output_json, (run for _, run in storage.load()), config.getoption("max_ratio"))
    output_json["slower"] = [one.name for one in slower]
    config.stash[SLOWER], config.stash[BUSY] = slower, is_busy(output_json)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if something has become slower, and the machine was quiet enough to judge."""
    if session.config.stash.get(SLOWER, []) and not session.config.stash[BUSY]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what has become slower."""
    for one in config.stash.get(SLOWER, []):
        terminalreporter.write_line(f"slower: {one}", red=True)
    if config.stash.get(BUSY, False):
        terminalreporter.write_line("busy: other programs used the cores; this run is not judged, nor compared with")
