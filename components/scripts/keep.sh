# How backups are kept, whatever is in them: a folder each, named by when it was made, complete and checked or not there at all.
#
# BACKUPS is the folder they are in, KEEP how many minutes they stay. The newest one stays however old it is.

format=%Y%m%dT%H%M%SZ

# Oldest first.
backups() {
  find "$BACKUPS" -mindepth 1 -maxdepth 1 -type d -name '[0-9]*Z' -exec basename {} ';' | sort
}

# Remove what is too old, and what was left by backups that were killed. Done first: a volume that is full of old ones takes no new one.
prune() {
  newest=$(backups | tail -n 1)
  oldest=$(date -u -d "@$(($(date +%s) - KEEP * 60))" "+$format")
  for stamp in $(backups); do
    [ "$stamp" = "$newest" ] && continue
    [ "$(printf '%s\n' "$stamp" "$oldest" | sort | head -n 1)" = "$oldest" ] || rm -rf "${BACKUPS:?}/$stamp"
  done
  find "$BACKUPS" -mindepth 1 -maxdepth 1 -name '.*.part' -mmin +1440 -exec rm -rf {} +
}

# Begin a backup: `part` is the folder to put it into.
begin() {
  umask 077
  mkdir -p "$BACKUPS"
  prune
  part=$BACKUPS/.$(date -u "+$format").$(uname -n).$$.part
  mkdir "$part"
  trap 'rm -rf "$part"' EXIT
}

# End it: now it is there.
finish() {
  (cd "$part" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + >SHA256SUMS)
  # This volume alone: the node has others, and other work.
  sync -f "$part"
  stamp=$(date -u "+$format")
  mv "$part" "$BACKUPS/$stamp"
  trap - EXIT
  sync -f "$BACKUPS"
  echo "made $stamp: $(du -sh "$BACKUPS/$stamp" | cut -f 1)"
}

# Choose a backup: the one that BACKUP names, or the newest, or the newest that is not after $1. `chosen` is its folder, found whole.
choose() {
  before=${1:-99999999T999999Z}
  stamp=${BACKUP:-$(backups | while read -r made; do
    [ "$(printf '%s\n' "$made" "$before" | sort | head -n 1)" = "$made" ] && echo "$made"
  done | tail -n 1)}
  chosen=$BACKUPS/$stamp
  if [ -z "$stamp" ] || [ ! -d "$chosen" ]; then
    echo "there is no backup ${BACKUP:-from before $before}; there are: $(backups | tr '\n' ' ')" >&2
    exit 1
  fi
  (cd "$chosen" && sha256sum --quiet -c SHA256SUMS) || { echo "backup $stamp is not what was written; choose another with BACKUP" >&2; exit 1; }
}
