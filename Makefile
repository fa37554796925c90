# Every command is one line over `transferroom` or the tool it names. `make run` and `make test` set up what they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help init clean upgrade-python-deps run dev test test-slow lint mypy validate load-source-data run-legacy \
	sqlmesh-plan sqlmesh-run sqlmesh-restate sqlmesh-test sqlmesh-audit migration-test benchmark \
	benchmark-comparison benchmark-models

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_SLOW := $(VENV)/.ready-slow
SQLMESH := $(BIN)/transferroom sqlmesh

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-22s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 12)))' || { \
		echo "This project needs Python 3.11 or 3.12, and $(PYTHON) is $$($(PYTHON) --version 2>&1): install one and name it, as in 'make PYTHON=python3.12 run'." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

$(READY_SLOW): $(READY) requirements-slow.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-slow.lock
	@touch $(READY_SLOW)

init: $(READY) ## Make .venv with all that the project needs, from requirements.lock

run: $(READY) ## Run the whole migration on the sample data
	@$(BIN)/transferroom run

dev: $(READY) ## Open the Dagster web UI on http://localhost:3000
	@umask 077; DAGSTER_HOME=$(CURDIR) $(BIN)/dagster dev --host 127.0.0.1 --port 3000

test: $(READY) ## Run the tests on all cores, with coverage
	@$(BIN)/pytest --verbose --cov --numprocesses logical

test-slow: $(READY_SLOW) ## Run the slow tests: the browser, Spark, and the migration as its users start it
	@$(BIN)/pytest --verbose -m slow --numprocesses logical --dist loadfile

lint: $(READY) ## Check style and formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

mypy: $(READY) ## Check types
	@$(BIN)/mypy

validate: $(READY) ## Check that Dagster can load the code location
	@$(BIN)/dagster definitions validate

load-source-data: $(READY) ## Load the source files into the legacy platform
	@$(BIN)/transferroom run --select group:sources

run-legacy: $(READY) ## Build the legacy tables and copy every table to the target
	@$(BIN)/transferroom run --select 'group:legacy or group:replication'

sqlmesh-plan: $(READY) ## Apply changes of the models to the target
	@$(SQLMESH) plan --auto-apply --no-prompts

sqlmesh-run: $(READY) ## Run the models whose cron is due
	@$(SQLMESH) run

MODELS ?= staging.* prod.*
sqlmesh-restate: $(READY) ## Compute models again whatever changed; MODELS="prod.derived_a" for some
	@$(SQLMESH) plan --auto-apply --no-prompts $(foreach model,$(MODELS),--restate-model '$(model)')

sqlmesh-test: $(READY) ## Run the models' unit tests
	@$(SQLMESH) test

sqlmesh-audit: $(READY) ## Run the models' audits
	@$(SQLMESH) audit

migration-test: $(READY) ## Compare every legacy table with its rebuild, and the copies
	@$(BIN)/transferroom run --select group:comparisons

benchmark: $(READY) ## Time the migration and its parts
	@$(BIN)/python benchmarks/pipeline.py

benchmark-comparison: $(READY) ## Time the comparison against plain hashing, a hand-written join and other tools
	@$(BIN)/python benchmarks/comparison.py

benchmark-models: $(READY) ## Time loading the code location, and a run of the models in which nothing changed
	@$(BIN)/python benchmarks/models.py

upgrade-python-deps: $(READY) ## Bring the locks up to date with pyproject.toml, and install it
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml --group dev -o requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-header --python-version 3.11 --group slow -o requirements-slow.lock
	@$(MAKE) --no-print-directory init

clean: ## Remove what runs and tools wrote; the sample data stays
	@find data -mindepth 1 -maxdepth 1 ! -name sample -exec rm -rf {} +
	@rm -rf logs migration_test_results .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
