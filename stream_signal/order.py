"""Order: what the command was asked to do, as plain data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STREAM = "-"
"""a path that is stdin, stdout or, for the log, stderr"""
# What a job writes where it is told to, by the names of their paths below, in words.
WRITTEN = {
    "output": "the output",
    "log_file": "the log",
    "signals": "the signals",
    "checkpoint": "the checkpoint",
    "keys_output": "the keys",
    "rates": "the rates",
    "report": "the report",
    "manifest": "the manifest",
    "summary": "the summary",
}


class Order(NamedTuple):
    """What the command was asked to do."""

    inputs: tuple[str, ...]
    """paths, `-` for stdin, read in this order as one stream"""
    output: str = "-"
    """path, or `-` for stdout; empty: nowhere"""
    config: str | None = None
    """path; None: ./config.yaml if it exists, otherwise the built-in settings"""
    log_file: str | None = None
    verbosity: int = 0
    settings: Mapping[str, Any] = {}
    """those of the command line, which override the config"""
    use_config: bool = True
    """whether to look for ./config.yaml"""
    checkpoint: str | None = None
    """path: resumed from at the start if it exists, and saved as the job runs"""
    checkpoint_every: float = 30.0
    """seconds"""
    metrics_format: str = "json"
    """that of the metrics and of the error record: "json", or "prometheus" """
    error_format: str = "plain"
    """that of the error record: "plain", or "full" with the kind of the error and its hint"""
    prometheus: int | None = None
    """the port at which the metrics so far are served"""
    every: float | None = None
    """seconds between two writes of the metrics so far"""
    signals: str | None = None
    """path, or `-` for stdout: a line for each row"""
    signals_format: str | None = None
    """csv or jsonl; None: by the ending of the path"""
    follow: bool = False
    """keep reading the one input as it grows"""
    rotated: str | None = None
    """pattern of the names that old files of the followed one get; None: unknown"""
    resume_by: str | None = None
    """"time": a sender repeats rows, and those up to the last timestamp of the checkpoint are skipped"""
    jobs: int | None = None
    """processes; None: as many as pay"""
    cluster: str | None = None
    """address of a Dask scheduler whose workers count, or `local` for workers of this machine"""
    quiet: bool = False
    """nothing on stderr but errors"""
    idle_timeout: float | None = None
    """seconds without new bytes after which a followed file has ended"""
    keys_output: str | None = None
    """path: a table of the counts of each key, which then are not among the metrics"""
    rates: str | None = None
    """path: a table of the rates of days, weeks or months"""
    by: str | None = None
    """"day", "week" or "month" """
    report: str | None = None
    """path: a page to look at"""
    manifest: str | None = None
    """path: the digests of the inputs, the settings, the versions and the counts"""
    summary: str | None = None
    """path: a page of Markdown in words"""
    progress: bool | None = None
    """whether to draw the progress on a terminal; True: at once, None: if the job takes a while"""
    strict: bool = False
    """every doubt is an error, and every row is looked at"""
    lines_of: Callable[[Any], list[str]] | None = None
    """makes lines of a hint, whole commands among them, for a doubt; None: it is said without"""

    @property
    def written_paths(self) -> list[str]:
        """The paths of all that it writes."""
        paths = (getattr(self, name) for name in WRITTEN)
        return [path for path in paths if path and path != STREAM]

    @property
    def is_quiet(self) -> bool:
        """Whether stderr has no words for people but the error."""
        return self.quiet or self.logs_to_stderr

    @property
    def tells_notes(self) -> bool:
        """Whether stderr has notes: somebody looks at it, so that no nightly job sends mail for one."""
        return not self.is_quiet and bool(sys.stderr and sys.stderr.isatty())

    @property
    def tells_summary(self) -> bool:
        """Whether a person reads the metrics: then stderr says in words what they mean."""
        return self.tells_notes and bool(sys.stdout and sys.stdout.isatty())

    @property
    def logs(self) -> bool:
        """Whether there is a log."""
        return bool(self.log_file or self.verbosity)

    @property
    def logs_to_stderr(self) -> bool:
        """Whether stderr is for the log alone, without words for people."""
        return self.log_file == STREAM

    @property
    def draws_progress(self) -> bool:
        """Whether stderr is a terminal for people, where nothing else is drawn as the job runs."""
        if self.progress is False or self.logs_to_stderr or (self.quiet and not self.progress):
            return False
        if not (sys.stderr and sys.stderr.isatty()):
            return False
        writes_to_stdout = self.signals == STREAM or (self.every and self.output == STREAM)
        return not (writes_to_stdout and sys.stdout and sys.stdout.isatty())
