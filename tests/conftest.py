"""What holds for every test: how hypothesis goes about it, and that the asserts of the helpers say what they found."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

pytest.register_assert_rewrite("support")

# How many examples a property gets is decided here and in no test: few for `make test`, many for `make test-all`.
# A machine that is slow, or busy, is no defect.
settings.register_profile(
    "dev", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("all", settings.get_profile("dev"), max_examples=200)
settings.load_profile("dev")

# Under nohup or in the background of a script, the jobs that the tests start would ignore these too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with data.csv in it, seven rows."""
    from support.cases import DATA

    (tmp_path / "data.csv").write_bytes(DATA)
    return tmp_path
