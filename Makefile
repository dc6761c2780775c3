# Everything a developer does with Samrum. `make help` lists it. Only make, Python 3.11 or newer and the package registries
# are needed; nothing is installed outside this folder.

.DEFAULT_GOAL := help
.PHONY: help run test check format bench messages lock screenshots wheel prove fresh-clone clean environment environment-dev collect collect-dev

PORT ?= 8000
PYTEST_ARGS ?= -n 2 --dist loadfile
PY := .venv/bin/python
export PYTHON

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

run: collect ## start the demo municipality on this machine (PORT=8000)
	@exec $(PY) -m samrum.cli demo --port "$(PORT)"

test: collect-dev ## all tests (PYTEST_ARGS="-k words" for some)
	@exec $(PY) -m pytest $(PYTEST_ARGS)

check: environment-dev ## style, types, and the direction of imports
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports

format: environment-dev ## put the code in the house's format
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

bench: environment-dev ## how fast it is beside what it is built on (ARGS="words" for some rows, ARGS=--quick)
	@PYTHONPATH=tests exec $(PY) tests/support/bench.py $(ARGS)

screenshots: collect-dev ## make the README's pictures again
	@PYTHONPATH=tests exec $(PY) tests/support/screenshots.py

messages: environment-dev ## find new Danish messages; translate them in platform/samrum/translations/en
	@exec sh deploy/messages.sh

lock: environment-dev ## choose new versions of the packages, and write their hashes down
	$(PY) -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --extra demo --extra dev pyproject.toml --output-file deploy/locks/dev.txt
	cp deploy/locks/dev.txt deploy/locks/run.txt  # so that the same versions are chosen
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --extra demo pyproject.toml --output-file deploy/locks/run.txt
	cd deploy/frontend && ../../.venv/bin/npm install --package-lock-only --ignore-scripts --no-audit --no-fund

wheel: collect-dev ## build dist/samrum-*.whl
	@rm -rf build
	$(PY) -m build --quiet --wheel --no-isolation --outdir dist
	@rm -rf build

prove: collect-dev ## the rules of access in a million random worlds (takes about an hour on two cores)
	@SAMRUM_WORLDS=1000000 exec $(PY) -m pytest --timeout=0 -n 2 --dist worksteal tests/property/test_policy_worlds.py tests/property/test_lists_agree.py

fresh-clone: ## clone the last commit into an empty folder and try `make run`, `make check` and `make test` there
	@exec sh deploy/fresh_clone.sh

clean: ## remove everything made here except the demo's data in var/
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
	rm -rf deploy/frontend/node_modules platform/samrum/static/vendor
	find platform storage auth templates tests deploy -name __pycache__ -prune -exec rm -rf {} +
	find platform -name '*.mo' -exec rm -f {} +

environment:
	@sh deploy/environment.sh run

environment-dev:
	@sh deploy/environment.sh dev

collect: environment
	@$(PY) deploy/collect.py

collect-dev: environment-dev
	@$(PY) deploy/collect.py --tests
