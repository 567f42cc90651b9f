# One command from a fresh checkout: `make demo`. Every target makes what it needs; a second call reinstalls nothing.
# Another interpreter: make PYTHON=python3.12 demo

PYTHON ?= python3
SHELL := bash

VENV := .venv
# What is linted: the project's folders, not what a user keeps beside them.
CODE := src tests benchmarks docs examples
BIN := $(VENV)/bin
NEEDS := pyproject.toml requirements/constraints.txt
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format bench docs clean

help:
	@echo 'make demo     install into .venv and train a DCGAN on real handwritten digits (minutes, no GPU needed)'
	@echo 'make test     lint, types and all tests'
	@echo 'make lint     ruff and mypy alone'
	@echo 'make format   rewrite the code in the one format'
	@echo 'make bench    measure speed; both sides of every comparison run in turn'
	@echo 'make docs     write docs/methods.md from the docstrings; check docstrings and links'
	@echo 'make clean    remove .venv and all caches; runs/ stays'

demo: $(RUNTIME)
	@$(BIN)/saddlepoint train dcgan-digits

# One pytest session, so that its closing line counts everything; tests/conftest.py puts the slow tests last.
# One thread a worker: two workers with a pool of threads each would fight for the same cores.
test: lint
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal -q

lint: $(DEVELOPMENT)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy --strict --num-workers auto src

format: $(DEVELOPMENT)
	@$(BIN)/ruff check --fix $(CODE)
	@$(BIN)/ruff format $(CODE)

bench: $(DEVELOPMENT)
	@$(BIN)/python benchmarks/run.py

docs: $(DEVELOPMENT)
	@$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './runs/*' -prune -exec rm -rf {} +

$(RUNTIME): $(NEEDS)
	@$(call install,.)
	@touch $@

$(DEVELOPMENT): $(NEEDS)
	@$(call install,.[dev])
	@touch $(RUNTIME) $@

# Installs $(1) into .venv. The mark `.installing` outlives an interruption; whoever finds it starts from an empty .venv,
# because pip takes a half-unpacked package for an installed one. pip's own lines are thinned out; its errors are not.
# --no-compile: pip would compile all modules on one core, which takes a minute; compileall uses every core, and skips, as pip
# does, modules that are written for a later Python.
define install
set -eo pipefail; \
if ! command -v $(PYTHON) >/dev/null; then \
  echo 'Saddlepoint needs Python 3.11 or newer, and "$(PYTHON)" was not found: install it, or name another: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; \
fi; \
if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
  echo "Saddlepoint needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; \
fi; \
if [ -e $(VENV)/.installing ]; then echo 'An earlier install was interrupted: starting again.'; rm -rf $(VENV); fi; \
if ! [ -x $(BIN)/python ]; then \
  if ! $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null; then \
    echo "$(PYTHON) has no venv module (on Debian and Ubuntu: apt install python3-venv). Install it, then run make again." >&2; exit 2; \
  fi; \
  mkdir -p $(VENV); touch $(VENV)/.installing; \
  $(PYTHON) -m venv $(VENV); \
fi; \
touch $(VENV)/.installing; \
echo 'Installing into $(VENV): once, a minute or a few, most of it for PyTorch.'; \
$(BIN)/python -m pip install --disable-pip-version-check --no-compile -c requirements/constraints.txt -e '$(1)' \
  | awk '/^ *Downloading/ { print "  " $$1, $$2, $$3, $$4; fflush() } \
         /^Installing collected/ { print "  Unpacking", NF - 3, "packages"; fflush() }'; \
$(BIN)/python -W ignore -m compileall -qq -j 0 $(VENV)/lib || true; \
rm $(VENV)/.installing; \
echo 'Installed.'
endef
