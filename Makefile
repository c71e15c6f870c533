# `make demo` and `make test` are all that a newcomer needs.
PYTHON_HERE := .venv/bin/python
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: demo test check format contracts dialects schema migration bench crash fuzz vendor clean help

demo: ## run Tocsin with a simulated campus and print the dashboard's address
	@deploy/venv.sh
	@exec $(PYTHON_HERE) -m tocsin demo $(ARGS)

test: ## run every test; ARGS="tests/pure -k silence" runs some
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.setup
	@$(PYTHON_HERE) -m pytest -n 4 --dist loadfile $(ARGS)

check: ## formatting, types and the laws of the house
	@deploy/venv.sh dev
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo

format: ## put the source into its one format
	@deploy/venv.sh dev
	@.venv/bin/ruff check --fix
	@.venv/bin/ruff format

contracts: ## write .importlinter anew from the first lines of the files
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.contracts

dialects: ## write the table in docs/dialects.md anew from the dialects' pages
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.dialects

schema: ## write docs/schema.md anew from the tables
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.schema

migration: ## write the next migration from the tables: m="what changed"
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.schema "$(m)"

bench: ## measure throughput, latency and memory, and print them
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.setup Mosquitto PostgreSQL VictoriaMetrics
	@$(PYTHON_HERE) -m tests.bench $(ARGS)

crash: ## kill Tocsin at random moments and count what was lost
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m tests.setup Mosquitto
	@$(PYTHON_HERE) -m tests.crash $(ARGS)

fuzz: ## look for messages that crash or stall a dialect; ARGS="seconds dialect" (usually 300, all)
	@deploy/venv.sh dev
	@$(PYTHON_HERE) -m pip -qq --disable-pip-version-check --no-input install --group fuzz
	@$(PYTHON_HERE) -m tests.fuzz $(ARGS)

vendor: ## build the dashboard's libraries anew (needs node and npm)
	@sh dashboard/static/vendor/build.sh

clean: ## remove what can be made again, the demo's data too
	@rm -rf .cache .venv build dist demo-data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
