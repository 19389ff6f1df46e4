#!/usr/bin/env bash
# run.sh [CRATE...] - mutation testing (cargo-mutants) of what must never be wrong: level, converge, verdict, undo, redact.
# Each is copied into a small crate of its own that takes every other module from ccci, built once: a mutant costs seconds
# instead of minutes. Survivors are compared with docs/mutants.md; one that is not listed there, or a row that no longer
# survives, fails. Without arguments all crates. MUTANTS_AGAIN=1 tries only those that the last call did not see caught: for
# use while tests are being written. It must not change a file of the repository.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
work=$root/target/mutants
# crate, the module path it is included under, and its files below src
crates=(
  "level    tier              tier.rs"
  "converge world::converge   world/converge"
  "verdict  verdict           verdict"
  "undo     run::undo         run/undo.rs run/undo"
  "redact   redact            redact.rs redact"
)

command -v cargo-mutants >/dev/null || {
  echo "mutants: there is no cargo-mutants on the PATH; cargo install --locked cargo-mutants" >&2
  exit 1
}
[ $# -gt 0 ] || set -- level undo converge verdict redact

# the crate with only this module of its own; a module inside another one keeps its neighbours
lib_of() { # MODULE
  echo "//! Made by mutants/run.sh: one module of ccci beside all others."
  echo "#![allow(ambiguous_glob_reexports, unused_imports, hidden_glob_reexports)]"
  echo "pub use ccci::*;"
  case $1 in
    *::*) echo "pub mod ${1%%::*} { pub use ccci::${1%%::*}::*; pub mod ${1##*::}; }" ;;
    *) echo "pub mod $1;" ;;
  esac
}

mkdir -p "$work/crates"
# ccci as it is now: work that goes on meanwhile must not change what is measured, nor build it again for every mutant
if ! diff -rq "$root/src" "$work/ccci/src" >/dev/null 2>&1; then
  rm -rf "$work/ccci"
  mkdir -p "$work/ccci"
  cp -rp "$root/src" "$root/heap" "$root/scripts-stdlib" "$root/Cargo.toml" "$root/Cargo.lock" "$work/ccci/"
  sed -i '/^\[\[test\]\]/,/^$/d' "$work/ccci/Cargo.toml"
fi
names=()
for row in "${crates[@]}"; do
  read -r name module files <<<"$row"
  names+=("\"$name\"")
  rm -rf "$work/crates/$name"
  mkdir -p "$work/crates/$name/src"
  lib_of "$module" >"$work/crates/$name/src/lib.rs"
  for file in $files; do
    mkdir -p "$(dirname "$work/crates/$name/src/$file")"
    [ -e "$root/src/$file" ] || continue
    cp -r "$root/src/$file" "$work/crates/$name/src/$file"
  done
  {
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n[lib]\ndoctest = false\n[dependencies]\nccci = { path = "../../ccci" }\n' "$name"
    # the same dependencies as ccci has, and its own for tests
    sed -n '/^\[dependencies\]/,/^\[profile/p' "$root/Cargo.toml" | grep -v '^\[' | sed 's|path = "heap"|path = "../../ccci/heap"|'
  } >"$work/crates/$name/Cargo.toml"
done
{
  printf '[workspace]\nresolver = "3"\nmembers = [%s]\n' "$(IFS=,; echo "${names[*]}")"
  sed -n '/^\[profile.dev/,/^\[profile.release/p' "$root/Cargo.toml" | grep -v '^\[profile.release'
} >"$work/crates/Cargo.toml"
cp "$root/Cargo.lock" "$work/crates/Cargo.lock"

export CARGO_TARGET_DIR=$work/target CARGO_INCREMENTAL=1 PROPTEST_CASES=64 RUST_BACKTRACE=0
: >"$work/survivors.txt"
for name in "$@"; do
  echo "mutants: $name"
  status=0
  # a mutant may loop for ever, and eat memory: what takes thirty times longer than the tests do is caught by its time
  cargo mutants --dir "$work/crates" --package "$name" --in-place --no-shuffle --timeout 20 --build-timeout 300 \
    --cap-lints true ${MUTANTS_AGAIN:+--iterate} --output "$work/out-$name" --no-times --colors never || status=$?
  # 2: some survived, 3: some were caught by their time
  case $status in 0 | 2 | 3) ;; *) exit $status ;; esac
  # file: mutation, without line and column, which move
  sed -E "s|^[^:]*/src/|src/|; s|^([^:]+):[0-9]+:[0-9]+: |\1: |" "$work/out-$name/mutants.out/missed.txt" >>"$work/survivors.txt"
done
sort -o "$work/survivors.txt" "$work/survivors.txt"

# what docs/mutants.md lists of these crates: `## FILE`, then `- `MUTATION`: reason`
for name in "$@"; do
  for row in "${crates[@]}"; do
    read -r crate _ files <<<"$row"
    [ "$crate" = "$name" ] && for file in $files; do echo "src/$file"; done
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
  # `previously_caught.txt` is there only after MUTANTS_AGAIN=1
  total=$(find "$work/out-$name/mutants.out" -maxdepth 1 -name '*caught.txt' -exec cat {} + | wc -l)
  printf 'mutants: %-9s %4s caught, %3s by their time, %3s survive, %3s do not compile\n' "$name" "$total" \
    "$(wc -l <"$work/out-$name/mutants.out/timeout.txt")" "$(wc -l <"$work/out-$name/mutants.out/missed.txt")" \
    "$(wc -l <"$work/out-$name/mutants.out/unviable.txt")"
done
[ -z "$new$gone" ]
