# `make` alone prints what there is.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Omnitill needs Python 3.11 or newer; name one: make run PYTHON=python3.12\n需要 Python 3.11 或更新版本，请指明：make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

setup: $(READY) ## .venv with everything, hash-checked

KEEP ?=
run: $(READY) ## in a terminal the till with hub and counter, else a store day with its books compared: KEEP=folder
	@room=store_day; if [ -t 0 ] && [ -t 1 ]; then room=shop_floor; fi; \
	  exec $(BIN)/python -m rehearsal.$$room $(if $(KEEP),--keep "$(KEEP)")

test: $(READY) ## all tests, PostgreSQL and Chromium included where they can be had
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 --dist worksteal -rsfE

check: $(READY) ## format, lint, types, import contracts, quick tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n 2 -m "not slow"

DATA ?= ../shared/data/cn_retail/ta_feng.parquet
TILLS ?= 8
LIMIT ?= all
HUB ?= sqlite
SEED ?= 1
CURRENCY ?= TWD
TIMEZONE ?= Asia/Taipei
BAD ?= 0
replay: $(READY) ## real baskets through headless tills, with cuts and kills: DATA= TILLS= LIMIT= HUB= SEED= CURRENCY= TIMEZONE= BAD=0.2
	$(BIN)/python -m rehearsal.replay "$(DATA)" --tills $(TILLS) --limit $(LIMIT) --hub $(HUB) --seed $(SEED) \
	  --currency $(CURRENCY) --timezone $(TIMEZONE) --bad $(BAD)

MINUTES ?= 10
chaos: $(READY) ## tills, hub and a bad line in a storm, killed at random, and the books: MINUTES= HUB= SEED=
	$(BIN)/python -m rehearsal.chaos --minutes $(MINUTES) --hub $(HUB) --seed $(SEED)

SEEDS ?= 200
WITHOUT ?=
sim: $(READY) ## real tills and hub in simulated time, all faults from one seed: SEEDS=200 | SEED=7, WITHOUT=safeguard
	$(BIN)/python -m rehearsal.simulation $(if $(filter command line,$(origin SEED)),--seed $(SEED),--seeds $(SEEDS)) --without "$(WITHOUT)"

ROUNDS ?= 200
interleaving: $(READY) ## many tills and hubs at once on one PostgreSQL, no row lost, no deadlock: ROUNDS= SEED= WITHOUT=safeguard
	$(BIN)/python -m rehearsal.interleaving --rounds $(ROUNDS) --seed $(SEED) --without "$(WITHOUT)"

ONLY ?=
usb-vm: $(READY) ## real USB printers and scanners in a virtual machine, 1 to 2 minutes, skipped without qemu: ONLY=name
	$(BIN)/python -m tests.usb_vm --only "$(ONLY)"

BENCH ?= all
bench: $(READY) ## every benchmark as a table; BENCH=name for one
	$(BIN)/python -m benchmarks $(BENCH)

SCRATCH ?=
bench-peers: $(READY) ## the same sales to Kinto and PouchDB Server, installed into a scratch folder: SCRATCH=folder to keep it
	$(BIN)/python -m benchmarks.peers $(if $(SCRATCH),--scratch "$(SCRATCH)")

pictures: $(READY) ## take the pictures of docs/ afresh, in Chromium
	@mkdir -p docs/pictures
	OMNITILL_PICTURES=$(CURDIR)/docs/pictures $(BIN)/pytest tests/browser -k pictures

snapshots: $(READY) ## keep what the till's screens show now; look at the difference before you commit it
	OMNITILL_SNAPSHOTS=1 $(BIN)/pytest -n 2 tests/screen/test_snapshots.py

format: $(READY) ## put the code in its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## make requirements.lock afresh (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra till --extra hub --extra dev pyproject.toml -o requirements.lock

clean: ## remove the environment and what was built
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis benchmarks/results

.PHONY: help setup run test check replay chaos sim interleaving usb-vm bench bench-peers pictures snapshots format lock clean
