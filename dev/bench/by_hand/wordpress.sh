#!/usr/bin/env bash
# wordpress.sh REPOSITORY BASE - the lifecycle of wordpress by hand, with the posts that its hooks and tests write.
services='app db'
# shellcheck source=dev/bench/by_hand/floor.sh
. "$(dirname "$0")/floor.sh"
export SECRET_DB_ROOT_PASSWORD_VERSION=v1 SECRET_DB_PASSWORD_VERSION=v1
sql='mariadb -uroot -p"$(cat /run/secrets/db_root_password)" wordpress'
dump=/var/lib/mysql/backup.sql.gz content=/var/www/html/wp-content

page() { curl -fsS -H "Host: $DOMAIN" "$@"; }
shows() { page "http://$address/?p=$1" 2>/dev/null | grep >/dev/null "$2"; } # POST TEXT
publish() { # TITLE TEXT: writes a post and reads it back; its number is then in `post`
  local answer
  answer=$(page -H 'Content-Type: text/xml' --data-binary "<?xml version=\"1.0\"?><methodCall><methodName>wp.newPost</methodName><params><param><value><int>1</int></value></param><param><value><string>author</string></value></param><param><value><string>pw-$stack</string></value></param><param><value><struct><member><name>post_title</name><value><string>$1</string></value></member><member><name>post_content</name><value><string>$2</string></value></member><member><name>post_status</name><value><string>publish</string></value></member></struct></value></param></params></methodCall>" "http://$address/xmlrpc.php")
  post=${answer#*<string>}
  post=${post%%</string>*}
  shows "$post" "$2"
}
up() { # FOLDER STATE
  deploy "$1"
  running db ''
  db=$id
  running app "$2"
  app=$id
  address=$(address_of "$app")
  for _ in $(seq 12000); do if page "http://$address/wp-admin/install.php" 2>/dev/null | grep >/dev/null WordPress; then break; fi; done
}

secret db_password_v1
secret db_root_password_v1
up "$files/base" ''
page --data "weblog_title=A blog&user_name=author&admin_password=pw-$stack&admin_password2=pw-$stack&pw_weak=1&admin_email=author@example.org&blog_public=0&Submit=Install WordPress&language=" "http://$address/wp-admin/install.php?step=2" | grep >/dev/null Success
publish first 'written at first'
publish kept 'written before the upgrade'
kept=$post
up "$files/head" completed
shows "$kept" 'written before the upgrade'
publish planted 'planted by hand'
planted=$post
docker exec "$db" sh -c "mariadb-dump --single-transaction -uroot -p\"\$(cat /run/secrets/db_root_password)\" wordpress | gzip > $dump"
archive "$db" "$dump" "$files/dump.tar"
archive "$app" "$content" "$files/content.tar"
docker exec "$db" gzip -t "$dump"
docker exec "$db" sh -c "$sql -e 'DELETE FROM wp_posts WHERE ID = $planted'"
if shows "$planted" 'planted by hand'; then exit 1; fi
docker exec "$app" sh -c "rm -rf $content/*"
put_back "$app" "${content%/*}" "$files/content.tar"
put_back "$db" "${dump%/*}" "$files/dump.tar"
docker exec "$db" sh -c "gunzip -c $dump | $sql"
shows "$planted" 'planted by hand'
page "http://$address/" | grep >/dev/null 'A blog'
publish 'feed post' 'to be read in the feed'
page "http://$address/?feed=rss2" | grep >/dev/null 'feed post'
page --data 'log=author&pwd=wrong' "http://$address/wp-login.php" | grep >/dev/null login_error
