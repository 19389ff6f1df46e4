#!/usr/bin/env bash
# test.sh [--no-swarm] - all tests: formatting, clippy, then every test; closes with a line of counts. With --no-swarm only
# what needs no Docker, and it says so.
set -euo pipefail
here=$(dirname "$0")
. "$here/say.sh"
began=$(now_ms)
swarm=1
[ "${1:-}" != --no-swarm ] || swarm=
log=$(mktemp)
trap 'rm -f "$log"' EXIT

bash "$here/repos.sh"
bash "$here/cargo.sh" "formatting is right (cargo fmt --check)" fmt --check
bash "$here/cargo.sh" "clippy finds nothing (cargo clippy)" clippy -q --all-targets --locked -- -D warnings
bash "$here/cargo.sh" "built the tests" test -q --locked --no-run
bash "$here/cargo.sh" "built ccci" build -q --locked --bin ccci

status=0
if [ -n "$swarm" ]; then
  echo "test: everything, the Swarm included (CCCI_SWARM=1 cargo test)"
  CCCI_SWARM=1 cargo test --locked 2>&1 | tee "$log" || status=$?
else
  echo "test: what needs no Docker (cargo test); the Swarm stories are NOT run, \`make test\` runs them"
  cargo test --locked 2>&1 | tee "$log" || status=$?
fi
passed=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
failed=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
printf 'test: formatting, clippy, tests%s, in %s\n' "${swarm:+ and the Swarm}" "$(seconds "$began")"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$passed" -gt 0 ] || status=1
exit $status
