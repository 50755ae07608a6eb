# Two commands do all the set-up: `make demo` and `make test`. Neither needs AWS. The first needs Rust and a C compiler,
# the second Python 3.11 too, for the tests that deploy the template to an emulator.

CARGO ?= cargo
PYTHON ?= python3
ARCHITECTURE ?= x86_64

FUNCTIONS := $(notdir $(wildcard functions/*))
TEMPLATES := template.yaml $(wildcard templates/*.yaml)
VENVS := target/venv
# Always the whole: a part of it would have its dependencies with other features, and build them once more.
ALL := --workspace --features flowgauge/aws --locked

.PHONY: demo test e2e build package stackset lint lint-template fuzz-check vectors bench bench-programs bench-check bench-scaling bench-micro bench-query scenarios cost invocation startup soak docs

## demo: build the program and run the detections over the sample events
demo:
	$(CARGO) run --release --locked -p flowgauge -- detect events/*.json

## test: every test: of the workspace, and of the deployed template
test:
	$(CARGO) test $(ALL)
	$(MAKE) --no-print-directory e2e

## e2e: deploy the template to an emulator of AWS on this machine, and use it (Python 3.11; pip fetches the rest)
e2e: build $(VENVS)/e2e/installed $(VENVS)/sam/installed
	PYTHONDONTWRITEBYTECODE=1 $(VENVS)/e2e/bin/python -m pytest --basetemp target/e2e tests/e2e

## build: the program for operators, and the Lambda functions as this machine runs them, each in a folder of its own
build:
	$(CARGO) build $(ALL) --bins --tests
	$(foreach function,$(FUNCTIONS),mkdir -p target/lambda/$(function) && \
		strip -S -o target/lambda/$(function)/bootstrap target/debug/$(function) &&) true

## package: the Lambda functions as AWS runs them, in the same folders and zipped (Python 3.11); RULES=folder goes along,
## ARCHITECTURE=arm64 is for the template's parameter of that name
package: $(VENVS)/lambda/installed
	PATH="$(abspath $(VENVS)/lambda/bin):$$PATH" $(CARGO) lambda build --profile function --$(subst _,-,$(ARCHITECTURE)) --locked \
		$(FUNCTIONS:%=-p %)
	rm -rf $(FUNCTIONS:%=target/lambda/%/rules)
	$(if $(RULES),$(foreach function,$(FUNCTIONS),cp -R $(RULES) target/lambda/$(function)/rules &&) true)
	$(VENVS)/lambda/bin/python packaging/zip.py $(FUNCTIONS:%=target/lambda/%)

## stackset: the template for a stack set, its packages put into BUCKET (of the stack set's region): see docs/accounts.md
stackset: $(VENVS)/sam/installed
	SAM_CLI_TELEMETRY=0 $(VENVS)/sam/bin/python -m samcli package --template-file template.yaml \
		--s3-bucket $(or $(BUCKET),$(error BUCKET= is not set: the output PackagesBucket of templates/central.yaml)) \
		--output-template-file target/packaged.yaml
	$(VENVS)/sam/bin/python packaging/stackset.py target/packaged.yaml target/stackset.json

define venv
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@
endef

$(VENVS)/%/installed: tests/e2e/requirements-%.txt
	$(venv)

$(VENVS)/pictures/installed: benches/requirements.txt
	$(venv)

## lint: formatting, lints and documentation of the code, warnings as errors; and the templates
lint: lint-rust lint-template

## lint-rust: the code alone
lint-rust:
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(ALL) --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --quiet

## lint-template: what CloudFormation and SAM would find wrong with the templates, and what checkov finds weak
lint-template: $(VENVS)/sam/installed $(VENVS)/checkov/installed
	$(VENVS)/sam/bin/cfn-lint $(TEMPLATES)
	$(foreach template,$(TEMPLATES),SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 \
		$(VENVS)/sam/bin/python -m samcli validate --lint --template $(template) &&) true
	$(VENVS)/checkov/bin/checkov --compact --quiet --skip-download --framework cloudformation \
		$(addprefix --file ,$(TEMPLATES))

## fuzz-check: the fuzz targets still compile (running them is described in fuzz/README.md)
fuzz-check:
	$(CARGO) check --manifest-path fuzz/Cargo.toml --locked --quiet

## vectors: check public fixtures, which are not part of this repository: make vectors VECTORS=folder
vectors:
	FLOWGAUGE_VECTORS="$(VECTORS)" $(CARGO) test $(ALL) --test vectors -- --ignored

## bench: every path that has a target, in docs/benchmarks.md (packages the functions and builds VRL first: some minutes)
bench: package bench-programs
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml --target-dir target/peers
	$(CARGO) build --release --locked -p flow-paths --example allocations
	$(PYTHON) benches/bench.py

bench-programs:
	$(CARGO) build --release --locked -p flow-paths

## bench-check: instructions of every path against benches/budgets.toml (valgrind)
bench-check: bench-programs
	cd benches && $(PYTHON) -m unittest --quiet test_budget
	$(PYTHON) benches/budget.py

## bench-scaling: time and memory against sizes, in docs/scaling (Python 3.11; pip fetches what draws)
bench-scaling: bench-programs $(VENVS)/pictures/installed
	$(CARGO) build --release --locked -p flowgauge
	$(PYTHON) benches/scaling.py
	$(VENVS)/pictures/bin/python benches/pictures.py

## bench-micro: time to read a line, beside a plain split of it, and to write a record; size and time of what is kept
bench-micro:
	$(CARGO) bench --locked -p flow-record -p flow-output -p flow-detect

## bench-query: CPU time and memory of `flowgauge query` over 1 GB of lines, beside decompression alone
bench-query:
	$(CARGO) build --release --locked -p flowgauge
	$(CARGO) build --release --locked -p flow-envelope --example inflate
	$(PYTHON) benches/query.py

## scenarios: which generated attacks the built-in rules find, in a table (some minutes)
scenarios:
	$(CARGO) build --release --locked -p flowgauge
	$(PYTHON) benches/scenarios.py

## cost: what the function causes in DynamoDB, SNS and its own log, in requests, bytes and dollars, over generated traffic
cost:
	$(CARGO) bench --locked -p subscription --bench cost

## invocation: what an invocation takes of a packaged function's processor beside its records (`make package` first)
invocation:
	$(CARGO) build --release --locked -p flowgauge
	$(PYTHON) benches/invocation.py target/lambda/subscription/bootstrap target/release/flowgauge

## startup: how long a packaged function takes to ask for its first event, and its memory (`make package` first)
startup:
	$(PYTHON) benches/startup.py target/lambda/subscription/bootstrap events/*.json

## soak: many events at once with everything failing now and then, in memory: make soak SEEDS=100
soak:
	$(CARGO) run --release --locked -p flowgauge-tests --bin soak -- $(or $(SEEDS),10)

## docs: write anew what the code knows: docs/reference.md, docs/detections.md, the tables in docs/firehose.md, docs/cost.md
## and templates/archive.yaml, templates/queries.yaml; and docs/parameters.md from the templates
docs: $(VENVS)/sam/installed
	$(VENVS)/sam/bin/python packaging/parameters.py
	FLOWGAUGE_UPDATE_DOCS=1 $(CARGO) test $(ALL) --no-fail-fast --test docs --test detections --test queries \
		--test archive_buffer --test archive_template --test cost_tables -- --test-threads 1
