# One command each for what people and CI do. `make` alone prints this list.
PYTHON ?= python3
PORT ?=
SIMULATOR_PORT ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup setup-test run test clients coverage check format bench census soak storm fuzz screenshots messages script lock audit clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(BIN)/lead-capture  ## virtual environment, locked dependencies, the lead-capture command

# The same check as .ci/run makes. An environment that was left half made, or that another Python made, is removed.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Name another with: make setup PYTHON=python3.12" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is needed: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(BIN)/lead-capture: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Fetching the locked dependencies; this takes about 20 seconds."
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

setup-test: $(VENV)/.tested  ## the same, with what the tests need

$(VENV)/.tested: requirements-test.lock $(BIN)/lead-capture
	$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

run: setup  ## web, worker and, without Nexudus credentials, the simulator; Ctrl-C ends all (PORT=, SIMULATOR_PORT=)
	@exec $(BIN)/lead-capture up $(if $(PORT),--port $(PORT)) $(if $(SIMULATOR_PORT),--simulator-port $(SIMULATOR_PORT))

test: export PYTHONDONTWRITEBYTECODE :=
test: setup-test  ## every test, PostgreSQL included
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

clients: setup-test  ## curl, Node, PHP, Node-RED, Firefox and a WordPress send, where they are installed
	$(BIN)/python -m pytest -m clients tests/capture

coverage: setup-test  ## which lines and branches no test of this process runs
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage report --skip-covered --show-missing

check: setup-test  ## what CI runs: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: setup-test  ## formats the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# FastAPI is no dependency: the minimal application that we are measured against has an environment of its own.
BENCH := build/bench
BENCH_TOOLS := 'fastapi>=0.160,<1' 'uvicorn[standard]>=0.50,<1' 'python-multipart>=0.0.30,<1' 'psycopg[binary]>=3.3,<4'

$(BENCH)/bin/uvicorn: | $(BIN)/python
	$(BIN)/python -m venv $(BENCH)
	$(BENCH)/bin/python -m pip --disable-pip-version-check --quiet install $(BENCH_TOOLS)

# `make bench pages` measures only what is named. Only these two need the other environment.
MEASUREMENTS := $(filter-out bench,$(MAKECMDGOALS))
BESIDE_FASTAPI := $(if $(MEASUREMENTS),$(filter taking bursting,$(MEASUREMENTS)),taking bursting)

bench: setup-test $(if $(BESIDE_FASTAPI),$(BENCH)/bin/uvicorn)  ## the measurements behind the published figures, or those named: make bench pages (never part of the tests)
	$(BIN)/python -m tests.bench $(if $(HUGE),--huge) $(MEASUREMENTS)

ifeq (bench,$(firstword $(MAKECMDGOALS)))
ifneq (,$(MEASUREMENTS))
.PHONY: $(MEASUREMENTS)
$(MEASUREMENTS): ; @:
endif
endif

SCRIPT := service/capture/script
BUNDLE := npx --yes esbuild@0.28.2 --bundle --format=iife --target=es2017
MINIFY := npx --yes terser@5.51.4 --ecma 2017 --mangle --compress passes=3,inline=1,pure_getters,unsafe_comps,keep_fargs=false
# One word less compresses better.
ONE_WORD := sed 's/\bconst /let /g; s/^  var /  let /'

screenshots: setup-test  ## the screenshots of the dashboard in the docs (needs Chromium)
	$(BIN)/python -m tests.screenshots

messages: setup-test  ## the dashboard's catalogs: new messages added, removed ones taken out, all compiled
	$(BIN)/python -m tests.messages

script:  ## attribution.js as it is served, from its readable sources (needs node)
	for name in attribution more; do \
	  $(BUNDLE) $(SCRIPT)/source/$$name.js | $(ONE_WORD) > $(SCRIPT)/bundle.js && \
	  $(MINIFY) $(SCRIPT)/bundle.js --output $(SCRIPT)/$$name.min.js || exit 1; \
	done
	rm $(SCRIPT)/bundle.js
	cd $(SCRIPT) && sha256sum source/*.js *.min.js > attribution.sha256

UV_COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --extra build --generate-hashes --no-emit-index-url --no-header --no-annotate

census: setup-test  ## size, names and the files that a lead enters
	$(BIN)/python -m tests.census

soak: setup-test  ## half an hour of faults, kills and an upgrade, then a check of every enquiry (never part of the tests)
	$(BIN)/python -m tests.soak

FUZZ := build/fuzz
FUZZ_S ?= 600

# atheris has an environment of its own: it is made for few versions of Python, and no test needs it.
fuzz: setup-test  ## hostile requests to every route, then ten minutes of mutated bodies (FUZZ_S= seconds; needs the network once)
	$(BIN)/python -m pytest -q --hypothesis-profile=fuzz tests/fuzz tests/fuzz/over_the_wire.py tests/admin/test_openapi.py tests/admin/test_neighbours.py
	test -x $(FUZZ)/venv/bin/python || $(BIN)/python -m venv $(FUZZ)/venv
	$(FUZZ)/venv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-test.lock
	$(FUZZ)/venv/bin/python -m pip --disable-pip-version-check --quiet install 'atheris>=3,<4'
	$(FUZZ)/venv/bin/python -m tests.fuzz --seconds $(FUZZ_S)

storm: setup-test  ## ten thousand random histories in simulated time, each replayable by its seed (half an hour)
	$(BIN)/python -m tests.storm

lock:  ## newest releases that pyproject.toml allows, with hashes (needs uv)
	$(UV_COMPILE) --upgrade --extra test --extra otel --extra sentry -o requirements-test.lock
	$(UV_COMPILE) --upgrade --constraint requirements-test.lock -o requirements.lock
	$(UV_COMPILE) --upgrade --extra otel --extra sentry --constraint requirements-test.lock -o requirements-extras.lock

AUDIT := build/audit
AUDIT_TOOLS := 'cyclonedx-bom>=7.5,<8' 'pip-audit>=2.9,<3' 'pip-licenses>=5.5,<6'

# The tools have an environment of their own; the dependencies of each lock another, with nothing but them.
audit: $(BIN)/python  ## bill of materials, licences and known vulnerabilities of the dependencies (needs the network), in build/audit
	rm -rf $(AUDIT)
	$(BIN)/python -m venv $(AUDIT)/tools
	$(AUDIT)/tools/bin/python -m pip --disable-pip-version-check --quiet install $(AUDIT_TOOLS)
	$(MAKE) --no-print-directory --keep-going $(AUDIT)/requirements $(AUDIT)/requirements-extras

$(AUDIT)/%: %.lock
	$(BIN)/python -m venv --without-pip $@/runtime
	$(AUDIT)/tools/bin/python -m pip --python $@/runtime/bin/python --disable-pip-version-check --quiet \
	  install --require-hashes -r $<
	$(AUDIT)/tools/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
	  --output-file $@/sbom.cdx.json $@/runtime/bin/python
	$(AUDIT)/tools/bin/pip-licenses --python $@/runtime/bin/python --format markdown --with-urls > $@/licences.md
	$(AUDIT)/tools/bin/pip-audit --strict --require-hashes --disable-pip --requirement $<

clean:  ## removes the environment and caches, never the database
	rm -rf $(VENV) $(AUDIT) $(BENCH) $(FUZZ) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
