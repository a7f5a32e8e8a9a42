"""Log a job as a run of MLflow: `log_run.py candles.csv [flags of stream-signal]`.

The settings become parameters, the counts metrics, and the record of the job an artifact, with its log. A job that
fails is a run that has failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import mlflow


def main(arguments: list[str]) -> int:
    """Run the job within a run; return its exit code."""
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as run:
        record, log = Path(folder, "metrics.json"), Path(folder, "run.log")
        command = ["stream-signal", *arguments, "--output", str(record), "--log-file", str(log)]
        code = subprocess.run(command, check=False).returncode
        found = json.loads(record.read_text())
        started = json.loads(log.read_text().splitlines()[0])
        mlflow.log_params({key: value for key, value in started["config"].items() if value is not None})
        if code == 0:
            mlflow.log_metrics({key: found[key] for key in ("rows_processed", "value", "latency_ms")})
        mlflow.log_artifacts(folder)
        if code:
            mlflow.end_run("FAILED")
        print(run.info.run_id)
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
