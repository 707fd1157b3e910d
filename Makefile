# Each target sets up .venv from requirements-dev.lock by itself when it is missing or older than the lock.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-config --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options $(ARGS)

.DEFAULT_GOAL := help
.PHONY: help demo run test check bench lock clean

help:
	@echo 'make demo    the bot in a local world, no account needed: http://127.0.0.1:8321/'
	@echo 'make run     the bot with the settings of .env'
	@echo 'make test    all tests (ARGS="tests/jobs -k callback" for some)'
	@echo 'make check   formatting, lint and types'
	@echo 'make bench   measure, into bench-report.md'
	@echo 'make lock    pin the newest versions pyproject.toml allows (ARGS=--upgrade)'
	@echo 'make clean   remove what the other targets made'

$(READY): requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m sandbox $(ARGS)

run: $(READY)
	@$(BIN)/python -m bot run $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

lock: $(READY)
	$(LOCK) --extra dev --output-file requirements-dev.lock pyproject.toml
	$(LOCK) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	@sed -i '/requirements-dev.lock/d' requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis out
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
