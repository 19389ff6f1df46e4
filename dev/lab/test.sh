#!/usr/bin/env bash
# test.sh [--no-swarm] - all tests: formatting, clippy, then every test; the last line has the counts. With --no-swarm only
# what needs no Docker, which it prints. It must not hide a failure: each one is counted and makes the exit code 1.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
began=$(now_ms)
passed=0 failed=0
if [ "${1:-}" = --no-swarm ]; then swarm=''; else swarm=1; fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

gate() { # TEXT ARGS...: a check that is counted like a test
  if bash "$LAB_HERE/cargo.sh" "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
count() { awk -v field="$1" '/^test result:/ { n += $field } END { print n + 0 }' "$log"; }

bash "$LAB_HERE/repos.sh"
gate "checking the formatting (cargo fmt --all --check)" fmt --all --check
gate "looking for warnings (cargo clippy)" clippy -q --workspace --all-targets --locked -- -D warnings
gate "building ccci and its tests (cargo test --no-run)" test -q --workspace --locked --no-run
for check in "$LAB_HERE/../nix/check.sh" "$LAB_HERE/subjects.sh"; do
  if bash "$check"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
if [ $failed -gt 0 ]; then echo "test: a check above failed; the tests run anyway"; fi
if [ -n "$swarm" ]; then
  # the engine of the Swarm uses the cores as well
  RUST_TEST_THREADS=$(test_threads 2)
  export CCCI_SWARM=1 RUST_TEST_THREADS
  echo "test: every test, on the Swarm too (CCCI_SWARM=1 cargo test)"
else
  unset CCCI_SWARM
  RUST_TEST_THREADS=$(test_threads 3)
  TMPDIR=$(test_dir)
  export RUST_TEST_THREADS TMPDIR
  echo "test: the tests without Docker (cargo test); the tests on the Swarm do NOT run here, make test runs them"
fi
status=0
bash "$LAB_HERE/cargo.sh" - test -q --workspace --locked --no-fail-fast 2>&1 | tee "$log" || status=1
ran=$(count 4)
passed=$((passed + ran)) failed=$((failed + $(count 6)))
# a run that ended early or had no tests is a failure
if [ $status != 0 ] && [ "$(count 6)" = 0 ] || [ "$ran" = 0 ]; then failed=$((failed + 1)); fi
printf 'test: formatting, warnings, tests%s, in %s\n' "$([ -z "$swarm" ] || echo " and the Swarm")" "$(seconds "$began")"
printf '%s passed, %s failed\n' $passed $failed
[ $failed = 0 ]
