# The two commands of the README are `make demo` and `make test`; each installs and starts what it needs.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: demo test check soak lab lab-full down bench oracle oracle-traefik
CCCI := $(or $(CARGO_TARGET_DIR),target)/debug/ccci

# the main job: the ground, ccci, and the whole life of one recipe
demo: lab
	@bash dev/lab/cargo.sh "building ccci" build -q --locked --bin ccci
	@$(CCCI) run recipes/custom-html

# everything that can be tested, the Swarm included
test: lab
	@bash dev/lab/test.sh

# the quick gate, without Docker
check:
	@bash dev/lab/test.sh --no-swarm

# the ground alone: engine, images, recipe repositories; lab-full adds the images of optional recipes
lab:
	@bash dev/lab/up.sh

lab-full:
	@bash dev/lab/up.sh --full

# takes away exactly what the lab put on this machine
down:
	@bash dev/lab/down.sh

# the same tests with many more rounds, and one table at the end; PARTS says which
soak: lab
	@bash dev/lab/soak.sh $(PARTS)

# ratios against a floor and a rival, measured in one run; CCCI_BENCH_ROUNDS says how many rounds, PARTS which parts
bench: lab
	@bash dev/lab/cargo.sh "building ccci and its benches, optimised" bench -q --locked --bench ratios --no-run
	@bash dev/lab/cargo.sh - bench -q --locked --bench ratios -- $(PARTS)

oracle:
	@bash dev/oracle/check.sh

# asks a real Traefik for the answers that the routing is tested against; building it takes about ten minutes
oracle-traefik:
	@bash dev/oracle/traefik.sh
