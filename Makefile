# Two commands for a fresh machine: `make demo` and `make test`. Both build .venv from nothing and need python3, pip and make.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint pictures clean

demo: .venv/.product
	$(BIN)/glassnet demo

test: .venv/.test lint
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/.test
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --no-cache --check .
	$(BIN)/lint-imports
	$(BIN)/pyrefly check

.venv/.product: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

.venv/.test: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch .venv/.product $@

clean:
	rm -rf .venv build dist
