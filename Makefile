# Two commands matter: `make demo` and `make test`. Everything is set up in .venv, from locked versions.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help demo run test check fuzz flood lint format types docs bench bench-rules bench-match bench-parse bench-poll bench-transport bench-week lock clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try: make PYTHON=python3.13 demo")'
	@echo "Setting up $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## the whole road on bundled sample feeds; the digest goes to the screen and to demo-out/
	@$(BIN)/monitor demo --out demo-out

run: $(READY) ## the daemon with ./feeds.yaml and ./rules.yaml
	@$(BIN)/monitor run

test: $(READY) ## all tests
	@$(BIN)/python -m pytest -q --numprocesses auto --dist worksteal

check: lint types docs ## style, types, layers, links in the docs

fuzz: $(READY) ## coverage-guided fuzzing of parse and normalise, ten minutes each (pip install atheris first)
	@PYTHONPATH=tests $(BIN)/python -m fuzz guided parse --seconds 600
	@PYTHONPATH=tests $(BIN)/python -m fuzz guided normalise --seconds 600

flood: $(READY) ## a million damaged feeds through the parser; COUNT=n for fewer
	@PYTHONPATH=tests $(BIN)/python -m fuzz flood --count $(or $(COUNT),1000000) --workers $(shell nproc)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

docs: $(READY)
	@$(BIN)/python -m pytest -q tests/test_layers.py tests/test_project.py

format: $(READY) ## put the code in shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: bench-match bench-parse bench-poll bench-rules ## every benchmark

bench-rules: $(READY) ## precision and recall of the shipped rules on labelled headlines
	@$(BIN)/python benchmarks/rules_quality.py

bench-match: $(READY) ## speed of the rule engine
	@$(BIN)/python benchmarks/match.py

bench-parse: $(READY) ## speed and agreement of the parser
	@$(BIN)/python benchmarks/parse.py

bench-transport: $(READY) ## what the ways out into the network cost
	@$(BIN)/python benchmarks/transport.py --feeds 1000

bench-week: $(READY) ## a week of 300 feeds at high speed: load spread, limits kept, every item seen once
	@$(BIN)/python benchmarks/week.py

bench-poll: $(READY) ## speed of whole polls beside other feed readers; and what the daemon costs while idle
	@$(BIN)/python benchmarks/poll.py
	@$(BIN)/python benchmarks/poll.py --idle

UV_LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-header --no-emit-index-url --quiet
lock: ## renew both lock files (needs uv): everything, and what the container runs
	$(UV_LOCK) --all-extras --upgrade -o requirements.lock
	$(UV_LOCK) --constraint requirements.lock -o requirements-run.lock

clean: ## remove what was built
	rm -rf $(VENV) build dist demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz
