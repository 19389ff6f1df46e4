#!/usr/bin/env bash
# Asks a real Traefik v3 for the answers in src/swarm/routing/goldens, and for the options that it reads from labels; the ordinary
# tests compare ccci's own routing with them. Needs Go and, once, its module proxy; building Traefik takes about ten minutes on
# two cores and 6 GB. `make oracle-traefik` calls it; set TRAEFIK to a program that is there to ask another one.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS="-buildvcs=false -trimpath"

version=v3.6.12
root=$PWD dir=${TRAEFIK_DIR:-$PWD/target/oracle/traefik}
mkdir -p "$dir"

# The module cannot be installed as it is (it has replace lines): its verified tree is copied and built as the main module.
tree=$dir/$version
if [ ! -d "$tree" ]; then
  from=$(cd "$dir" && go mod download -json "github.com/traefik/traefik/v3@$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
  cp -r "$from" "$tree.part" && chmod -R u+w "$tree.part" && mv "$tree.part" "$tree"
  # the dashboard is not part of the module, and Traefik does not compile without a page in its place
  mkdir -p "$tree/webui/static" && echo >"$tree/webui/static/index.html"
fi
rm -rf "$tree/cmd/options" && cp -r dev/oracle/traefik/options "$tree/cmd/options"

if [ -z "${TRAEFIK:-}" ]; then
  TRAEFIK=$dir/traefik
  (cd "$tree" && go build -ldflags '-s -w' -o "$TRAEFIK" ./cmd/traefik)
fi
(cd "$tree" && go build -o "$dir/options" ./cmd/options)
(cd dev/oracle/traefik && go build -o "$dir/answers" .)

{
  echo "# Every option that Traefik v3 reads from labels, and the kind of its value. Written by \`dev/oracle/traefik.sh\`."
  echo "# \`*\` is a name that the author chooses; a \`node\` holds other options, and a \`switch\` may stand alone as well."
  "$dir/options"
} >src/swarm/routing/options.txt
cd src/swarm/routing/goldens
"$dir/answers" "$TRAEFIK" ./*.txt 2>"$dir/log"
cd "$root"
cargo test -q -p ccci-swarm --lib routing::
