#!/bin/bash
# writes the server's settings from the variables of the image it stands in for, then runs the server
set -eo pipefail

for name in $(compgen -e | grep '^MUMBLE_.*_FILE$' || true); do
  export "${name%_FILE}"="$(cat "${!name}")"
done
cat >/data/mumble_server_config.ini <<INI
database=/data/mumble-server.sqlite
port=${MUMBLE_CONFIG_PORT:-64738}
welcometext="${MUMBLE_CONFIG_WELCOMETEXT:-}"
serverpassword=${MUMBLE_CONFIG_SERVERPASSWORD:-}
registerName=${MUMBLE_CONFIG_REGISTERNAME:-Root}
users=${MUMBLE_CONFIG_USERS:-100}
uname=mumble-server
logfile=
pidfile=
bonjour=false
INI
if [ -n "${MUMBLE_SUPERUSER_PASSWORD:-}" ]; then
  murmurd -ini /data/mumble_server_config.ini -supw "$MUMBLE_SUPERUSER_PASSWORD" || true
fi
chown -R mumble-server /data
if [ "$1" = murmurd ]; then exec murmurd -fg -ini /data/mumble_server_config.ini; fi
exec "$@"
