#!/bin/sh
# runs what lies in /docker-entrypoint.d, then the command, as the image it stands in for does
set -e
if [ "$1" = nginx ]; then
  for f in /docker-entrypoint.d/*; do
    if [ -x "$f" ]; then
      # shellcheck source=/dev/null
      case $f in
        *.envsh) . "$f" ;;
        *.sh) "$f" ;;
      esac
    fi
  done
fi
exec "$@"
