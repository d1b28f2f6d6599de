# `make help` says what there is. Everything is set up on the way, once, and kept in .venv and node_modules.

PYTHON ?= python3
VENV := .venv
VIEWER := static/vendor/photoswipe
REPEATS := 1
SEED := 1
MINUTES := 1
STORES :=
CELLS :=
TESTS :=
AT_ONCE := 2
JS_TESTS = $(wildcard tests/js/*.test.js)

export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
PIP := python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: run test test-s3 check chaos bench bench-peers help

run: $(VENV)/.run $(VIEWER)/photoswipe.css ## set up and serve on http://127.0.0.1:8000
	@exec python app.py

test: $(VENV)/.dev $(VENV)/.packages $(VIEWER)/photoswipe.css ## every test, in a real browser too
	@node --test $(JS_TESTS)
	@chromium=$$(setup/browser) && CHROMIUM="$$chromium" exec python -m pytest \
		--numprocesses $(AT_ONCE) --dist loadfile $(TESTS)

test-s3: $(VENV)/.run ## the S3 store at a Ceph that is started for it: it alone holds tickets to their word
	@setup/ceph
	@CEPH=1 exec python -m pytest tests/ceph

check: $(VENV)/.dev $(VENV)/.packages ## formatters, linters, types, floors
	ruff format --check .
	ruff check .
	mypy app.py gallery
	lint-imports
	djlint templates --profile=jinja --lint
	tsc
	biome ci

chaos: $(VENV)/.dev ## kill and starve it; REPEATS=25 SEED=7 STORES=local CELLS=killed MINUTES=30
	@exec python -m tests.chaos --repeats $(REPEATS) --seed $(SEED) --minutes $(MINUTES) \
		--stores $(STORES) --cells $(CELLS)

bench: $(VENV)/.dev $(VENV)/.packages $(VIEWER)/photoswipe.css ## figures, as ratios against peers
	@exec python -m bench

bench-peers: $(VENV)/.dev $(VENV)/.node ## what the bench compares with, if it is there
	@$(PIP) -r requirements-bench.txt
	@setup/python $(PYTHON) .venv-bench
	@.venv-bench/bin/$(PIP) -r bench/thumbor.txt
	@npm ci --prefix bench/node --ignore-scripts --loglevel=error

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

# Set-up.

$(VENV)/.venv:
	@setup/python $(PYTHON) $(VENV)
	@touch $@

$(VENV)/.run: requirements.txt requirements-server.txt $(VENV)/.venv
	@echo "Installing the Python packages"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@echo "Installing the Python packages of tests and checks"
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(VENV)/.node: $(VENV)/.venv
	@setup/node $(VENV)
	@touch $@

$(VENV)/.packages: package-lock.json $(VENV)/.node
	@echo "Installing the front-end packages of tests and checks"
	@npm ci --loglevel=error
	@touch $@

# The viewer's own files: package-lock.json pins them with their integrity, so they are not committed.
$(VIEWER)/photoswipe.css: package-lock.json $(VENV)/.node
	@echo "Installing the viewer"
	@[ $(VENV)/.packages -nt package-lock.json ] || npm ci --loglevel=error --omit=dev
	@mkdir -p $(VIEWER)
	@cp node_modules/photoswipe/dist/photoswipe.esm.min.js $(VIEWER)
	@cp node_modules/photoswipe/dist/photoswipe.css $(VIEWER)
