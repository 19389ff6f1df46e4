#!/usr/bin/env bash
# run.sh [SECONDS [TARGET...]] - fuzzing with libFuzzer, each target for SECONDS (60 by default), all targets by default. It
# starts with dev/fuzz/corpus and the fixtures of the tests, and continues where the last call ended (target/fuzz/corpus). A
# finding stops its target and is printed; its input is in target/fuzz/found. Correct the cause, then add the input to
# dev/fuzz/corpus, which the ordinary tests read. CCCI_FUZZ_REPEAT=65536 repeats every input up to this size in bytes, which
# finds code that is too slow for a long text. A stable toolchain is enough; a C++ compiler builds libFuzzer.
# It must not write into the repository.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/fuzz
seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- $(sed -n 's/^        name: "\(.*\)",/\1/p' "$here/targets/mod.rs")
command -v c++ >/dev/null || {
  echo "fuzz: there is no C++ compiler to build libFuzzer with; apt-get install g++" >&2
  exit 1
}

# the compiler passes of cargo-fuzz; without a sanitizer they need no nightly toolchain
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing"
(cd "$here" && CARGO_TARGET_DIR=$work cargo build -q --release --locked --target "$host")
driver=$work/$host/release/ccci-fuzz

# fixtures that can be inputs of a target without changes
seeds() { # TARGET
  case $1 in
    env) echo "$root/dev/lab/recipes" ;;
    compose) echo "$root/tests/fixtures/compose $root/dev/lab/recipes" ;;
    settings) echo "$root/tests/fixtures/settings $root/recipes" ;;
    scripts) echo "$root/tests/fixtures/scripts $root/recipes $root/scripts-stdlib" ;;
    record) echo "$root/tests/records" ;;
  esac
}

mkdir -p "$work/found" "$work/logs"
failed=0
printf '%-12s %10s %8s %9s %8s  %s\n' target executions per-s coverage corpus end
for target in "$@"; do
  mkdir -p "$work/corpus/$target"
  log=$work/logs/$target
  end=ok
  longest=4096
  [ "$target" = record ] && longest=32768
  [ -z "${CCCI_FUZZ_REPEAT:-}" ] || longest=64
  # shellcheck disable=SC2046 # a list of folders
  CCCI_FUZZ_TARGET=$target RUST_BACKTRACE=0 "$driver" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
    -max_len="$longest" -print_final_stats=1 -artifact_prefix="$work/found/$target-" \
    "$work/corpus/$target" "$here/corpus/$target" $(seeds "$target") >"$log" 2>&1 || end=FOUND
  last=$(grep -aE '^#[0-9]+' "$log" | tail -n 1) || true
  of() { sed -nE "s/.* $1: ([0-9]+).*/\1/p" <<<"$last"; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  per_s=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%-12s %10s %8s %9s %8s  %s\n' "$target" "${runs:-0}" "${per_s:-0}" "$(of cov)" \
    "$(find "$work/corpus/$target" -type f | wc -l)" "$end"
  if [ "$end" = FOUND ]; then
    failed=1
    grep -aE -A12 "panicked at|ERROR: libFuzzer|Test unit written" "$log" | head -n 40 | sed 's/^/    /'
  fi
done
exit $failed
