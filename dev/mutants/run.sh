#!/usr/bin/env bash
# run.sh [PART...] - mutation testing (cargo-mutants) of the most critical code: level, converge, verdict, undo, redact. Each
# mutant is built and tested in its own room only. Survivors are compared with docs/mutants.md: a survivor that is not listed
# there, or a listed one that no longer survives, is a failure. Without arguments all parts run. MUTANTS_AGAIN=1 repeats only the
# mutants that were not caught in the last call, for use while writing tests. It must not change a file of the repository.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/target/mutants
# part, its room, and its files below src
parts=(
  "level    model  model/tier.rs"
  "converge swarm  swarm/converge"
  "verdict  model  model/verdict"
  "undo     runner runner/execute/undo.rs"
  "redact   model  model/redact"
)

command -v cargo-mutants >/dev/null || {
  echo "mutants: there is no cargo-mutants on the PATH; cargo install --locked cargo-mutants" >&2
  exit 1
}
[ $# -gt 0 ] || set -- level undo converge verdict redact

# a copy of the present state, so that later changes do not affect the measurement
if ! diff -rq "$root/src" "$work/ccci/src" >/dev/null 2>&1; then
  rm -rf "$work/ccci"
  mkdir -p "$work/ccci"
  cp -rp "$root/src" "$root/tests" "$root/recipes" "$root/scripts-stdlib" "$root/docs" "$root/dev" "$root/clippy.toml" \
    "$root/Cargo.toml" "$root/Cargo.lock" "$work/ccci/"
fi

export CARGO_TARGET_DIR=$work/target CARGO_INCREMENTAL=1 PROPTEST_CASES=64 RUST_BACKTRACE=0
: >"$work/survivors.txt"
for name in "$@"; do
  echo "mutants: $name"
  for row in "${parts[@]}"; do
    read -r part room files <<<"$row"
    [ "$part" != "$name" ] || break
  done
  only=()
  for file in $files; do
    case $file in *.rs) only+=(--file "src/$file") ;; *) only+=(--file "src/$file/**") ;; esac
  done
  status=0
  # a mutant may loop for ever or fill the memory: one that takes thirty times as long as the tests is caught by its timeout
  cargo mutants --dir "$work/ccci" --package "ccci-$room" "${only[@]}" --in-place --no-shuffle --timeout 20 --build-timeout 300 \
    --cap-lints true ${MUTANTS_AGAIN:+--iterate} --output "$work/out-$name" --no-times --colors never || status=$?
  # 2: some survived, 3: some were caught by the timeout
  case $status in 0 | 2 | 3) ;; *) exit $status ;; esac
  # file: mutation, without line and column, which change
  sed -E "s|^([^:]+):[0-9]+:[0-9]+: |\1: |" "$work/out-$name/mutants.out/missed.txt" >>"$work/survivors.txt"
done
sort -o "$work/survivors.txt" "$work/survivors.txt"

# the rows of these parts in docs/mutants.md: `## FILE`, then `- `MUTATION`: reason`
for name in "$@"; do
  for row in "${parts[@]}"; do
    read -r part _ files <<<"$row"
    [ "$part" = "$name" ] && for file in $files; do echo "src/$file"; done
  done
done >"$work/looked-at.txt"
awk '/^## src\// { file = $2 } /^- `/ { split($0, part, "`"); print file ": " part[2] }' "$root/docs/mutants.md" |
  grep -F -f "$work/looked-at.txt" | sort -u >"$work/listed.txt" || true
sort -u "$work/survivors.txt" >"$work/found.txt"
new=$(comm -13 "$work/listed.txt" "$work/found.txt")
gone=$(comm -23 "$work/listed.txt" "$work/found.txt")
[ -z "$new" ] || printf 'survives and is not in docs/mutants.md:\n%s\n' "$new"
[ -z "$gone" ] || printf 'is in docs/mutants.md and no longer survives:\n%s\n' "$gone"
for name in "$@"; do
  # `previously_caught.txt` exists only after MUTANTS_AGAIN=1
  total=$(find "$work/out-$name/mutants.out" -maxdepth 1 -name '*caught.txt' -exec cat {} + | wc -l)
  printf 'mutants: %-9s %4s caught, %3s by the timeout, %3s survive, %3s do not compile\n' "$name" "$total" \
    "$(wc -l <"$work/out-$name/mutants.out/timeout.txt")" "$(wc -l <"$work/out-$name/mutants.out/missed.txt")" \
    "$(wc -l <"$work/out-$name/mutants.out/unviable.txt")"
done
[ -z "$new$gone" ]
