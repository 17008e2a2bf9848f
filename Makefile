# The only vocabulary of people and CI. `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
I386   := build/runtime/i386/micropython

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

check-host: ## say what this machine lacks, if anything
	@$(PYTHON) host_tools/setup/check_host.py 2>/dev/null || sh host_tools/setup/explain_host.sh "$(PYTHON)"

$(STAMP): requirements.lock pyproject.toml host_tools/setup/make_venv.sh
	@$(MAKE) --no-print-directory check-host
	@sh host_tools/setup/make_venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

setup: $(STAMP) ## everything that run and test need, into .venv and build (no root)
	@[ -x $(I386) ] || $(BIN)/python host_tools/setup/i386_runtime.py || [ -z "$${CI:-}" ]

run: setup ## two phones on a virtual two-port board, with a small shell (CONFIG=my.json: your settings)
	@$(BIN)/python -m host_tools run $(if $(CONFIG),--config $(CONFIG))

demo: setup ## a scripted call: time line, WAV of both earpieces, one PNG
	@$(BIN)/python -m host_tools demo

peers: setup
	@sh host_tools/setup/debian_peers.sh

test: setup peers ## every test, on CPython and on both MicroPythons
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests

unit: setup ## only the fast tests: no real time, no other software
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/unit tests/property tests/test_architecture.py

bench: setup ## cost of the kernels on an ESP32, figures of a call, heap; SAVE=1 records them
	@$(BIN)/python -m host_tools.xtensa $(if $(SAVE),--save)
	@$(BIN)/python -m host_tools bench $(if $(SAVE),--save)

memory: setup ## heap after start, registered, in calls, after 100 calls, per package; SAVE=1 records it
	@$(BIN)/python -m host_tools memory $(if $(SAVE),--save)

bench-voice: setup peers ## voice quality: DTMF, loss, echo, caller ID beside other software; QUICK=1, SAVE=1
	@$(BIN)/python -c "import pesq" 2>/dev/null || $(BIN)/python -m pip install --quiet pesq==0.0.4
	@$(BIN)/python -m host_tools.voice.bench $(if $(QUICK),--quick) $(if $(SAVE),--save)

ata: setup ## the host program: make ata ARGS="decode dtmf FILE.wav"
	@$(BIN)/python -m host_tools $(ARGS)

image: setup ## one flashable file for a board: BOARD=esp32-wrover STOCK=path/to/stock.bin [CONFIG=my.json]
	@[ -n "$(BOARD)" ] && [ -n "$(STOCK)" ] || { echo "make image BOARD=... STOCK=path/to/stock.bin (the boards: make ata ARGS=boards)" >&2; exit 2; }
	@$(BIN)/python -m host_tools image "$(BOARD)" "$(STOCK)" $(if $(CONFIG),--config "$(CONFIG)")

flash: setup ## write that file to a board, verify, open the console: BOARD=esp32-wrover PORT=/dev/ttyUSB0
	@[ -n "$(BOARD)" ] || { echo "make flash BOARD=... PORT=/dev/ttyUSB0 (the boards: make ata ARGS=boards)" >&2; exit 2; }
	@$(BIN)/python -m host_tools flash "$(BOARD)" "$(PORT)"

lint: setup ## ruff, pyright, the import rule
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "make format puts it right"; exit 1; }
	@$(BIN)/pyright
	@$(BIN)/pyright -p firmware/pyrightconfig.json
	@$(BIN)/python -m pytest -q tests/test_architecture.py

format: setup ## lay the sources out
	@$(BIN)/ruff format --quiet .

diagrams: setup ## draw the state machines in firmware/ARCHITECTURE.md from their tables
	@$(BIN)/python -m host_tools.diagrams

lock: $(STAMP) ## pin the newest host packages again
	@$(BIN)/uv pip compile --quiet --no-header --no-emit-index-url --no-emit-find-links --universal \
	  --python-version 3.11 --extra dev -o requirements.lock pyproject.toml

clean: ## remove what make made
	rm -rf build $(VENV)

.PHONY: help check-host setup run demo peers test unit bench memory bench-voice ata image flash lint format diagrams lock clean
