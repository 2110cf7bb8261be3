# The workshop's front door. `make demo` and `make test` set everything up by themselves.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs studies setup setup-core clean

PYTHON_BIN := .venv/bin/python
ONLY ?=
ARGS ?=

help:
	@echo "make demo    set up and run the main job on real prices, offline"
	@echo "make test    set up and run every test            (ARGS='-k ledger' for a part)"
	@echo "make lint    style, types and the rules of the house"
	@echo "make docs    run the examples of the documentation"
	@echo "make bench   measure beside the peers             (ONLY=qp for a part)"
	@echo "make studies check published findings           (ONLY=cube_root for one; needs ../shared)"
	@echo "make setup   only set up .venv, for developing"
	@echo "make clean   remove what was made here, .venv included"

setup:
	@sh scripts/setup.sh dev

setup-core:
	@sh scripts/setup.sh core

demo: setup-core
	@sh scripts/demo.sh

test: setup
ifeq ($(ARGS),)
	@$(PYTHON_BIN) -m tests.compile_kernels
endif
	@$(PYTHON_BIN) -m pytest -q -n 2 $(ARGS)

lint: setup
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache --no-logo

docs: setup
	@$(PYTHON_BIN) -m pytest -q tests/docs tests/spec tests/*/test_*_docs.py $(ARGS)

bench: setup
	@$(PYTHON_BIN) bench/run.py $(if $(ONLY),--only "$(ONLY)") $(ARGS)

studies: setup
	@PYTHONPATH=src $(PYTHON_BIN) -m studies $(ONLY) $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf build dist demo-portfolio bench/.peers bench/.work
	find src tests scripts bench studies -name __pycache__ -type d -prune -exec rm -rf {} +
