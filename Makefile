# Two commands: `make demo` and `make test`. Each sets up everything it needs in .venv, from PyPI only.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh

.PHONY: demo test soak check setup lock clean

demo: setup
	@$(BIN)/scrapy demo

test: setup check
	@$(BIN)/python -m pytest

# Every fault at every point, every flip, and dozens of killed crawls: many minutes.
soak: setup
	@$(BIN)/python -m pytest -m soak
	@$(BIN)/python -m tests.soak.flips

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@echo "setting up .venv (once) …" >&2
	@rm -rf .venv
	@$(PYTHON) -m venv .venv || \
		{ echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch .venv/.ready

# Needs uv; the lock holds for Linux and macOS and every Python from 3.11.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 --extra test \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
