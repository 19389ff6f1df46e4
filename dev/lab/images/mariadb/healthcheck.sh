#!/bin/bash
# the checks that recipes ask of the image it stands in for: --connect and --innodb_initialized. A server that refuses the
# login is one that can be connected to.
answer=$(mariadb-admin --connect-timeout=2 -h 127.0.0.1 -u nobody ping 2>&1)
case $answer in *alive* | *"Access denied"*) exit 0 ;; *) echo "$answer"; exit 1 ;; esac
