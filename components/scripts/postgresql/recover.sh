#!/bin/sh
# Puts the whole server back to a moment, out of a base backup and the archived log. The server must be stopped. Its folder is kept beside.
#
# MOMENT is a time like 2026-11-21T10:15:00Z; without one it goes as far as the log does. BACKUP names the base backup; the newest from
# before the moment if not given. PGDATA is the server's folder, ARCHIVE the log's, PGHOST where the server would answer.
set -eu
. "$(dirname "$0")/keep.sh"
# Not only when it takes connections: also when it starts or stops.
if pg_isready --quiet --host="$PGHOST" --timeout=3 || [ $? = 1 ]; then
  echo "a server answers at $PGHOST: stop it first, or both write to the same folder" >&2
  exit 1
fi
before=
if [ -n "${MOMENT:-}" ]; then
  # As the backups are named: without what is between the digits.
  before=$(printf '%s' "$MOMENT" | sed -n 's/^\([0-9]\{4\}\)-\([0-9][0-9]\)-\([0-9][0-9]\)T\([0-9][0-9]\):\([0-9][0-9]\):\([0-9][0-9]\)Z$/\1\2\3T\4\5\6Z/p')
  [ -n "$before" ] || { echo "MOMENT is $MOMENT: give it in UTC, like 2026-11-21T10:15:00Z" >&2; exit 1; }
fi
choose "$before"
[ -e "$chosen/base.tar.gz" ] || { echo "backup $stamp has no base backup: only restore.sh can use it" >&2; exit 1; }
umask 077
new=$PGDATA.part old=$PGDATA.before-$(date -u "+$format")
while [ -e "$old" ]; do old=$old-again; done
rm -rf "$new"
mkdir "$new"
tar -C "$new" -xzf "$chosen/base.tar.gz"
if [ -z "${MOMENT:-}" ] && [ -d "$PGDATA/pg_wal" ]; then
  # What the old server had not archived yet.
  find "$PGDATA/pg_wal" -maxdepth 1 -type f -name '????????????????????????' -exec cp -n {} "$new/pg_wal/" ';'
fi
# An earlier recovery may have left its own there.
sed -i '/^\(recovery_target\|restore_command\)/d' "$new/postgresql.auto.conf"
{
  echo "restore_command = 'gzip -dc \"$ARCHIVE/%f.gz\" > \"%p\"'"
  echo "recovery_target_timeline = 'latest'"
  echo "recovery_target_action = 'promote'"
  # The server reads this before it knows what Z means.
  [ -z "${MOMENT:-}" ] || echo "recovery_target_time = '${MOMENT%Z}+00'"
} >>"$new/postgresql.auto.conf"
touch "$new/recovery.signal"
sync -f "$new"
[ ! -e "$PGDATA" ] || mv "$PGDATA" "$old"
mv "$new" "$PGDATA"
sync -f "$PGDATA"
echo "put back $stamp; started, the server goes on to ${MOMENT:-the end of the log}. What was there is $old"
