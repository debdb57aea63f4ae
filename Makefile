# Everything a developer needs; "make" alone lists it. Needs only Python 3.11 or later with its venv module.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
export HEADWATER_HOME ?= $(CURDIR)/var
unexport PYTHONDONTWRITEBYTECODE # compiled once, started many times
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo run test test-all test-rest screens check format bench accept lock messages wheel

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 12

demo: $(VENV)/.installed ## the demo company, served on 127.0.0.1; what you do there is kept in ./var  (ARGS="--port 8001")
	@if [ -e "$(HEADWATER_HOME)/secret_key" ] && [ ! -e "$(HEADWATER_HOME)/migrating.json" ]; \
	then exec $(VENV)/bin/headwater up $(ARGS); else exec $(VENV)/bin/headwater demo $(ARGS); fi

run: $(VENV)/.installed ## serve what lies in ./var (HEADWATER_HOME)
	@exec $(VENV)/bin/headwater up $(ARGS)

test: $(VENV)/.installed-dev ## the fast tests, on SQLite
	$(PY) -m pytest -q -n 2 -m "not browser and not crash and not slow" $(ARGS)

test-all: test test-rest ## everything: the fast tests, the slow ones, killed processes, a real browser, and PostgreSQL

test-rest: $(VENV)/.installed-dev ## what "make test" leaves out
	$(PY) -m pytest -q -n 2 --dist worksteal -m "browser or crash or slow" $(ARGS)
	$(PY) scripts/with_postgres.py $(PY) -m pytest -q -n 2 --dist worksteal -m "not browser and not crash" $(ARGS)

screens: $(VENV)/.installed-dev ## pictures of every page, light and dark, wide and on a phone, in var/screens
	rm -rf var/screens && HEADWATER_SCREENS=$(CURDIR)/var/screens $(PY) -m pytest -q -n0 tests/browser/test_pages.py tests/browser/test_weight.py $(ARGS)

check: $(VENV)/.installed-dev ## style, types, import contracts, migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	DJANGO_SETTINGS_MODULE=headwater.config.settings_test $(PY) manage.py makemigrations --check --dry-run

format: $(VENV)/.installed-dev ## bring the code into shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.installed-dev ## speed, as ratios (SIZE=1000000 for the large set)
	@missed=0; for script in bench/*.py; do echo "== $$script"; $(PY) "$$script" $(ARGS) || missed=1; done; exit $$missed

messages: $(VENV)/.installed-dev ## collect and compile the texts of every language (ARGS="--list de" shows what is not translated)
	DJANGO_SETTINGS_MODULE=headwater.config.settings_test $(PY) scripts/messages.py $(ARGS)

accept: $(VENV)/.installed-dev ## take what the snapshot tests see now as right; read the diff before you commit it
	HEADWATER_ACCEPT=1 $(PY) -m pytest -q -n 2 -m "not browser and not crash and not slow"

lock: ## write the lock files from pyproject.toml; UPGRADE=--upgrade takes the newest versions (needs uv)
	printf 'hatchling\neditables\n' | $(PYTHON) -m uv pip compile pyproject.toml - $(LOCK_OPTIONS) -o requirements.lock
	printf 'hatchling\neditables\n' | $(PYTHON) -m uv pip compile pyproject.toml - --extra dev -c requirements.lock \
	  $(LOCK_OPTIONS) -o requirements-dev.lock
LOCK_OPTIONS := --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet $(UPGRADE)

wheel: $(VENV)/.installed-dev ## the installable package, in dist/
	rm -rf dist && $(PY) -m build --wheel --no-isolation

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing (Debian: apt install python3-venv)"; exit 1; }

# Every package comes with its hash, those that build this one as well.
$(VENV)/.installed: requirements.lock pyproject.toml | $(PY)
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements-dev.lock
	@touch $@
