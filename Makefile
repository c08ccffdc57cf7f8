# The four commands of a contributor: make demo, make test, make lint, make check.
# QGOV_PYTHON names the Python that .venv is made from (3.11 or newer); `make clean` before changing it.

QGOV_PYTHON ?= python3
BIN := .venv/bin
# --no-compile: Python compiles what it imports, which is a part of what is installed.
# What takes seconds to compile, once instead of in every process of the tests.
LARGE := import cedarpy, cirq_google, deepdiff, hypothesis, jsonschema, pytest, regopy, scim2_models, wasmtime
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
INSTALL := $(PIP) install --no-compile
EXAMPLE := docs/examples/researchers-in-production.patch

# Each stamp is younger than the last successful install of what it names.
VENV := .venv/.stamp-venv
RUN := .venv/.stamp-run
SELF := .venv/.stamp-self
DEV := .venv/.stamp-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test quick lint check format install install-dev lock docs conform bench examples reference \
  mutants clean

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: $(SELF) ## Plan an example change of the worked repository; the work tree stays as it is
	@git rev-parse --quiet --verify HEAD^{commit} >/dev/null \
	  || { echo 'make demo plans a change against HEAD: it needs a git clone with a commit' >&2; exit 1; }
	@set -eu; \
	GIT_INDEX_FILE='$(CURDIR)/.venv/demo.index'; export GIT_INDEX_FILE; \
	git read-tree HEAD; \
	git apply --cached --whitespace=nowarn $(EXAMPLE); \
	tree=$$(git write-tree); \
	unset GIT_INDEX_FILE; \
	now="$$(git log -1 --format=%ct HEAD) +0000"; \
	commit=$$(GIT_AUTHOR_NAME=example GIT_AUTHOR_EMAIL=example@northwind.example \
	  GIT_COMMITTER_NAME=example GIT_COMMITTER_EMAIL=example@northwind.example \
	  GIT_AUTHOR_DATE="$$now" GIT_COMMITTER_DATE="$$now" \
	  git commit-tree -p HEAD -m 'Researchers work in production' "$$tree"); \
	echo "qgov plan --base HEAD --head $$commit   ($(EXAMPLE))" >&2; \
	$(BIN)/qgov plan --base HEAD --head "$$commit"

# Measuring coverage doubles the time of tests that compute a lot, and of what they set up: those run
# after the others, without it. Modules stay whole, so that what their tests share is made once;
# `tests/conftest.py` orders them.
PYTEST = $(BIN)/python -m pytest --numprocesses auto --dist loadscope --no-loadscope-reorder
# What a change of the core breaks first, without processes, real programs and generated examples.
QUICK := $(addprefix tests/,language model bad checks decision plan targets render assess)
quick: $(DEV) ## The tests of the core alone, in a minute, while you work
	$(PYTEST) -m 'not no_cover and not real' $(QUICK)

test: $(DEV) ## Run every test, in parallel, with coverage
	@status=0; set -x; \
	$(PYTEST) -m 'not no_cover' --cov --cov-report term \
	  $(if $(JUNIT),--junitxml=$(JUNIT)/measured.xml) || status=1; \
	$(PYTEST) -m no_cover $(if $(JUNIT),--junitxml=$(JUNIT)/unmeasured.xml) || status=1; \
	exit $$status

lint: $(DEV) ## Style, types, the direction of imports, the schemas of the workflows and hooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml \
	  qgov/adoption/files/repository/*.yml
	$(BIN)/pre-commit validate-config .pre-commit-config.yaml
	$(BIN)/pre-commit validate-manifest .pre-commit-hooks.yaml

check: lint test ## Everything to run before a pull request

format: $(DEV) ## Let ruff fix what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(SELF) ## Make .venv with qgov in it, every package by hash

install-dev: $(DEV) ## … and with the tools of a developer

docs: $(SELF) ## Write the generated pages again (.ci/run fails when this changes anything)
	$(BIN)/python docs/generate.py

conform: $(DEV) ## Prove the compiled policies with circuits, on every engine
	$(BIN)/qgov conform --engine all

bench: $(DEV) ## Measure against the budgets
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/decisions.py

examples: $(DEV) ## Render five example pull requests, in three formats, to build/examples/
	$(BIN)/python docs/examples/pull_requests.py

# What .ci/install-* have to say is no part of what is shown.
reference: $(DEV) ## Run it all: Keycloak, OPA, the gateway, Cirq, its records and drift (a minute)
	@.ci/install-opa $(BIN) >&2
	@.ci/install-keycloak .venv/keycloak >&2
	@$(BIN)/python -m docs.examples.reference

mutants: $(DEV) ## Change each condition of the policies and see that a test notices (a quarter of an hour)
	$(BIN)/python -m tests.mutants.run

# --universal: one file for every Python and platform. What is in the file already stays, unless
# `make lock LOCK=--upgrade` or `LOCK='--upgrade-package pydantic'` asks for newer.
lock: $(VENV) ## Resolve pyproject.toml into requirements/ again (LOCK=--upgrade for newer releases)
	$(INSTALL) --require-hashes --only-binary :all: -r requirements/lock.txt
	$(LOCKED) --group lock --output-file requirements/lock.txt
	$(LOCKED) --group build pyproject.toml --output-file requirements/run.txt
	$(LOCKED) --group dev pyproject.toml --extra engines --extra evidence --extra conform \
	  --extra identity --extra drift \
	  --constraints requirements/run.txt --output-file requirements/dev.txt

LOCKED = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 $(LOCK) \
  --generate-hashes --no-annotate --no-strip-extras --only-binary :all: --custom-compile-command 'make lock'

clean: ## Remove .venv and everything that tools left behind
	rm -rf .venv build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache \
	  .mypy_cache .pytest_cache .ruff_cache
	find qgov tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV):
	@command -v $(QGOV_PYTHON) >/dev/null || { echo 'qgov needs Python 3.11 or newer: there is no' \
	  '`$(QGOV_PYTHON)`; name another with QGOV_PYTHON=…' >&2; exit 1; }
	@$(QGOV_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'qgov needs Python' \
	  "3.11 or newer, not $$($(QGOV_PYTHON) --version 2>&1); name another with QGOV_PYTHON=…" >&2; exit 1; }
	$(QGOV_PYTHON) -m venv .venv
	@touch $@

$(RUN): requirements/run.txt $(VENV)
	$(INSTALL) --require-hashes --only-binary :all: -r requirements/run.txt
	@touch $@

$(SELF): pyproject.toml $(RUN)
	$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(SELF)
	$(INSTALL) --require-hashes --only-binary :all: -r requirements/dev.txt
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c '$(LARGE)'
	@touch $@
