# make run    the job on data.csv: metrics.json, run.log, and the metrics on the screen
# make test   the tests in under a minute: no slow ones, and few examples of each property; make test-all runs everything
# make check  ruff and mypy; make bench-once runs every benchmark once, untimed; make data writes data.csv anew
# make fuzz   ten minutes of made-up candles, configs and checkpoints
# make bench  time the suite and compare with the last run here; its kin are in benchmarks/README.md

PYTHON ?= python3
BIN := .venv/bin
# More for pytest or peers.py: make bench BENCH="--rows 1_000_000 -k command"
BENCH ?=

.PHONY: run test test-all check format bench bench-once bench-peers bench-latency bench-signals bench-soak bench-bulk bench-history fuzz data exactness clean

run: .venv/installed
	$(BIN)/stream-signal --input data.csv --config config.yaml --output metrics.json --log-file run.log
	@cat metrics.json

test: .venv/installed-test
	$(BIN)/python -m pytest -n auto --benchmark-disable -m "not slow"

test-all: .venv/installed-test
	$(BIN)/python -m pytest -n auto --benchmark-disable --hypothesis-profile=all

check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests/conftest.py

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-autosave --benchmark-group-by=func \
		--benchmark-columns=min,median,max,rounds $(BENCH)

bench-once: .venv/installed-dev
	$(BIN)/python -m pytest benchmarks --benchmark-disable --rows 100_000

bench-peers: .venv/installed-peers
	$(BIN)/python benchmarks/peers.py $(BENCH)

bench-latency: .venv/installed
	$(BIN)/python benchmarks/latency.py $(BENCH)

bench-signals: .venv/installed-test
	$(BIN)/python benchmarks/signal_latency.py $(BENCH)

bench-soak: .venv/installed-test
	$(BIN)/python benchmarks/signal_latency.py --soak 360 --paces 10000 --doors pipe follow $(BENCH)

bench-bulk: .venv/installed-peers
	$(BIN)/python benchmarks/signal_bulk.py $(BENCH)

bench-history: .venv/installed-dev
	$(BIN)/python benchmarks/history.py $(BENCH)

fuzz: .venv/installed-test
	$(BIN)/python tests/fuzz.py

exactness: .venv/installed
	$(BIN)/python benchmarks/exactness.py

data: .venv/installed
	$(BIN)/stream-signal candles --rows 10000 --seed 42 > data.csv

clean:
	rm -rf .venv metrics.json run.log benchmark-history.png

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

.venv/installed-peers: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[peers]'
	@touch $@
