# Needs GNU make and Python 3.11 to 3.13; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
BENCH_STAMP := .venv-bench/.installed
PIP := -m pip --quiet --disable-pip-version-check

# Nothing here reports to anyone; for Dagster that stands in orchestration/dagster.yaml.
LINT_HOME := $(CURDIR)/data/lint
DAGSTER_HOME ?= $(CURDIR)/data/dagster
dev: export DAGSTER_HOME := $(DAGSTER_HOME)
export DBT_SEND_ANONYMOUS_USAGE_STATS := 0
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format dev bench scorecard lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' Makefile

install: $(STAMP) ## make the environment

# An environment is made anew, never mended, so that what runs is what the lock says.
$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "Python 3.11 to 3.13 is needed: make PYTHON=python3.12 ..." >&2; exit 2; }
	rm -rf .venv
	$(PYTHON) -m venv .venv
	$(BIN)/python $(PIP) install --require-hashes -r requirements.txt
	$(BIN)/python $(PIP) install --no-deps --no-build-isolation -e .
	@# Compiled once here: where Python may not keep bytecode, each start would compile it all anew.
	$(BIN)/python -m compileall -q -j 0 .venv/lib
	touch $@

# What is compared with lives apart: its needs must not move ours.
$(BENCH_STAMP): benchmarks/requirements.txt
	rm -rf .venv-bench
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python $(PIP) install --require-hashes -r $<
	touch $@

$(LINT_HOME)/dagster.yaml $(DAGSTER_HOME)/dagster.yaml: orchestration/dagster.yaml
	mkdir -p $(@D)
	cp $< $@

demo: $(STAMP) ## write the demo exports, run the main job, say what happened
	$(BIN)/waybill demo

test: $(STAMP) ## all tests (ARGS="tests/orchestration -k config" for some)
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# dbt needs a folder for the warehouse, a date, a pattern and a key even where models are only compiled.
lint format: export WAYBILL_WAREHOUSE_DIR := $(LINT_HOME)
lint format: export WAYBILL_TODAY := 2025-01-01
lint format: export WAYBILL_PERSONAL_PATTERN := @
lint format: export DBT_ENV_SECRET_WAYBILL_KEY := not-a-secret-only-for-lint
lint: export DAGSTER_HOME := $(LINT_HOME)
lint: $(STAMP) $(LINT_HOME)/dagster.yaml ## style, types, SQL and Dagster definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@# A model that does not compile is skipped with a warning: that must not pass for clean.
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models \
		> $(LINT_HOME)/sqlfluff.log 2>&1; status=$$?; \
		cat $(LINT_HOME)/sqlfluff.log; \
		! grep -q 'fatal exception' $(LINT_HOME)/sqlfluff.log && exit $$status
	$(BIN)/dagster definitions validate -w workspace.yaml

format: $(STAMP) ## put Python and SQL into style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	mkdir -p $(LINT_HOME)
	$(BIN)/sqlfluff fix --disable-progress-bar dbt_project/models

dev: $(STAMP) $(DAGSTER_HOME)/dagster.yaml ## the Dagster UI
	$(BIN)/dagster dev -w workspace.yaml

bench: $(STAMP) $(BENCH_STAMP) ## 1 M and 10 M events against a hand-written script (and dlt)
	$(BIN)/python -m benchmarks.run

scorecard: $(STAMP) ## break a product in named ways, count what is found (ARGS="--small")
	$(BIN)/python -m benchmarks.scorecard $(ARGS)

LOCK := uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-strip-extras --no-emit-index-url --no-header
lock: ## resolve the pins anew (needs uv)
	$(LOCK) --extra dev pyproject.toml -o requirements.txt
	$(LOCK) --group bench -o benchmarks/requirements.txt

clean: ## remove the environment and caches; data/ stays
	rm -rf .venv .venv-bench .mypy_cache .pytest_cache .ruff_cache .hypothesis dbt_project/target dbt_project/logs
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
