# make run    the job on data.csv: metrics.json, run.log, and the metrics on the screen
# make test   the quick tests, in a minute: those that need nothing but pytest and hypothesis; make test-all runs all of
#             them, with more examples of each property; make durations writes down what each takes, which decides
# make check  ruff and mypy; make bench-once runs every benchmark once, untimed; make data writes data.csv anew
# make test-lowest, make test-wheel, make coverage   the test suite as CI runs it: with the lowest versions allowed,
#             with the built wheel, and with the branches counted; make pins renews constraints.txt
# make fuzz   ten minutes of made-up candles, configs and checkpoints
# make mutants   change what counts in every small way, and name the changes that the fast tests do not notice
# make browser   install Chromium where there is none, and axe-core, which finds what some readers of a page cannot use:
#             without them, the tests that look at a report, or try its rules, are skipped
# make shells    install zsh and fish where they are missing: without them, tests of completion are skipped
# make schemas   write the JSON Schemas of the package anew, as the command prints them
# make screenshots   take the pictures of a report in docs/images anew
# make bench  time the suite and compare with the last run here, or make bench-compare with the committed baseline of
#             ratios, which make bench-baseline writes anew; the others are in benchmarks/README.md

PYTHON ?= python3
BIN := .venv/bin
PINNED := --quiet --constraint constraints.txt
# $(call install,ENVIRONMENT) ARGUMENTS: with uv where it is there, since it takes a tenth of the time.
install = $(if $(shell command -v uv),uv pip install --compile-bytecode --python $(1)/bin/python,$(1)/bin/python -m pip install) $(PINNED)
# The first that installs dependency groups.
PIP := 'pip>=25.1'
PYTEST := $(BIN)/python -m pytest -n auto --dist worksteal --benchmark-disable
EVERYTHING := --hypothesis-profile=all
# The tests start hundreds of processes: each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
# More for pytest or peers.py: make bench BENCH="--rows 1_000_000 -k command"
BENCH ?=

.PHONY: browser shells schemas screenshots run test test-all durations test-lowest test-wheel coverage dist check format bench bench-compare bench-baseline bench-once bench-peers bench-ladder bench-arrays bench-klines bench-keys bench-latency bench-signals bench-soak bench-bulk bench-pollock bench-scaling bench-history fuzz data exactness mutants pins clean

run: .venv/installed
	$(BIN)/stream-signal --input data.csv --config config.yaml --output metrics.json --log-file run.log
	@cat metrics.json

test: .venv/installed-test
	$(PYTEST) --quick

test-all: .venv/installed-test-all
	$(PYTEST) $(EVERYTHING)

durations: .venv/installed-test-all
	$(PYTEST) --record-durations

# With the lowest versions that pyproject.toml allows.
test-lowest: .venv-lowest/installed
	$(subst .venv/,.venv-lowest/,$(PYTEST)) $(EVERYTHING)

# With the wheel in place of the checkout. Not `python -m pytest`: that looks for the package in this folder first.
test-wheel: .venv/installed-dev
	rm -rf .venv-wheel
	$(PYTHON) -m venv .venv-wheel
	$(call install,.venv-wheel) $(PIP)
	$(BIN)/python -m hatchling build --target wheel --directory .venv-wheel/dist
	$(call install,.venv-wheel) "$$(echo .venv-wheel/dist/*.whl)" --group test-all
	cd tests && ../$(BIN)/mypy $(AS_A_USER) --python-executable ../.venv-wheel/bin/python public_surface.py
	$(subst .venv/bin/python -m pytest,.venv-wheel/bin/pytest,$(PYTEST)) $(EVERYTHING)

# The two tests left out would see the measuring itself: what it imports, and the file that it writes.
coverage: .venv/installed-dev
	$(PYTEST) --cov --cov-report=term-missing:skip-covered \
		-k "not test_a_quiet_job_loads_neither_numpy_nor_structlog and not test_no_room_for_the_checkpoint"

# The files of a release, checked as PyPI checks them.
dist: .venv/installed-dev
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(call install,.venv) twine
	$(BIN)/python -m twine check --strict dist/*

# The types as a user's mypy sees them: from a folder where the package is not, so that it is the installed one.
AS_A_USER := --config-file= --strict --warn-unreachable --cache-dir ../.mypy_cache/installed
check: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tests/conftest.py
	cd tests && ../$(BIN)/mypy $(AS_A_USER) public_surface.py

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-dev
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-autosave --benchmark-group-by=func \
		--benchmark-columns=min,median,max,rounds $(BENCH)

# Against benchmarks/baseline.csv, on any machine: exit code 1 where something is slower.
bench-compare: .venv/installed-dev
	$(BIN)/python benchmarks/baseline.py $(BENCH)

bench-baseline: .venv/installed-dev
	$(BIN)/python benchmarks/baseline.py --write $(BENCH)
	$(BIN)/python benchmarks/history.py --baseline --output benchmarks/baseline.svg

bench-once: .venv/installed-dev
	$(BIN)/python -m pytest benchmarks --benchmark-disable --rows 100_000

bench-peers: .venv/installed-peers
	$(BIN)/python benchmarks/ladder.py
	$(BIN)/python benchmarks/peers.py $(BENCH)
	$(BIN)/python benchmarks/klines.py $(BENCH)
	$(BIN)/python benchmarks/arrays.py $(BENCH)
	$(BIN)/python benchmarks/keys.py $(BENCH)

# The other parts of bench-peers.
bench-ladder: .venv/installed-peers
	$(BIN)/python benchmarks/ladder.py $(BENCH)

bench-arrays: .venv/installed-peers
	$(BIN)/python benchmarks/arrays.py $(BENCH)

bench-klines: .venv/installed-peers
	$(BIN)/python benchmarks/klines.py $(BENCH)

bench-keys: .venv/installed-peers
	$(BIN)/python benchmarks/keys.py $(BENCH)

bench-latency: .venv/installed
	$(BIN)/python benchmarks/latency.py $(BENCH)

bench-signals: .venv/installed-test-all
	$(BIN)/python benchmarks/signal_latency.py $(BENCH)

bench-soak: .venv/installed-test-all
	$(BIN)/python benchmarks/signal_latency.py --soak 360 --paces 10000 --inputs pipe follow $(BENCH)

bench-bulk: .venv/installed-peers
	$(BIN)/python benchmarks/signal_bulk.py $(BENCH)

# BENCH="FOLDER --python PYTHON": a clone of the generator, and a Python that has the packages that it needs.
bench-pollock: .venv/installed-dev
	$(BIN)/python benchmarks/pollock.py $(BENCH)

bench-scaling: .venv/installed-test-all
	$(BIN)/python benchmarks/scaling.py $(BENCH)

bench-history: .venv/installed-dev
	$(BIN)/python benchmarks/history.py $(BENCH)

fuzz: .venv/installed-test-all
	$(BIN)/python tests/fuzz.py

mutants: .venv/installed-mutants
	rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/mutmut results

exactness: .venv/installed
	$(BIN)/python benchmarks/exactness.py

AXE := axe-core@4.14.1
# On Debian and Ubuntu, as root or by sudo where that asks for no password.
AS_ROOT = $(shell [ "$$(id -u)" = 0 ] || echo sudo --non-interactive)
browser:
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| (timeout 300 $(AS_ROOT) apt-get -qq update && timeout 300 $(AS_ROOT) apt-get -qq install --yes chromium > /dev/null) \
		|| echo "no Chromium: the tests that look at a report are skipped"
	@grep -qs '"version": "$(lastword $(subst @, ,$(AXE)))"' node_modules/axe-core/package.json \
		|| timeout 300 npm install --silent --no-save --no-package-lock --ignore-scripts $(AXE) \
		|| echo "no axe-core: the test of its rules is skipped"

shells:
	@command -v zsh > /dev/null && command -v fish > /dev/null \
		|| (timeout 300 $(AS_ROOT) apt-get -qq update && timeout 300 $(AS_ROOT) apt-get -qq install --yes --no-install-recommends zsh fish > /dev/null) \
		|| echo "zsh or fish is missing: tests of completion are skipped"

# A new one begins as an empty file.
schemas: .venv/installed
	for file in stream_signal/schemas/*.schema.json; do \
		$(BIN)/stream-signal schema "$$(basename "$$file" .schema.json)" > "$$file" || exit; \
	done

screenshots: .venv/installed-test-all
	$(BIN)/python docs/images/screenshots.py

data: .venv/installed
	$(BIN)/stream-signal candles --rows 10000 --seed 42 > data.csv

clean:
	rm -rf dist .venv .venv-* .coverage* metrics.json run.log benchmark-history.png

# Pin the newest tools that fit together, found in a new environment; the comment at the head of the file stays.
pins:
	rm -rf .venv-pins
	$(PYTHON) -m venv .venv-pins
	.venv-pins/bin/python -m pip install --quiet $(PIP)
	.venv-pins/bin/python -m pip install --quiet . --group test-all --group dev
	sed -n '/^#/p' constraints.txt > .venv-pins/constraints.txt
	.venv-pins/bin/python -m pip freeze --exclude stream-signal --exclude numpy --exclude PyYAML --exclude structlog --exclude tqdm \
		>> .venv-pins/constraints.txt
	mv .venv-pins/constraints.txt constraints.txt
	rm -rf .venv-pins

# Each stamp says what the environment holds; it is made again only when pyproject.toml or constraints.txt has changed.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(call install,.venv) --editable .
	@touch $@

.venv/installed-test: .venv/installed
	$(call install,.venv) $(PIP)
	$(call install,.venv) --group test
	@touch $@

.venv/installed-test-all: .venv/installed-test
	$(call install,.venv) --group test-all
	@touch $@

.venv/installed-dev: .venv/installed-test-all
	$(call install,.venv) --group test-all --group dev
	@touch $@

.venv-lowest/installed: pyproject.toml constraints.txt constraints-lowest.txt
	$(PYTHON) -m venv .venv-lowest
	$(call install,.venv-lowest) $(PIP)
	$(call install,.venv-lowest) --constraint constraints-lowest.txt --editable . --group test-all
	@touch $@

.venv/installed-mutants: .venv/installed-test-all
	$(call install,.venv) --group mutants
	@touch $@

.venv/installed-peers: .venv/installed-test
	$(call install,.venv) --group peers
	@touch $@
