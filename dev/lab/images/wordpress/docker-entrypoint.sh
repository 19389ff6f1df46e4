#!/bin/bash
# fills an empty web root, as the image it stands in for does; what is there already stays
set -eo pipefail
if [ "$1" = apache2-foreground ]; then
  cd /var/www/html
  if [ ! -e wp-includes/version.php ]; then cp -an /usr/src/wordpress/. .; fi
  if [ ! -s wp-config.php ]; then cp /usr/src/wp-config-docker.php wp-config.php; fi
  if [ ! -e .htaccess ]; then cp /usr/src/htaccess .htaccess; fi
  chown www-data:www-data . wp-config.php .htaccess wp-content
fi
exec "$@"
