#!/usr/bin/env bash
# Checks the compose corpus against docker's own loader: for every folder of tests/fixtures/compose, the loader must make the
# same services from our resolved file as from the original files and env. Writes the golden files and a stamp for each
# folder, which the ordinary tests verify. Needs Go and, once, its module proxy; `make oracle` calls it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath"

tool=$PWD/target/oracle/swarmspec
mkdir -p target/oracle
(cd dev/oracle/swarmspec && go build -ldflags '-s -w' -o "$tool" .)

echo "oracle: writing resolved files and diagnostics"
CCCI_BLESS=1 cargo test -q --test stories compose::the_corpus >/dev/null

root=$PWD work=$(mktemp -d) failed=0 proved=0 refused=0
trap 'rm -rf "$work"' EXIT

# The files of a case: its own, and those of the recipe that `from.txt` names.
lay_out() {
  rm -rf "$work/case" && mkdir "$work/case"
  if [ -f from.txt ]; then cp -r "$root/$(cat from.txt)/." "$work/case"; fi
  cp ./* "$work/case"
}
sum() {
  local f
  for f in *; do if [ "$f" != stamp ]; then sha256sum "$f"; fi; done
  if [ -f from.txt ]; then (cd "$root/$(cat from.txt)" && for f in *; do if [ -f "$f" ]; then sha256sum "$f"; fi; done); fi
}

for dir in tests/fixtures/compose/*/; do
  name=$(basename "$dir")
  cd "$root/$dir"
  mapfile -t env < <(grep -v '^#' env.txt 2>/dev/null || true)
  files=compose.yml
  for entry in "${env[@]}"; do case $entry in COMPOSE_FILE=*) files=${entry#COMPOSE_FILE=} ;; esac; done
  IFS=: read -ra files <<<"$files"
  rm -f golden.json refusal.txt stamp
  lay_out
  if (cd "$work/case" && env -i "${env[@]}" "$tool" stack "${files[@]}") >golden.json 2>"$work/err"; then
    if [ ! -f resolved.yml ]; then
      echo "oracle: $name: docker accepts it, ccci refuses it"; failed=$((failed + 1))
    elif ! (cd "$work/case" && env -i "$tool" stack resolved.yml) 2>&1 | diff -u golden.json - >"$work/diff"; then
      echo "oracle: $name: the resolved file makes different services"; head -40 "$work/diff"; failed=$((failed + 1))
    else
      proved=$((proved + 1))
    fi
    # the temporary folder must not be in the golden files
    sed -i -e "s#$work#DIR#g" golden.json
  else
    rm -f golden.json
    sed -e '/^time=/d' -e "s#$work/case#DIR#g" "$work/err" >refusal.txt
    if [ -f resolved.yml ]; then
      echo "oracle: $name: docker refuses it, ccci accepts it: $(cat refusal.txt)"; failed=$((failed + 1))
    else
      refused=$((refused + 1))
    fi
  fi
  sum | sha256sum | cut -d' ' -f1 >"$work/stamp"
  mv "$work/stamp" stamp
done
echo "oracle: $proved proved, $refused refused by both, $failed wrong"
[ "$failed" = 0 ]
