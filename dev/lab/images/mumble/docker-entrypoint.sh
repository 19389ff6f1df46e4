#!/bin/bash
# writes the server's settings from the variables of the image it stands in for, then runs the server
set -eo pipefail
SETTINGS=/data/mumble_server_config.ini

while read -r name; do
  export "${name%_FILE}"="$(cat "${!name}")"
  unset "$name"
done < <(compgen -e | grep '^MUMBLE_.*_FILE$' | grep -v CUSTOM_CONFIG_FILE || true)

# MUMBLE_CONFIG_WELCOME_TEXT sets welcometext: case and underscores do not matter, but the server must know the name
settings() {
  local name wanted option known
  known=$(grep -oE '^[;#]? ?[A-Za-z]+=' /etc/mumble-server.ini | tr -d ';#= ' | sort -u)
  printf 'database=/data/mumble-server.sqlite\nuname=mumble-server\nlogfile=\npidfile=\nbonjour=false\n'
  for name in $(compgen -e | grep '^MUMBLE_CONFIG_' || true); do
    wanted=$(tr -d _ <<<"${name#MUMBLE_CONFIG_}")
    option=$(grep -ix -m 1 "$wanted" <<<"$known") || { echo "[ERROR]: $name is no setting of this server" >&2; return 1; }
    case $option in
      database | uname | logfile | pidfile | bonjour) ;;
      *) printf '%s="%s"\n' "$option" "$(sed 's/\\/\\\\/g; s/"/\\"/g' <<<"${!name}")" ;;
    esac
  done
}

if [ -n "${MUMBLE_CUSTOM_CONFIG_FILE:-}" ]; then SETTINGS=$MUMBLE_CUSTOM_CONFIG_FILE; else settings >$SETTINGS; fi
chown -R mumble-server /data
if [ -n "${MUMBLE_SUPERUSER_PASSWORD:-}" ]; then
  murmurd -ini "$SETTINGS" -supw "$MUMBLE_SUPERUSER_PASSWORD"
  chown -R mumble-server /data
fi
if [ "$1" = murmurd ]; then exec murmurd -fg -ini "$SETTINGS"; fi
exec "$@"
