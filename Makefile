# `make` alone prints the targets. Each one installs what it needs into .venv, from pins with hashes, and only when the
# pins have changed since.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# PYTHON: the interpreter to build .venv with; unset, the first supported one on PATH.
# ARGS: passed on to the command behind the target.
# WORKERS: test processes.
PYTHON ?=
ARGS ?=
WORKERS ?= 2

# Stamps live inside .venv, so that removing it forgets them too.
RUNTIME := $(VENV)/.runtime
PACKAGE := $(VENV)/.package
DEV := $(VENV)/.dev

.DEFAULT_GOAL := help
.PHONY: help run test lint format generate check-generate migrate bench build lock clean \
	lint-style lint-types lint-imports lint-contract

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo '  ARGS="..." is passed on: make test ARGS="tests/rules -k matcher", make run ARGS="--port 9000"'

run: $(PACKAGE) ## serve on 127.0.0.1:8080 (HTTP) and :8081 (gRPC), with SQLite in ./quarterdeck-data
	$(BIN)/quarterdeck serve $(ARGS)

test: $(DEV) ## run every test this machine can run; the end says what was skipped, and why
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --junitxml=.make/test-report.xml $(ARGS)

lint: lint-style lint-types lint-imports lint-contract ## style, types, who may import whom, the contract and its generated code; changes nothing

lint-style: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-types: $(DEV)
	$(BIN)/mypy

lint-imports: $(DEV)
	$(BIN)/lint-imports --no-logo

# The check comes first: it also puts the protos that ours import where buf looks for them.
lint-contract: check-generate
	$(BIN)/buf lint
	$(BIN)/python scripts/breaking.py

format: $(DEV) ## put the code into the house's format and mend what the linter can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

generate: $(DEV) ## write the generated code from proto/
	$(BIN)/python scripts/generate.py

check-generate: $(DEV) ## fail when the generated code is not what proto/ says
	$(BIN)/python scripts/generate.py --check

migrate: $(PACKAGE) ## bring the database (ARGS="--database URL", or the default one) up to the newest schema
	$(BIN)/quarterdeck db upgrade $(ARGS)

bench: $(DEV) ## measure side by side with the bare server and the raw driver; prints ratios
	$(BIN)/python -m bench $(ARGS)

build: $(DEV) ## write the wheel and the sdist to dist/, the same bytes for the same commit
	$(BIN)/python scripts/package.py

lock: ## pin the dependencies of pyproject.toml again; ARGS=--upgrade raises what is pinned already (needs uv)
	scripts/lock.sh $(ARGS)

clean: ## remove what make wrote (.venv too), but never your data
	rm -rf $(VENV) .make build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf tests/clients/go/bin tests/clients/node/gen tests/clients/node/node_modules
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@PYTHON='$(PYTHON)' scripts/create-venv.sh $(VENV)

# Wheels only: building somebody's sdist would fetch its build tools, which no pin of ours covers.
$(RUNTIME): requirements.txt $(BIN)/python
	@echo 'Installing what the server needs (requirements.txt) ...'
	@$(PIP) install --quiet --require-hashes --only-binary :all: --requirement requirements.txt
	@touch $@

$(PACKAGE): pyproject.toml $(RUNTIME)
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV): requirements-dev.txt $(PACKAGE)
	@echo 'Installing what tests and lints need (requirements-dev.txt) ...'
	@$(PIP) install --quiet --require-hashes --only-binary :all: --requirement requirements-dev.txt
	@touch $@
