# Everything is set up on the way, in .venv; only Python (3.11 or newer), make and the package index are needed.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test fuzz bench bench-quick survive lint types contracts check docs clean

help:
	@echo "make demo    install Hermes and the codex-lb plugin, and run a prompt"
	@echo "make test    run all tests"
	@echo "make fuzz    run the invariants over 200,000 mutated streams (CASES=, SEED=)"
	@echo "make bench   measure Hermes beside others and write benchmarks/RESULTS.md (ONLY=topic, BENCH_CACHE=)"
	@echo "make bench-quick  the demanded ratios, in about a minute"
	@echo "make survive who gets which backend right, and benchmarks/SURVIVE.md (PEERS=name, ALL=1, BENCH_CACHE=)"
	@echo "make check   lint, types and import contracts"
	@echo "make clean   remove what the others made"

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Hermes needs Python 3.11 or newer; none was found. Name one: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml plugins/codex_lb/pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --editable plugins/codex_lb
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

# The demo has a home of its own, so that it is the same demo whatever the user has configured.
demo: $(VENV)/.installed
	HERMES_HOME=$(VENV)/demo-home $(BIN)/hermes -z "Say hello" --no-stdin

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

# Another SEED makes other cases. A failing one is shrunk and saved beside the scenarios.
CASES ?= 200000
SEED ?= 0
fuzz: $(VENV)/.dev
	$(BIN)/python -m hermes.testing.fuzz --cases $(CASES) --seed $(SEED)

# The other clients are installed outside of the checkout; what cannot be installed is left out.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks install
	$(BIN)/python -m benchmarks full $(addprefix --only ,$(ONLY))

bench-quick: $(VENV)/.bench
	$(BIN)/python -m benchmarks quick $(addprefix --only ,$(ONLY))

# Other clients through the corpus. With PEERS the others keep what they answered before.
survive: $(VENV)/.installed
	$(BIN)/python -m benchmarks.survive $(addprefix --peer ,$(PEERS)) $(if $(ALL),--all) --page benchmarks/SURVIVE.md

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev $(VENV)/.bench
	$(BIN)/mypy
	$(BIN)/mypy plugins/codex_lb/hermes_codex_lb
	$(BIN)/mypy benchmarks --exclude benchmarks/peers/drivers/

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m hermes.testing.quirk_table > docs/quirks.md

check: lint types contracts

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
