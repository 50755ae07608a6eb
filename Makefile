# Two commands do all the set-up: `make demo` and `make test`. Neither needs AWS, nor anything but Rust and a C
# compiler.

CARGO ?= cargo

.PHONY: demo test lint fuzz-check vectors bench docs

## demo: build the program and run the detections over the sample events
demo:
	$(CARGO) build --release --locked -p flowgauge
	./target/release/flowgauge detect events/*.json

## test: every test of the workspace
test:
	$(CARGO) test --workspace --locked

## lint: formatting, lints and documentation, warnings as errors
lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked --quiet

## fuzz-check: the fuzz targets still compile (running them is described in fuzz/README.md)
fuzz-check:
	$(CARGO) check --manifest-path fuzz/Cargo.toml --locked --quiet

## vectors: check public fixtures, which are not part of this repository: make vectors VECTORS=folder
vectors:
	FLOWGAUGE_VECTORS="$(VECTORS)" $(CARGO) test --locked -p flowgauge-tests --test vectors -- --ignored

## bench: time to read one line, beside a plain split of it
bench:
	$(CARGO) bench --locked -p flow-record

## docs: write docs/reference.md anew from the code
docs:
	FLOWGAUGE_UPDATE_DOCS=1 $(CARGO) test --locked -p flowgauge-tests --test docs
