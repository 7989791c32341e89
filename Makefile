# One word for each thing a newcomer does. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
PARTS  ?= tests src

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-slow check lint types imports format docs bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "riskkit needs Python 3.11 or later; got %d.%d. Name one: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing riskkit and what it needs (a few minutes the first time)"
	$(PIP) install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

venv: $(VENV)/.dev ## Build .venv with riskkit and its developer tools

demo: $(VENV)/.core ## Train, score, monitor and report on the embedded loan book
	$(BIN)/riskkit demo --out demo_output --overwrite

test: $(VENV)/.dev ## Run the default test suite
	$(BIN)/python -m pytest -n 2 --dist worksteal -q $(PARTS)

test-slow: $(VENV)/.dev ## Run the slow tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -q -m slow $(PARTS)

check: lint types imports ## Lint, types and import contracts

lint: $(VENV)/.dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check types (mypy --strict on src)
	$(BIN)/mypy

imports: $(VENV)/.dev ## Check the import contracts
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.docs: $(VENV)/.dev
	$(PIP) install --quiet -c constraints.txt -e '.[docs]'
	@touch $@

docs: $(VENV)/.docs ## Build the documentation site in build/docs and run its examples
	@# Pictures drawn before are kept as long as their script is the same, whatever the library draws now.
	rm -rf build/docs build/doctrees build/examples
	$(BIN)/python -m sphinx -W --keep-going -q -j 2 -d build/doctrees -b html docs build/docs
	$(BIN)/python -m pytest -q -m 'slow or not slow' tests/test_docs.py tests/test_docs_site.py
	@echo "Open build/docs/index.html"

# make bench BENCH="scorer binning" QUICK=1 runs these two, on smaller tables.
bench: $(VENV)/.dev ## Run the side-by-sides and write their tables into README and docs
	$(BIN)/python benchmarks/collect_results.py run $(BENCH) $(if $(QUICK),--quick)

clean: ## Remove what the targets above made
	rm -rf $(VENV) demo_output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
