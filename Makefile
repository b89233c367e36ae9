# Two commands do everything on a fresh machine: make run, make test. make help lists the rest.
SHELL := /bin/bash
PY := .venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# The pure floors (firmware/core, firmware/wire, edge/domain) and the tests that cover every branch.
PURE := tests/firmware tests/edge/domain $(wildcard tests/edge/clinic/test_fhir_*.py)
ON_MICROPYTHON := tests/firmware/test_on_micropython.py
# In real time, with a browser or a unit on its own clock. A loaded machine makes them late: they run
# one after another, and everything that does not mind the clock gives way to them.
PAGE := tests/kiosk tests/pi $(wildcard tests/sim/test_realtime_*.py)
YIELDING := nice -n 10
READY := .venv/.stamp tests/node_modules/.stamp kiosk/node_modules/.stamp kiosk/dist/index.html
SECONDS_EXPLORE := $(or $(SECONDS),60)
# About a minute of one processor; fixed seeds, so that a change of the product is all that differs.
SHARE_SEEDS := 30

.PHONY: help run test lint types unit pure system rest real-time process page micropython kiosk-test bench faults plants crash durability cuts kills publish explore explore-share month heat mutants risk firmware firmware-check docs lock clean

help: ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: .venv/.stamp kiosk/dist/index.html ## simulated unit, clinic, edge and kiosk; prints one address
	$(PY) -m hw_sim run

test: $(READY) ## everything that CI runs, under 10 minutes
	@.ci/need chromium
	@echo "three at a time, in real time one of them; each part prints when it is over"
	@$(MAKE) --no-print-directory -j3 --output-sync=target \
	  real-time micropython pure rest system explore-share kiosk-test types lint
	@echo "all green"

lint: .venv/.stamp ## style, imports between floors, generated files current
	ruff check .
	ruff format --check .
	lint-imports --no-cache >build/imports.txt || { cat build/imports.txt; exit 1; }
	$(PY) -m edge.api.export_schema --check
	$(PY) -m edge.docs --check
	$(PY) -m tests.risk.report --check

types: .venv/.stamp kiosk/node_modules/.stamp ## mypy strict, TypeScript strict
	$(YIELDING) mypy
	cd kiosk && $(YIELDING) npm run --silent check

unit: pure rest system real-time micropython ## all Python tests, simulator and browser included

pure: $(READY) ## the pure floors, with every branch covered
	$(YIELDING) pytest -q -m search $(PURE)
	$(YIELDING) coverage run -m pytest -q -m "not search" $(PURE) --ignore=$(ON_MICROPYTHON)
	coverage report --skip-covered --fail-under=100

system: $(READY) ## whole units simulated, in virtual time
	$(YIELDING) pytest -q tests/sim $(PAGE:%=--ignore=%)

rest: $(READY) ## every Python test that no other target here runs
	$(YIELDING) pytest -q $(PURE:%=--ignore=%) $(PAGE:%=--ignore=%) \
	  --ignore=tests/sim --ignore=tests/process

real-time: ## process, then page: never at once, each wants the processors
	@+$(MAKE) --no-print-directory process
	@+$(MAKE) --no-print-directory page

process: $(READY) ## whole products as real processes, in real time
	.ci/need chromium
	pytest -q tests/process

page: $(READY) ## the page in a browser, the core on the Pi, the unit on its own clock
	.ci/need chromium
	pytest -q $(PAGE)

micropython: $(READY) ## the firmware's tests under real MicroPython
	$(YIELDING) pytest -q $(ON_MICROPYTHON)

kiosk-test: kiosk/node_modules/.stamp ## the page's own tests
	cd kiosk && $(YIELDING) npm test --silent

bench: .venv/.stamp ## speed of the simulation and of the service, with ratios; writes build/bench.json
	$(PY) -m hw_sim bench --json build/bench.json

heat: .venv/.stamp ## thermal look-ahead: reference figures, spread coils, stopped pumps; build/heat.json
	$(PY) -m hw_sim heat --json build/heat.json

mutants: .venv/.stamp ## mutation score of the safety cores; ONLY=firmware/core/gate.py for one; build/mutants.json
	$(PY) -m tests.mutants --only "$(ONLY)" --json build/mutants.json

risk: $(READY) ## the tests of every control, then docs/risk/trace.md and build/safety_report.html
	.ci/need chromium
	pytest -q -m control --junitxml build/control_tests.xml || true
	$(PY) -m tests.risk.report --results build/control_tests.xml

faults: .venv/.stamp ## every fault of the catalogue in every state of a visit; writes build/faults.json
	$(PY) -m hw_sim faults --json build/faults.json

crash: .venv/.stamp ## kill, power cut and failing card at every EVERY-th (1) point of four visits; an hour
	$(PY) -m hw_sim crash --every $(or $(EVERY),1) --json build/crash.json

durability: .venv/.stamp ## power cut or failure at every operation of the card, good and bad settings
	$(PY) -m hw_sim durability --json build/durability.json

cuts: .venv/.stamp ## iTBS 600 cut at each of its pulses; writes build/cuts.json
	$(PY) -m hw_sim cuts build/cuts.json

kills: $(READY) ## SIGKILL of the real service, COUNT (200) times, in real time; writes build/kills.json
	$(PY) -m tests.process.kills --count $(or $(COUNT),200) --json build/kills.json

publish: .venv/.stamp ## docs/reliability.md from what these campaigns left in build/
	$(PY) -m hw_sim publish

month: .venv/.stamp ## a month of recorded sessions, all replayed to the same event hash; writes build/month.json
	$(PY) -m hw_sim month --json build/month.json

plants: .venv/.stamp ## every planted bug: is it found within 30 s by its invariant; writes build/plants.json
	$(PY) -m hw_sim plants --json build/plants.json

explore: .venv/.stamp ## random whole sessions with faults for SECONDS (60); writes build/explore.json
	$(PY) -m hw_sim explore --seconds $(SECONDS_EXPLORE) --json build/explore.json

explore-share: .venv/.stamp ## a fixed minute of it on one processor, as tests run it
	$(YIELDING) $(PY) -m hw_sim explore --seed 21 --seeds $(SHARE_SEEDS) --cores 1 --json build/explore_share.json

firmware: .venv/.stamp ## build/firmware: a signed image (development key), and the flash of a new board
	.venv/bin/tms-edge firmware pack --key hw_sim/keys/development_signing_key.hex

firmware-check: .venv/.stamp tests/node_modules/.stamp ## the firmware's long proofs; figures in build/*.json
	pytest -q tests/contract/test_subset.py
	$(PY) -m tests.pio.campaign --json build/pio.json
	$(PY) -m tests.update.power_cut --deep-every 1 --json build/power_cut.json
	$(PY) -m tests.firmware.frame_fuzz --json build/frames.json
	$(PY) -m tests.firmware.budget --json build/heap.json
	pytest -q $(ON_MICROPYTHON)

docs: .venv/.stamp ## rewrite the generated pages of docs/
	$(PY) -m edge.docs
	$(PY) -m hw_sim.checkers.page

lock: .venv/.stamp ## pin dependencies anew
	$(PY) -m pip install -q uv
	$(PY) -m uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	$(PY) -m uv pip compile -q .ci/node.in --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header -o .ci/node.lock
	$(PY) -m uv pip compile -q .ci/pio.in --no-deps --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-header -o .ci/pio.lock

clean: ## remove everything that was built or installed here
	rm -rf .venv build kiosk/dist kiosk/node_modules tests/node_modules

# The second PIO assembler is one file; what its package asks for (Blinka and ten more) is not needed.
.venv/.stamp: requirements.lock .ci/pio.lock pyproject.toml
	.ci/need python
	test -x $(PY) || python3 -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r .ci/pio.lock
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

kiosk/dist/index.html: kiosk/node_modules/.stamp $(shell find kiosk/src edge/texts -type f 2>/dev/null) kiosk/index.html kiosk/service.html kiosk/vite.config.ts
	cd kiosk && npm run --silent build
	touch $@
