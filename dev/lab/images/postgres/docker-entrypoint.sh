#!/bin/bash
# initialises an empty data folder from the variables of the image it stands in for, then runs the server
set -eo pipefail

for name in POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB; do
  file="${name}_FILE"
  if [ -n "${!file:-}" ]; then export "$name"="$(cat "${!file}")"; fi
done
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
as_postgres() { setpriv --reuid postgres --regid postgres --init-groups env HOME=/var/lib/postgresql "$@"; }

initialise() {
  local word f
  if [ -z "${POSTGRES_PASSWORD:-}" ]; then echo "Error: Database is uninitialized and superuser password is not specified." >&2; exit 1; fi
  word=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$word"
  chown postgres "$word"
  as_postgres initdb -U "$user" --pwfile="$word" --auth-local=trust --auth-host=scram-sha-256 -E UTF8 --locale=C.UTF-8 -N >/dev/null
  rm -f "$word"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  as_postgres pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  if [ "$database" != postgres ]; then as_postgres createdb -U "$user" "$database"; fi
  for f in /docker-entrypoint-initdb.d/*; do
    # shellcheck source=/dev/null
    case $f in
      *.sh) . "$f" ;;
      *.sql) as_postgres psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$f" ;;
      *.sql.gz) gunzip -c "$f" | as_postgres psql -v ON_ERROR_STOP=1 -U "$user" -d "$database" ;;
    esac
  done
  as_postgres pg_ctl -w -m fast stop >/dev/null
}

if [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
  shift
  exec setpriv --reuid postgres --regid postgres --init-groups postgres -c listen_addresses='*' "$@"
fi
exec "$@"
