# faqdesk: `make demo` and `make test` do everything on a fresh Linux machine with Python 3.11.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# cpu (default) or cuda: which build of PyTorch the encoder's training uses.
TORCH ?= cpu
PORT ?= 8000
DATA ?= ../public-data
# 200 is the whole of `make soak`, 20 a tenth of it.
SOAK ?= 200

.DEFAULT_GOAL := help
.PHONY: help check install demo test soak lint bench bundle screenshots clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

check:
	@PYTHON=$(PYTHON) sh .ci/check-system

# One stamp an environment: installing again waits for a change of what is installed.
$(VENV)/installed-$(TORCH): pyproject.toml constraints.txt .ci/install
	@$(MAKE) --no-print-directory check
	@PYTHON=$(PYTHON) VENV=$(VENV) TORCH=$(TORCH) sh .ci/install
	@rm -f $(VENV)/installed-*; touch $@

install: $(VENV)/installed-$(TORCH) ## make .venv and install faqdesk with its tools

demo: install ## the sample desk: install, import, train, open http://127.0.0.1:8000
	@$(BIN)/faqdesk demo --port $(PORT)

test: install ## lint, types, every test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/python -m pytest -n logical --maxprocesses=4 --dist=worksteal

soak: install ## everything that runs long, for about an hour: make soak ONLY=killed
	@FAQDESK_SOAK=$(SOAK) $(BIN)/python -m pytest --timeout=3600 $(if $(ONLY),-k "$(ONLY)") \
	  tests/trust $$(grep -rlE 'import soaking|tests.soaking' tests --include='test_*.py' --exclude-dir=trust)

lint: install ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: install ## measure on public data, for hours: make bench DATA=folder
	@$(BIN)/faqdesk bench all --data $(DATA)

bundle: check ## one archive for machines without a network: wheels, sample, installer
	@PYTHON=$(PYTHON) VENV=$(VENV) TORCH=$(TORCH) sh .ci/bundle

screenshots: install ## every page of the console into docs/screenshots, for half an hour
	@$(BIN)/python -m tests.web.screenshots

clean: ## remove the environment; workspaces are kept
	rm -rf $(VENV) build *.egg-info
