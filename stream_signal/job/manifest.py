"""The manifest as an output: the digests of what was read are taken while it is read, or once it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.inputs.digest import Digests
from stream_signal.outputs.files import check_replaceable, replace_file
from stream_signal.outputs.manifest import SCHEMA, Manifest, as_json, versions
from stream_signal.outputs.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.outputs.output import Job, Result


def wanted(job: Job) -> Iterator[Output]:
    """Yield the manifest."""
    yield ManifestOutput(job)


class ManifestOutput(Output):
    """The manifest of a job that has ended."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._order = job.order
        self._config = job.config
        self._digests = Digests(job.order.inputs)
        self.tap = self._digests.tap

    def check(self) -> None:
        """Refuse a path that cannot be replaced."""
        check_replaceable(str(self._order.manifest))

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - it is written once
        """Write the manifest, with the digests of all that was read."""
        order, metrics = self._order, result.metrics
        manifest = Manifest(
            SCHEMA,
            inputs=[digest._asdict() for digest in self._digests.find()],
            config=order.config,
            flags=as_json(order.settings),
            settings=as_json(self._config._asdict()),
            versions=versions(),
            rows=metrics.rows_processed,
            signals=result.stream.signals,
            value=metrics.value,
            by_window=metrics.by_window,
            by_key=metrics.by_key,
        )
        replace_file(str(order.manifest), manifest.written())
