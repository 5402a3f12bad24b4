#!/bin/sh
# A backup of Redis: all of it at one moment, as a replica would get it, read back before the backup counts.
#
# HOST is the server, REDISCLI_AUTH its password.
set -eu
. "$(dirname "$0")/keep.sh"
begin
redis-cli -h "$HOST" --rdb "$part/dump.rdb" >"$part/log" 2>&1 || { cat "$part/log" >&2; exit 1; }
redis-check-rdb "$part/dump.rdb" >"$part/log" 2>&1 || { cat "$part/log" >&2; exit 1; }
rm "$part/log"
finish
