#!/bin/sh
# The server's archive_command: keep a segment of its log, whole or not at all. It may be asked twice for the same one.
#
# ARCHIVE is the folder, KEEP how many minutes back one can go. When a base backup has been made (its `.backup` file is archived), what is
# older than the oldest base backup of that time is of no use any more, and goes.
set -eu
segment=$1 name=$2
kept=$ARCHIVE/$name.gz
if [ -e "$kept" ]; then
  gzip -dc "$kept" | cmp -s - "$segment" && exit
  echo "archive: $kept is there already, and is not what the server has: two servers use this archive, or it was not emptied" >&2
  exit 1
fi
mkdir -p "$ARCHIVE"
gzip -c "$segment" >"$kept.part"
sync "$kept.part"
mv "$kept.part" "$kept"
sync "$ARCHIVE"
case $name in *.backup) ;; *) exit 0 ;; esac
# The timeline comes first in the names; the position in the log, after it, is what tells older from newer.
oldest=$(find "$ARCHIVE" -name '*.backup.gz' -mmin "-$KEEP" -exec basename {} .gz ';' | sort -k 1.9 | head -n 1)
# The segment is safe: that old ones can't be removed now is no reason to keep the server from going on.
pg_archivecleanup -x .gz "$ARCHIVE" "$oldest" || echo "archive: old segments are still there" >&2
find "$ARCHIVE" -name '*.backup.gz' -mmin "+$KEEP" -exec rm -f {} +
