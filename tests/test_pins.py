"""The versions that are pinned: those of the tools, and the lowest that the package allows."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
TABLES = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
PROJECT = TABLES["project"]
NEEDED = [Requirement(text) for text in PROJECT["dependencies"]]


def pins(name: str) -> dict[str, str]:
    """Read a constraints file: the version of each package; anything but `name==version` is an error."""
    found: dict[str, str] = {}
    for line in (REPOSITORY / name).read_text().splitlines():
        if not line.startswith("#"):
            package, version = line.split("==")
            found[canonicalize_name(package)] = version
    return found


def test_every_tool_is_pinned() -> None:
    """Each tool of the groups test, test-all and dev has a version in constraints.txt, one that its group allows."""
    pinned = pins("constraints.txt")
    groups = TABLES["dependency-groups"]
    lines = [line for group in ("test", "test-all", "dev") for line in groups[group]]
    tools = [Requirement(line) for line in lines if isinstance(line, str)]
    assert tools
    for tool in tools:
        assert pinned[canonicalize_name(tool.name)] in tool.specifier


def test_what_the_package_needs_is_not_pinned() -> None:
    """The suite runs with the newest release of each dependency."""
    assert not {canonicalize_name(needed.name) for needed in NEEDED} & pins("constraints.txt").keys()


def test_the_lowest_versions_are_those_allowed() -> None:
    """constraints-lowest.txt has the lower bound of each dependency."""
    lowest = {}
    for needed in NEEDED:
        (bound,) = needed.specifier
        assert bound.operator == ">="
        lowest[canonicalize_name(needed.name)] = bound.version
    assert pins("constraints-lowest.txt") == lowest
