# The whole vocabulary of this project. Needs Python 3.11 or newer and make; everything else goes into .venv.
#
#   make run     start Almanac in one process, on data in var/ (PORT=8001 make run for another port)
#   make test    the whole suite, on SQLite and again on PostgreSQL with Redis (make test ARGS="tests/campaigns -k plan")
#   make faults  kill, stop and starve everything at full size, and write the table of docs/reliability.md (SEED=... again)
#   make check   every check that needs no test
#   make fix     mend what the checks can mend by themselves
#   make bench   Almanac measured beside its peers, half an hour, into docs/benchmarks.md (make bench ARGS=--quick: a look)
#   make screenshots   pictures of every page, from an empty workspace to 600 sends, into screenshots/, and docs/images/week.png
#   make lock    write the pinned requirements again from requirements/*.in

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help run test faults check fix bench screenshots lock

help:
	@sed -n 's/^#   make/make/p' Makefile

run: .venv/base.stamp
	@$(BIN)/python manage.py run

# Runs one after the other: Django reads its database once per process, and what measures seconds has the machine to
# itself. Status 5: nothing that ARGS names is in that run.
test: .venv/dev.stamp
	@echo "== tests on SQLite"
	@TEST_ON=sqlite $(BIN)/python -m pytest -q -n $(WORKERS) $(ARGS)
	@echo "== tests on PostgreSQL and Redis"
	@TEST_ON=postgresql $(BIN)/python -m pytest -q -n $(WORKERS) -m "not faults" $(ARGS) || [ $$? -eq 5 ]
	@echo "== faults on PostgreSQL and Redis, the short set"
	@TEST_ON=postgresql $(BIN)/python -m pytest -q -m faults $(ARGS) || [ $$? -eq 5 ]

# Two runs as above. What does not hold is in the table too; the status is that of the worse run.
faults: export FAULTS := whole
faults: export FAULTS_JSON := $(or $(FAULTS_JSON),var/faults.json)
faults: .venv/dev.stamp
	@status=0; for database in sqlite postgresql; do \
		TEST_ON=$$database $(BIN)/python -m pytest -q -m faults $(ARGS) || [ $$? -eq 5 ] || status=1; \
	done; $(BIN)/python -m tests.faults.table $(FAULTS_JSON) docs/reliability.md; exit $$status

check: .venv/dev.stamp
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh .ci/check

fix: .venv/dev.stamp
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .
	@$(BIN)/djlint --reformat --quiet calendar_project audiences campaigns deliveries || true

bench: .venv/bench.stamp
	@$(BIN)/python -m bench $(ARGS)

screenshots: .venv/dev.stamp
	@$(BIN)/python tests/browser/screenshots.py

# No index address is written: pip asks whichever index it is set up with.
lock: .venv/dev.stamp
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" requirements/base.in -o requirements/base.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" -c requirements/base.txt requirements/dev.in \
		-o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command "make lock" -c requirements/dev.txt requirements/bench.in \
		-o requirements/bench.txt

# --- What the targets stand on ------------------------------------------------------------------------------------
# A stamp is younger than the file it stands for only when the installation went through.

.venv/made.stamp:
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here. Almanac needs Python 3.11 or newer: \
	install it, or name it with PYTHON=/path/to/python make run."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11. \
	Name a newer one: PYTHON=python3.12 make run."; exit 1; }
	@echo "Making .venv ..."
	@"$(PYTHON)" -m venv .venv
	@touch $@

.venv/base.stamp: requirements/base.txt .venv/made.stamp
	@echo "Installing what Almanac needs (once, a minute or so) ..."
	@$(PIP) -r requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/made.stamp
	@echo "Installing what the tests and checks need (once, a minute or two) ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

.venv/bench.stamp: requirements/bench.txt .venv/dev.stamp
	@echo "Installing the peers that Almanac is measured beside ..."
	@$(PIP) -r requirements/bench.txt
	@touch $@
