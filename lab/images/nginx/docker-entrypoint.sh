#!/bin/sh
# runs what lies in /docker-entrypoint.d, then the command, as the image it stands in for does
set -e
for f in /docker-entrypoint.d/*.sh; do
  if [ -x "$f" ]; then "$f"; fi
done
exec "$@"
