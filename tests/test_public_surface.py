"""The public surface as its types say: every name is used in public_surface.py, and every use there runs."""

from __future__ import annotations

import ast
from pathlib import Path

import public_surface

import stream_signal


def test_every_public_name_is_used() -> None:
    """Beside its import, each public name is used in the file that mypy checks."""
    tree = ast.parse(Path(public_surface.__file__).read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert set(stream_signal.__all__) <= used


def test_every_use_runs(tmp_path: Path) -> None:
    """What the file uses is there and works, as well as being typed."""
    public_surface.the_job(tmp_path / "data.csv")
    public_surface.the_stream()
    public_surface.the_observer()
    public_surface.the_mean()
    public_surface.the_array()
    public_surface.the_segment()
    public_surface.the_errors()
