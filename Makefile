# make run    the job on data.csv: metrics.json, run.log, and the metrics on the screen
# make test   the test suite
# make check  ruff and mypy; make bench-once runs every benchmark once, untimed; make data writes data.csv anew

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check format bench-once data exactness clean

run: .venv/installed
	$(BIN)/stream-signal --input data.csv --config config.yaml --output metrics.json --log-file run.log
	@cat metrics.json

test: .venv/installed-test
	$(BIN)/python -m pytest

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-once: .venv/installed-test
	$(BIN)/python -m pytest benchmarks --benchmark-disable

exactness: .venv/installed
	$(BIN)/python benchmarks/exactness.py

data: .venv/installed
	$(BIN)/stream-signal candles --rows 10000 --seed 42 > data.csv

clean:
	rm -rf .venv metrics.json run.log

# Each stamp says what the environment holds; pip runs again only when pyproject.toml has changed.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

.venv/installed-dev: .venv/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	@touch $@
