# Every target sets up what it needs first; see grump/local/setup.py.
PYTHON ?= python3

.PHONY: run fleet test check format lock bench load
.DEFAULT_GOAL := run

run: python
	@exec $(PYTHON) grump/local/setup.py run

fleet: python
	@exec $(PYTHON) grump/local/setup.py fleet

test: python
	@exec $(PYTHON) grump/local/setup.py test $(TESTS)

check: python
	@exec $(PYTHON) grump/local/setup.py check

bench: python
	@exec $(PYTHON) grump/local/setup.py bench

load: python
	@exec $(PYTHON) grump/local/setup.py load

format: python
	@$(PYTHON) grump/local/setup.py tools
	@.venv/bin/ruff check --fix --exit-zero --quiet . && .venv/bin/ruff format --quiet .

lock: python
	@$(PYTHON) grump/local/setup.py tools
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes requirements.in -o requirements.txt
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes requirements-training.in -o requirements-training.txt
	.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes requirements-dev.in -o requirements-dev.txt
	.venv/bin/uv pip compile --quiet --upgrade --universal --no-deps --python-version 3.11 --generate-hashes requirements-models.in -o requirements-models.txt

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) was not found."; exit 1; }
