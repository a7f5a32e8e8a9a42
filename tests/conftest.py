"""What holds for every test: how many examples a property has, which tests are quick, what a failed assert says."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest.register_assert_rewrite("support")

from support.durations import Recorder, function_of, quick, recorded  # noqa: E402 - once its asserts are registered

if TYPE_CHECKING:
    from pathlib import Path

# How many examples a property gets is decided here and in no test: few for `make test`, many for `make test-all`.
# A machine that is slow, or busy, is no defect.
settings.register_profile(
    "dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
# The same ones in CI as here, so that a change fails for what it does; `make test` and `make fuzz` draw others.
settings.register_profile("all", settings.get_profile("dev"), max_examples=200, derandomize=True)
# For mutants: the same few examples every time, and no search for a smaller one, since any will do.
settings.register_profile(
    "few", settings.get_profile("dev"), max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("dev")

# Under nohup or in the background of a script, the jobs that the tests start would ignore these too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make test` and `make durations` ask for."""
    parser.addoption("--quick", action="store_true", help="run the tests that fit in a minute (support/durations.py)")
    parser.addoption("--golden", action="store_true", help="write the golden files anew (tests/hints/golden.txt)")
    parser.addoption("--record-durations", action="store_true", help="write what each test takes to durations.csv")


def pytest_configure(config: pytest.Config) -> None:
    """Take the times of the tests where they are asked for."""
    if config.option.record_durations:
        config.pluginmanager.register(Recorder())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that are not quick, where only those are wanted."""
    if config.option.quick:
        chosen = quick([item.nodeid for item in items], recorded())
        others = [item for item in items if function_of(item.nodeid) not in chosen]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if function_of(item.nodeid) in chosen]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with data.csv in it, seven rows."""
    from support.cases import DATA

    (tmp_path / "data.csv").write_bytes(DATA)
    return tmp_path
