#!/bin/sh
# A backup of PostgreSQL: the database as a dump, the roles, and, where the log is archived, the whole server as it is on disk, from which
# one can go to any later moment. Each part is read back before the backup counts.
#
# PGHOST, PGUSER and PGPASSWORD lead to the server; DATABASE is dumped; BASE says whether the whole server is copied too.
set -eu
. "$(dirname "$0")/keep.sh"
begin
pg_dumpall --roles-only >"$part/roles.sql"
pg_dump --format=custom --dbname="$DATABASE" --file="$part/$DATABASE.dump"
# Not only its table of contents: all of it.
pg_restore --file=/dev/null "$part/$DATABASE.dump"
if [ "$BASE" = yes ]; then
  pg_basebackup --pgdata="$part/base" --wal-method=stream --checkpoint=fast --manifest-checksums=SHA256
  pg_verifybackup --quiet "$part/base"
  tar -C "$part/base" -czf "$part/base.tar.gz" .
  rm -rf "$part/base"
  gzip -t "$part/base.tar.gz"
fi
finish
