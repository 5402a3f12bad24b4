#!/bin/sh
# Starts Redis with the Secret's password, which is on no command line and in no ConfigMap.
#
# REDISCLI_AUTH is the password; CONF the configuration, that includes the file AUTH.
set -eu
case $REDISCLI_AUTH in *'
'*) echo "redis-password has more than one line: Redis can't have that" >&2; exit 1 ;; esac
umask 077
printf 'requirepass "%s"\n' "$(printf '%s' "$REDISCLI_AUTH" | sed 's/[\\"]/\\&/g')" >"$AUTH"
exec redis-server "$CONF"
