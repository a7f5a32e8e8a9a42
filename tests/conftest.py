"""What holds for every test: how hypothesis goes about it, and that the asserts of the helpers say what they found."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("support")

# A machine that is slow, or busy, is no defect.
settings.register_profile(
    "here", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("here")
