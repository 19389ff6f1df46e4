#!/usr/bin/env bash
# custom-html.sh REPOSITORY BASE - the lifecycle of custom-html by hand.
services=app
# shellcheck source=dev/bench/by_hand/floor.sh
. "$(dirname "$0")/floor.sh"

in_app() { docker exec "$app" sh -c "$1"; }
page() { curl -fsS "http://$address/$1"; }
up() { # FOLDER STATE
  export DEFAULT_CONF_VERSION
  DEFAULT_CONF_VERSION=$(sed -n 's/^export DEFAULT_CONF_VERSION=//p' "$1/abra.sh")
  deploy "$1"
  running app "$2"
  app=$id
  address=$(address_of "$app")
}

up "$files/base" ''
in_app 'echo first > /usr/share/nginx/html/index.html'
page '' | grep >/dev/null first
in_app 'echo kept > /usr/share/nginx/html/kept.html'
up "$files/head" completed
page kept.html | grep >/dev/null kept
in_app 'echo planted > /usr/share/nginx/html/planted.html'
archive "$app" /usr/share/nginx/html "$files/content.tar"
in_app 'echo spoilt > /usr/share/nginx/html/planted.html; echo later > /usr/share/nginx/html/later.html'
page planted.html | grep >/dev/null spoilt
in_app 'rm -rf /usr/share/nginx/html/*'
put_back "$app" /usr/share/nginx "$files/content.tar"
page planted.html | grep >/dev/null planted
if page later.html >/dev/null 2>&1; then exit 1; fi
