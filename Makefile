# Each target does its own set-up, once. Needs Python >= 3.10 and make; Node where there is one, else a PyPI wheel that ships it.
PYTHON ?= python3
PY := .venv/bin/python
BEFORE := .venv-before/bin/python
SEED := .venv-seed/bin/python
export PATH := $(PATH):$(CURDIR)/.tools/node
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
# Interpreters the integration tests drive: the newest SDK, and the newest one before it.
export FLYTE_JUPYTER_SDK_PYTHONS := $(CURDIR)/$(PY):$(CURDIR)/$(BEFORE)
# The SDK that spoke gRPC, for the differential tests.
export FLYTE_JUPYTER_SEED_PYTHON := $(CURDIR)/$(SEED)
PYTEST := $(PY) -m pytest -q
# What the page is sent: built anew where its sources have changed since the package was installed.
BUNDLE := flyte_jupyter/static/index.js
# Files side by side: most tests wait more than they work.
ABREAST := --dist loadfile -n

.PHONY: demo test check fix bench unit vitest integration e2e screenshots clean

demo: $(BUNDLE)
	$(PY) tools/demo.py $(if $(HEADLESS),--headless)

test: check unit vitest integration e2e

check: .venv/.done js/node_modules/.package-lock.json
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/pyright
	cd js && npm run --silent check

fix: .venv/.done js/node_modules/.package-lock.json
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	cd js && npm run --silent fix

unit: .venv/.done
	$(PYTEST) $(ABREAST) 2 tests/unit

vitest: .venv/.done js/node_modules/.package-lock.json
	cd js && npm run --silent test

integration: .venv/.done .venv-before/.done .venv-seed/.done
	$(PYTEST) $(ABREAST) 2 tests/integration

e2e: $(BUNDLE) .venv-before/.done .tools/chromium
	$(PYTEST) tests/e2e

bench: $(BUNDLE) .tools/chromium
	GRPC_VERBOSITY=ERROR $(PY) -m tests.bench

screenshots: $(BUNDLE) .tools/chromium
	PYTHONPATH=. $(PY) tools/screenshots.py

clean:
	rm -rf .venv .venv-before .venv-seed .tools build js/node_modules flyte_jupyter/static

.tools/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo 'Python 3.10 or newer is needed: make PYTHON=/path/to/python3 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo 'Python lacks venv: install the package python3-venv.' >&2; exit 1; }
	$(PYTHON) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet --disable-pip-version-check uv

.tools/node/.done: .tools/uv/bin/uv
	.tools/uv/bin/python tools/node.py .tools/node
	@touch $@

.venv/.done: pyproject.toml tools/hatch_build.py tests/env/newest.txt .tools/uv/bin/uv .tools/node/.done
	test -x $(PY) || .tools/uv/bin/uv venv --quiet --python $(PYTHON) .venv
	.tools/uv/bin/uv pip install --quiet --python $(PY) --constraint tests/env/newest.txt --editable '.[test]'
	@touch $@

.venv-before/.done: pyproject.toml tools/hatch_build.py tests/env/before.txt .venv/.done
	test -x $(BEFORE) || .tools/uv/bin/uv venv --quiet --python $(PYTHON) .venv-before
	.tools/uv/bin/uv pip install --quiet --python $(BEFORE) --constraint tests/env/before.txt --editable '.[local]' \
	  ipykernel nbclient nest_asyncio nest_asyncio2
	@touch $@

.venv-seed/.done: tests/env/seed.txt .tools/uv/bin/uv
	test -x $(SEED) || .tools/uv/bin/uv venv --quiet --python $(PYTHON) .venv-seed
	.tools/uv/bin/uv pip install --quiet --python $(SEED) --requirement tests/env/seed.txt
	@touch $@

js/node_modules/.package-lock.json: js/package-lock.json .tools/node/.done
	cd js && npm ci --silent --no-audit --no-fund
	@touch $@

$(BUNDLE): .venv/.done js/node_modules/.package-lock.json js/build.mjs $(shell find js/src -type f)
	cd js && npm run --silent build
	@touch $@

.tools/chromium: .tools/uv/bin/uv
	.tools/uv/bin/python tools/chromium.py $@
