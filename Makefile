# Everything a developer needs, from a fresh clone, with python3 (3.11 or newer), make and a network. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-strip-extras $(UPGRADE)
GRAPHIQL := node.sh $(addprefix graphiql/,build.sh index.html page.css page.js package.json package-lock.json .npmrc)
WEB := node.sh schema/schema.graphql $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path 'web/src/gql/*')

# Every branch is reached without the truth table, which takes its time when each line is watched.
POLICY_TESTS := tests/policy --ignore=tests/policy/test_truth_table.py tests/docs/test_privacy_page.py tests/resolvers/test_gate.py tests/resolvers/test_gate_records.py

.DEFAULT_GOAL := help
.PHONY: help run test bench mutants noninterference revocation fuzz kill9 soak format lock sdl web graphiql clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

run: .venv/runtime.stamp web ## the web apps and the API with demo data on 127.0.0.1:8000; prints the addresses and who can sign in
	@$(MAKE) --no-print-directory graphiql || echo 'GraphiQL is left out this time; the API runs without it. Try again: make graphiql'
	$(BIN)/python cli.py migrate
	$(BIN)/python cli.py demo --if-empty
	@$(BIN)/python cli.py demo --list
	@$(BIN)/python server.py || [ $$? -eq 130 ] # Ctrl-C is how it ends

test: .venv/dev.stamp web ## every check: format, lint, types, rooms, tests on SQLite, on a real PostgreSQL and in a real browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest
	$(BIN)/pytest -q $(POLICY_TESTS) -k 'not postgres' --cov=policy --cov=resolvers.gate --cov-branch --cov-fail-under=100 \
		--cov-report=term-missing:skip-covered

mutants: .venv/mutants.stamp ## the policy and the gate changed in one place at a time, by mutmut and cosmic-ray: a test must notice each change
	$(BIN)/python tests/policy/mutants.py

bench: .venv/bench.stamp ## how fast, against what: make bench ONLY=pages,singles ROUNDS=3 PARCELS=100000 asks a part; all of it writes docs/performance.md
	@./benchmarks/peers/node/install.sh || echo 'The peers that need Node are left out this time. Try again: make bench'
	$(BIN)/python benchmarks/bench.py $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(PARCELS),--parcels $(PARCELS))

revocation: .venv/dev.stamp ## a storm of grants, revokes and reads in many processes: make revocation N=100000 definite reads on each database
	DEFINITE_READS=$(or $(N),100000) $(BIN)/pytest -q --timeout=0 tests/revocation

fuzz: .venv/dev.stamp ## operations made by hypothesis-graphql and schemathesis, of every caller: make fuzz N=2000 of each kind
	FUZZ_EXAMPLES=$(or $(N),2000) $(BIN)/pytest -q --timeout=0 tests/fuzzing

kill9: .venv/dev.stamp ## kill -9 in a storm, and nothing acknowledged is lost: make kill9 N=200 on each database
	KILLS=$(or $(N),200) $(BIN)/pytest -q --timeout=0 tests/faults/test_killed.py

soak: .venv/dev.stamp ## everybody asks, with a fault a minute, and nothing may be wrong, lost or grow: make soak MINUTES=30 ON=sqlite SEED=7 JSON=soak.json
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30) --database $(or $(ON),postgres) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

noninterference: .venv/dev.stamp ## the long proof that nothing leaks: make noninterference N=1000000 SEED=7
	$(BIN)/python -m tests.noninterference $(or $(N),1000000) $(or $(SEED),7)

format: .venv/dev.stamp ## format the code, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: .venv/dev.stamp ## bring the lock files up to pyproject.toml (all to the newest: make lock UPGRADE=--upgrade)
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) --group mutants --constraint requirements/dev.txt --output-file requirements/mutants.txt
	$(LOCK) --group bench --constraint requirements/dev.txt --output-file requirements/bench.txt
	$(LOCK) --group node --output-file requirements/node.txt
	cd graphiql && npm install --package-lock-only --ignore-scripts --loglevel=error
	cd web && npm install --package-lock-only --ignore-scripts --loglevel=error
	cd benchmarks/peers/node && npm install --package-lock-only --ignore-scripts --loglevel=error
	cd tests/identity/provider && npm install --package-lock-only --ignore-scripts --loglevel=error

sdl: .venv/dev.stamp ## print the schema into schema/schema.graphql
	$(BIN)/python cli.py sdl > schema/.schema.graphql && mv schema/.schema.graphql schema/schema.graphql

web: web/dist/documents.json ## the merchant's panel and the agent's console

graphiql: graphiql/dist/index.html ## GraphiQL's files, for development

clean: ## remove what make made; databases stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache graphiql/dist graphiql/node_modules web/dist web/node_modules web/src/gql screenshots benchmarks/peers/node/node_modules tests/identity/provider/node_modules

web/dist/documents.json: $(WEB) | .venv/bin/python
	./web/build.sh

graphiql/dist/index.html: $(GRAPHIQL) | .venv/bin/python
	./graphiql/build.sh

# A link to the machine's own: when that is gone, as after an upgrade, the environment is made anew.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo '$(PYTHON) must be Python 3.11 or newer; if it has another name here: make PYTHON=python3.13 …' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo '$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/runtime.stamp: requirements/runtime.txt .venv/bin/python
	$(INSTALL) requirements/runtime.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/bin/python
	$(INSTALL) requirements/dev.txt
	@touch $@ .venv/runtime.stamp

.venv/mutants.stamp: requirements/mutants.txt .venv/dev.stamp
	$(INSTALL) requirements/mutants.txt
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/dev.stamp
	$(INSTALL) requirements/bench.txt
	@touch $@
