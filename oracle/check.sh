#!/usr/bin/env bash
# Proves the compose corpus against docker's own loader: for every folder of tests/fixtures/compose the services that it
# makes of the original files and env equal those that it makes of our resolved file. Writes the goldens and a stamp for
# each folder, which the ordinary tests verify. Needs Go and, once, its module proxy; `make oracle` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath"

tool=$PWD/target/oracle/swarmspec
mkdir -p target/oracle
(cd oracle/swarmspec && go build -ldflags '-s -w' -o "$tool" .)

echo "oracle: writing resolved files and diagnostics"
CCCI_RENEW=1 cargo test -q --test stories compose::the_corpus >/dev/null

failed=0 proved=0 refused=0
for dir in tests/fixtures/compose/*/; do
  name=$(basename "$dir")
  pushd "$dir" >/dev/null
  mapfile -t env < <(grep -v '^#' env.txt 2>/dev/null || true)
  files=compose.yml
  for entry in "${env[@]}"; do case $entry in COMPOSE_FILE=*) files=${entry#COMPOSE_FILE=} ;; esac; done
  IFS=: read -ra files <<<"$files"
  rm -f golden.json refusal.txt stamp
  if env -i "${env[@]}" "$tool" stack "${files[@]}" >golden.json 2>"$tool.err"; then
    if [ ! -f resolved.yml ]; then
      echo "oracle: $name: docker takes it, we refuse it"; failed=$((failed + 1))
    elif ! env -i "$tool" stack resolved.yml 2>&1 | diff -u golden.json - >"$tool.diff"; then
      echo "oracle: $name: the resolved file makes other services"; head -40 "$tool.diff"; failed=$((failed + 1))
    else
      proved=$((proved + 1))
    fi
  else
    rm -f golden.json; sed '/^time=/d' "$tool.err" >refusal.txt
    if [ -f resolved.yml ]; then
      echo "oracle: $name: docker refuses it, we take it: $(cat refusal.txt)"; failed=$((failed + 1))
    else
      refused=$((refused + 1))
    fi
  fi
  sum=$(for f in *; do sha256sum "$f"; done | sha256sum | cut -d' ' -f1)
  echo "$sum" >stamp
  popd >/dev/null
done
echo "oracle: $proved folders proved, $refused refused by both, $failed wrong"
[ "$failed" = 0 ]
