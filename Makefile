# Two commands do everything on a fresh machine: make run, make test. make help lists the rest.
SHELL := /bin/bash
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The pure floors (firmware/core, firmware/wire, edge/domain) and the tests that cover every branch.
PURE := tests/firmware tests/edge/domain $(wildcard tests/edge/clinic/test_fhir_*.py)
ON_MICROPYTHON := tests/firmware/test_on_micropython.py
SECONDS_EXPLORE := $(or $(SECONDS),60)

.PHONY: help run test lint types unit kiosk-test bench explore docs lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

run: .venv/.stamp kiosk/dist/index.html ## simulated unit, clinic, edge and kiosk; prints one address
	$(PY) -m hw_sim run

test: lint types unit kiosk-test ## everything that CI runs, under 10 minutes
	@echo "all green"

lint: .venv/.stamp ## style, imports between floors, generated files current
	ruff check .
	ruff format --check .
	lint-imports --no-cache >build/imports.txt || { cat build/imports.txt; exit 1; }
	$(PY) -m edge.api.export_schema --check
	$(PY) -m edge.docs --check

types: .venv/.stamp kiosk/node_modules/.stamp ## mypy strict, TypeScript strict
	mypy
	cd kiosk && npm run --silent check

unit: .venv/.stamp tests/node_modules/.stamp kiosk/dist/index.html ## Python tests, simulator and browser included
	.ci/need chromium
	coverage run -m pytest -q $(PURE) --ignore=$(ON_MICROPYTHON)
	coverage report --skip-covered --fail-under=100
	pytest -q $(PURE:%=--ignore=%)
	pytest -q $(ON_MICROPYTHON)

kiosk-test: kiosk/node_modules/.stamp ## the page's own tests
	cd kiosk && npm test --silent

bench: .venv/.stamp ## speed of the simulation and of the service, with ratios; writes build/bench.json
	$(PY) -m hw_sim bench --json build/bench.json

explore: .venv/.stamp ## random whole sessions with faults for SECONDS (60); writes build/explore.json
	$(PY) -m hw_sim explore --seconds $(SECONDS_EXPLORE) --json build/explore.json

docs: .venv/.stamp ## rewrite the generated pages of docs/
	$(PY) -m edge.docs

lock: .venv/.stamp ## pin dependencies anew
	$(PY) -m pip install -q uv
	$(PY) -m uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	$(PY) -m uv pip compile -q .ci/node.in --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header -o .ci/node.lock

clean: ## remove everything that was built or installed here
	rm -rf .venv build kiosk/dist kiosk/node_modules tests/node_modules

.venv/.stamp: requirements.lock pyproject.toml
	.ci/need python
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	mkdir -p build
	touch $@

kiosk/node_modules/.stamp: kiosk/package-lock.json .venv/.stamp
	.ci/need node
	cd kiosk && npm ci --silent --no-audit --no-fund
	touch $@

tests/node_modules/.stamp: tests/package-lock.json .venv/.stamp
	.ci/need node
	cd tests && npm ci --silent --no-audit --no-fund
	touch $@

kiosk/dist/index.html: kiosk/node_modules/.stamp $(shell find kiosk/src edge/texts -type f 2>/dev/null) kiosk/index.html kiosk/vite.config.ts
	cd kiosk && npm run --silent build
	touch $@
