# Everything a person or a CI does here. `make` alone says what there is.
#
# Each target sets itself up: .venv is made when it is missing, and requirements are installed again when their lock has changed.

# Without compiled modules each of the many Pythons that the tests start would compile the SDK anew.
unexport PYTHONDONTWRITEBYTECODE

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# uv where there is one, else the one that pip put into the environment.
UV = $$(command -v uv || echo $(CURDIR)/$(BIN)/uv)
INSTALL = VIRTUAL_ENV=$(CURDIR)/$(VENV) $(UV) pip install --quiet --python $(BIN)/python
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate --custom-compile-command "make lock"
SOURCES := $(wildcard __main__.py components policies tidegate embedded tests examples benchmarks docs)
# For one's own: `make test PYTEST="-k policy -x"`.
# Half more tests at a time than cores: many wait for something.
PYTEST ?= --numprocesses=$$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)) --dist=worksteal

# Of `make mutate`: a folder of policies.
MUTATE ?= policies

# Of `make simulate`.
SEEDS ?= 10000

# What a node is made of, besides Kubernetes itself; the last two are for its monitoring.
NODE_PACKAGES := etcd-server containerd runc containernetworking-plugins nftables iproute2 prometheus prometheus-alertmanager

.PHONY: help setup setup-dev demo node test test-matrix mutate simulate node-test check bench bench-switch format docs lock clean

help: ## What there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime ## .venv with what Tidegate needs to run

setup-dev: $(VENV)/.development

demo: setup ## A service's releases, a refusal, a failure and the way back, on a simulated cluster; leaves nothing behind
	@$(BIN)/python examples/demo.py

test: setup-dev ## The tests (PYTEST="-k name -x" for a few)
	@$(BIN)/python -m pytest $(PYTEST)

test-matrix: setup-dev ## Every fault at every request of an update, and other tests of a great many cases
	@$(BIN)/python -m pytest $(PYTEST) -m matrix

mutate: setup-dev ## Whether the tests notice mutants of the policies: hours for all (MUTATE=policies/security/pods)
	@$(BIN)/python tests/mutate.py $(MUTATE)

simulate: setup-dev ## 10,000 releases on virtual time, with everything that can go wrong (SEEDS=N)
	@$(BIN)/python -m pytest tests/simulation/test_seeds.py --seeds $(SEEDS) --numprocesses=$$(getconf _NPROCESSORS_ONLN) --dist=worksteal -q

node: ## What a real node needs, from Debian's packages (as root); `tidegate node up` starts one
	@missing=; for package in $(NODE_PACKAGES); do \
	  dpkg-query --show --showformat='$${Status}' $$package 2>/dev/null | grep -q ' installed$$' || missing="$$missing $$package"; \
	done; \
	if [ -z "$$missing" ]; then echo "all there: $(NODE_PACKAGES)"; exit 0; fi; \
	command -v apt-get >/dev/null || { echo "error: no apt-get here; install what your system calls$$missing" >&2; exit 1; }; \
	[ $$(id -u) = 0 ] || { echo "error: only root can install$$missing: sudo make node" >&2; exit 1; }; \
	echo "installing$$missing; the servers among them are not started"; \
	apt-get update --quiet=2; \
	if [ ! -e /usr/sbin/policy-rc.d ]; then \
	  trap 'rm -f /usr/sbin/policy-rc.d' EXIT; printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; \
	fi; \
	DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $$missing >/dev/null; \
	if [ -d /run/systemd/system ]; then \
	  for unit in etcd containerd prometheus prometheus-alertmanager; do case "$$missing" in *$$unit*) systemctl disable --quiet $$unit || true;; esac; done; \
	fi

node-test: setup-dev node ## The tests on a real node: as root, on Linux, with Go; the first time Kubernetes is built
	@$(BIN)/python -m embedded.node
	@$(BIN)/python -m pytest $(PYTEST) --numprocesses=0 -m node

bench-switch: setup-dev node ## How fast traffic moves on a real node: as root, 27 minutes, on a machine that does nothing else (SWITCH="--only route")
	@$(BIN)/python -m benchmarks.switch.on_node --out build/switch $(SWITCH)

check: setup-dev ## Lint, format, types, layers
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## The figures of the README, beside a real `pulumi` where there is one
	@$(BIN)/python -m benchmarks.engine
	@$(BIN)/python -m benchmarks.kubernetes
	@$(BIN)/python -m benchmarks.program
	@$(BIN)/python -m benchmarks.driver

format: setup-dev ## Put the code into its form
	$(BIN)/ruff check --fix $(SOURCES) || true
	$(BIN)/ruff format $(SOURCES)

docs: setup ## Write what is generated: docs/commands.md, configuration.md, components.md, policies.md, and the JSON Schema of stack files
	@$(BIN)/python docs/generate.py
	@$(BIN)/python docs/generate_components.py
	@$(BIN)/python docs/generate_policies.py

lock: setup ## Resolve the requirements files into their locks, to the newest that fit
	$(LOCK) --upgrade requirements.txt -o requirements.lock
	$(LOCK) --upgrade requirements-dev.txt -c requirements.lock -o requirements-dev.lock

clean: ## Remove all that was made
	rm -rf $(VENV) build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "error: no $(PYTHON) found; install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $$($(PYTHON) --version) is too old; Tidegate needs 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python $(PYTHON) $(VENV); \
	elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	else echo "error: $$($(PYTHON) --version) has no venv module (ensurepip is missing); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; fi
	@command -v uv >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# setuptools is in the lock, so the project itself is built without fetching anything; `compat` puts a plain path entry into the
# environment instead of an import hook, which each start of Python would pay for.
$(VENV)/.runtime: $(BIN)/python requirements.lock pyproject.toml
	@echo "setting up $(VENV)" >&2
	@$(INSTALL) -r requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --config-setting editable_mode=compat --editable .
	@touch $@

# Prometheus' own checkers. Debian's packages are unpacked, not installed: that would need root, and start servers.
$(VENV)/.checkers: | $(BIN)/python
	@for pair in promtool:prometheus amtool:prometheus-alertmanager; do \
	  tool=$${pair%%:*}; package=$${pair#*:}; \
	  if command -v $$tool >/dev/null || [ -x $(BIN)/$$tool ]; then continue; fi; \
	  folder=$$(mktemp -d); \
	  if (cd $$folder && { apt-get download $$package || { [ $$(id -u) = 0 ] && apt-get update && apt-get download $$package; }; }) >/dev/null 2>&1 \
	     && dpkg-deb --fsys-tarfile $$folder/*.deb | tar -xO ./usr/bin/$$tool > $(BIN)/$$tool && chmod +x $(BIN)/$$tool; then :; \
	  else rm -f $(BIN)/$$tool; echo "note: no $$tool: on Debian and Ubuntu, apt-get install $$package; without it a few tests are left out" >&2; fi; \
	  rm -rf $$folder; \
	done
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock $(VENV)/.checkers
	@$(INSTALL) -r requirements-dev.lock
	@touch $@
