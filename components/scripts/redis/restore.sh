#!/bin/sh
# Puts a backup in the place of Redis' data. The server must be stopped. Its append-only files are kept beside.
#
# HOST is where the server would answer, DATA its folder. BACKUP names the backup, the newest if not given.
set -eu
. "$(dirname "$0")/keep.sh"
if timeout 5 redis-cli -h "$HOST" ping >/dev/null 2>&1; then
  echo "a server answers at $HOST: stop it first, or it writes over what is restored" >&2
  exit 1
fi
choose
umask 077
files=$DATA/appendonlydir new=$DATA/appendonlydir.part old=$DATA/appendonlydir.before-$(date -u "+$format")
rm -rf "$new"
mkdir "$new"
# Redis starts from its append-only files alone, of which the first may be a snapshot.
cp "$chosen/dump.rdb" "$new/appendonly.aof.1.base.rdb"
echo "file appendonly.aof.1.base.rdb seq 1 type b" >"$new/appendonly.aof.manifest"
sync -f "$new"
[ ! -e "$files" ] || mv "$files" "$old"
mv "$new" "$files"
sync -f "$files"
echo "put back $stamp. What was there is $old"
