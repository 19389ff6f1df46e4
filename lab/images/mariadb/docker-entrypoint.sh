#!/bin/bash
# initialises an empty data folder from the variables of the image it stands in for, then runs the server
set -eo pipefail

from_file() { # NAME: reads NAME_FILE into NAME
  local file="${1}_FILE"
  if [ -n "${!file:-}" ]; then export "$1"="$(cat "${!file}")"; fi
}
for prefix in MYSQL MARIADB; do
  for name in ROOT_PASSWORD PASSWORD USER DATABASE; do from_file "${prefix}_$name"; done
done
root=${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}
database=${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}
user=${MARIADB_USER:-${MYSQL_USER:-}}
password=${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}

# the server's bootstrap mode takes one statement a line
statements() {
  echo "FLUSH PRIVILEGES;"
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
  if [ -n "$user" ]; then
    echo "CREATE USER '$user'@'%' IDENTIFIED BY '$password';"
    if [ -n "$database" ]; then echo "GRANT ALL ON \`$database\`.* TO '$user'@'%';"; fi
  fi
  if [ -n "$root" ]; then
    echo "ALTER USER 'root'@'localhost' IDENTIFIED BY '$root';"
    echo "CREATE USER 'root'@'%' IDENTIFIED BY '$root';"
    echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
  fi
  cat /docker-entrypoint-initdb.d/*.sql 2>/dev/null || true
}

mkdir -p /run/mysqld
chown mysql:mysql /run/mysqld /var/lib/mysql
if [ "$1" = mariadbd ] && [ ! -d /var/lib/mysql/mysql ]; then
  if [ -z "$root" ]; then echo "error: database is uninitialized and password option is not specified" >&2; exit 1; fi
  mariadb-install-db --user=mysql --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  statements | mariadbd --user=mysql --bootstrap
fi
if [ "$1" = mariadbd ]; then
  shift
  exec mariadbd --user=mysql --bind-address=0.0.0.0 --skip-name-resolve "$@"
fi
exec "$@"
