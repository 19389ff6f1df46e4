#!/bin/bash
# initialises an empty data folder from the variables of the image it stands in for, then runs the server
set -eo pipefail

# setting NAME: MARIADB_NAME, MARIADB_NAME_FILE, or the same under the older prefix
setting() {
  local prefix variable file
  for prefix in MARIADB MYSQL; do
    variable=${prefix}_$1 file=${prefix}_${1}_FILE
    if [ -n "${!variable:-}" ]; then
      printf '%s' "${!variable}"
      return
    fi
    if [ -n "${!file:-}" ]; then
      cat "${!file}"
      return
    fi
  done
}
quoted() { printf "'%s'" "$(sed "s/\\\\/\\\\\\\\/g; s/'/''/g" <<<"$1")"; }

# the server's bootstrap mode takes one statement a line
accounts() {
  # the installer also makes accounts without a password, for nobody and for root by other addresses
  echo "DELETE FROM mysql.global_priv WHERE User = '' OR User = 'root' AND Host <> 'localhost';"
  echo "FLUSH PRIVILEGES;"
  if [ -n "$database" ]; then echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"; fi
  if [ -n "$user" ]; then
    echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
    if [ -n "$database" ]; then echo "GRANT ALL ON \`$database\`.* TO $(quoted "$user")@'%';"; fi
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root");"
  echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted "$root");"
  echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
}

# what lies in /docker-entrypoint-initdb.d needs a server that runs, without network
run_initdb() {
  local f server
  compgen -G '/docker-entrypoint-initdb.d/*' >/dev/null || return 0
  mariadbd --user=mysql --skip-networking &
  server=$!
  for _ in $(seq 100); do
    mariadb-admin -uroot -p"$root" ping >/dev/null 2>&1 && break
    sleep 0.1
  done
  for f in /docker-entrypoint-initdb.d/*; do
    # shellcheck source=/dev/null
    case $f in
      *.sh) . "$f" ;;
      *.sql) mariadb -uroot -p"$root" ${database:+"$database"} <"$f" ;;
      *.sql.gz) gunzip -c "$f" | mariadb -uroot -p"$root" ${database:+"$database"} ;;
    esac
  done
  mariadb-admin -uroot -p"$root" shutdown
  wait $server
}

initialise() {
  root=$(setting ROOT_PASSWORD) database=$(setting DATABASE) user=$(setting USER) password=$(setting PASSWORD)
  if [ -n "$(setting RANDOM_ROOT_PASSWORD)" ]; then
    root=$(head -c 24 /dev/urandom | base64 | tr -d '+/=')
    echo "GENERATED ROOT PASSWORD: $root"
  fi
  if [ -z "$root$(setting ALLOW_EMPTY_ROOT_PASSWORD)$(setting ALLOW_EMPTY_PASSWORD)" ]; then
    echo "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified" >&2
    exit 1
  fi
  mariadb-install-db --user=mysql --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null
  accounts | mariadbd --user=mysql --bootstrap
  run_initdb
}

case ${1:-mariadbd} in
  mysqld) shift && set -- mariadbd "$@" ;;
  -*) set -- mariadbd "$@" ;;
esac
if [ "$1" = mariadbd ]; then
  mkdir -p /run/mysqld
  chown mysql:mysql /run/mysqld /var/lib/mysql
  if [ ! -d /var/lib/mysql/mysql ]; then initialise; fi
  shift
  exec mariadbd --user=mysql --bind-address=0.0.0.0 --skip-name-resolve "$@"
fi
exec "$@"
