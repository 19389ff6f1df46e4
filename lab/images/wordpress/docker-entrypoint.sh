#!/bin/bash
# fills an empty web root and writes wp-config.php from the variables of the image it stands in for
set -eo pipefail

for name in DB_HOST DB_USER DB_NAME DB_PASSWORD; do
  variable="WORDPRESS_$name" file="WORDPRESS_${name}_FILE"
  if [ -n "${!file:-}" ]; then export "$variable"="$(cat "${!file}")"; fi
done
cd /var/www/html
if [ ! -e wp-login.php ]; then
  cp -a --update=none /usr/src/wordpress/. . 2>/dev/null || cp -an /usr/src/wordpress/. .
  chown -R www-data:www-data .
fi
cat >wp-config.php <<PHP
<?php
define('DB_NAME', '${WORDPRESS_DB_NAME:-wordpress}');
define('DB_USER', '${WORDPRESS_DB_USER:-wordpress}');
define('DB_PASSWORD', '${WORDPRESS_DB_PASSWORD:-}');
define('DB_HOST', '${WORDPRESS_DB_HOST:-db}');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
if ((\$_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') { \$_SERVER['HTTPS'] = 'on'; }
${WORDPRESS_CONFIG_EXTRA:-}
\$table_prefix = '${WORDPRESS_TABLE_PREFIX:-wp_}';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
PHP
if [ "$1" = apache2-foreground ]; then
  . /etc/apache2/envvars
  mkdir -p "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"
  rm -f "$APACHE_PID_FILE"
  # apache itself as the first process: the control script would not hand signals on
  exec apache2 -D FOREGROUND
fi
exec "$@"
