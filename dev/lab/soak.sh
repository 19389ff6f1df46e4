#!/usr/bin/env bash
# soak.sh [PART...] - the tests of `make test` with many more rounds, and a table at the end: part, result, time.
# Parts: suite, canaries, storm, engine, waits, hostile, fuzz, mutants; without arguments all of them. It must not stop at
# the first part that fails: the table shows the result of each.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/say.sh"
cd "$LAB_HERE/../.."
PARTS=(suite canaries storm engine waits hostile directories fuzz mutants)
# each part runs in a process of its own, so that its first failing command ends it
if [ "${1:-}" != --one ]; then
  SOAK_LOGS=$(mktemp -d)
  export SOAK_LOGS
fi
STORM_TABLE=$SOAK_LOGS/storm.table

cargo_() { bash dev/lab/cargo.sh - "$@"; }
stories() { cargo_ test -q --locked --test stories -- --nocapture "$@"; }

# each part prints its result; the last line of its output that begins with `soak:` goes into the table
suite() {
  local n began times=() quick
  RUST_TEST_THREADS=$(test_threads 3) quick=$(test_dir)
  export RUST_TEST_THREADS
  cargo_ test -q --locked --no-run
  for n in $(seq 50); do
    began=$(now_ms)
    TMPDIR=$quick env -u CCCI_SWARM bash dev/lab/cargo.sh - test -q --workspace --locked || { echo "soak: failed in round $n of 50"; return 1; }
    times+=($(($(now_ms) - began)))
  done
  mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
  echo "soak: 50 of 50 without a failure; a round took ${times[0]} to ${times[49]} ms, median ${times[24]}"
}
canaries() {
  local n
  for n in 1 2 3; do CCCI_SWARM=1 stories canaries || { echo "soak: a canary failed in round $n of 3"; return 1; }; done
  echo "soak: all canaries passed three times in a row"
}
storm() {
  CCCI_SWARM=1 CCCI_STORM=${CCCI_STORM:-60} CCCI_STORM_TABLE=$STORM_TABLE stories --test-threads=1 storm
  echo "soak: see the table of kills below"
}
# kills and restarts the lab's engine, also while something else uses it
engine() {
  CCCI_SWARM=1 CCCI_STORM_ENGINE=1 CCCI_STORM=${CCCI_STORM:-60} CCCI_STORM_TABLE=$STORM_TABLE stories --test-threads=1 storm::engine
  echo "soak: see the table of kills below"
}
waits() {
  CCCI_BENCH_ROUNDS=10 cargo_ bench -q --locked --bench ratios -- waits | tee "$SOAK_LOGS/waits.figures"
  echo "soak: $(grep ' right$' "$SOAK_LOGS/waits.figures" | tail -n 1 | sed 's/^ *//')"
  ! grep -q 'EXCEEDED' "$SOAK_LOGS/waits.figures" && grep -q '80 of 80 right' "$SOAK_LOGS/waits.figures"
}
hostile() {
  CCCI_HOSTILE=full CCCI_SLIPS=50000 stories hostile bounds steps slips
  echo "soak: every limit at its real size"
}
# recipe directories with random changes
directories() {
  CCCI_DIRECTORIES=${CCCI_DIRECTORIES:-10000} stories any_directory
}
fuzz() {
  bash dev/fuzz/run.sh "${CCCI_FUZZ_SECONDS:-300}"
  echo "soak: nothing found in ${CCCI_FUZZ_SECONDS:-300} s for each target"
}
mutants() {
  bash dev/mutants/run.sh
  echo "soak: every survivor is listed in docs/mutants.md"
}

if [ "${1:-}" = --one ]; then
  "$2"
  exit
fi
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=("${PARTS[@]}")
for part in "${wanted[@]}"; do
  case " ${PARTS[*]} " in *" $part "*) ;; *) die "there is no part \`$part\`; parts are: ${PARTS[*]}" ;; esac
done
rows=() failed=0
for part in "${wanted[@]}"; do
  began=$(now_ms)
  echo "soak: $part"
  if bash "$LAB_HERE/soak.sh" --one "$part" 2>&1 | tee "$SOAK_LOGS/$part.log"; then word=passed; else word=FAILED failed=1; fi
  said=$(grep '^soak: ' "$SOAK_LOGS/$part.log" | tail -n 1 | cut -c7-) || said=''
  rows+=("$(printf '%-10s %-7s %10s  %s' "$part" "$word" "$(seconds "$began")" "$said")")
done
echo
[ ! -s "$STORM_TABLE" ] || { cat "$STORM_TABLE"; echo; }
printf '%s\n' "${rows[@]}"
[ $failed = 0 ] || { echo "soak: the complete output is in $SOAK_LOGS"; exit 1; }
rm -rf "$SOAK_LOGS"
