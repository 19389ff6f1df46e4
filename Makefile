# The two commands of the README are `make demo` and `make test`; each installs and starts what it needs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test check lab down bench oracle
CCCI := target/debug/ccci

demo: lab
	@bash lab/cargo.sh "built ccci" build --locked --bin ccci
	@$(CCCI) run recipes/custom-html

test: lab
	@bash lab/test.sh

check:
	@bash lab/test.sh --no-swarm

lab:
	@bash lab/up.sh

down:
	@bash lab/down.sh

bench: lab
	@bash benches/run.sh

oracle:
	@bash oracle/check.sh
