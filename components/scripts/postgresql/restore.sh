#!/bin/sh
# Puts a dump in the place of the running server's database. The one that is there keeps its data, under another name.
#
# PGHOST, PGUSER and PGPASSWORD lead to the server; BACKUP names the backup, the newest if not given.
set -eu
. "$(dirname "$0")/keep.sh"
choose
old=$DATABASE-old-$(date -u "+$format") new=$DATABASE-new-$stamp
query() {
  psql --quiet --no-psqlrc --no-align --tuples-only --dbname=postgres --variable=ON_ERROR_STOP=1 \
    --variable=database="$DATABASE" --variable=old="$old" --variable=new="$new"
}

# Roles that are missing. Those that are there keep their passwords: the Secret has them.
echo "SELECT rolname FROM pg_roles" | query | awk '
  NR == FNR { known[$0]; next }
  /^(CREATE|ALTER) ROLE / { name = $3; gsub(/[";]/, "", name); if (name in known) next }
  { print }' - "$chosen/roles.sql" | psql --quiet --no-psqlrc --dbname=postgres >/dev/null

query <<'SQL'
DROP DATABASE IF EXISTS :"new";
CREATE DATABASE :"new" TEMPLATE template0;
SQL
# Until here, and through this, nobody notices.
pg_restore --exit-on-error --dbname="$new" "$chosen/$DATABASE.dump"
echo "SELECT format('ALTER DATABASE %I OWNER TO %I', :'new', pg_get_userbyid(datdba)) FROM pg_database WHERE datname = :'database' \\gexec" | query
# Should what follows fail, the old database goes on.
trap 'echo "ALTER DATABASE :\"database\" ALLOW_CONNECTIONS true" | query || true' EXIT
query <<'SQL'
SELECT EXISTS (SELECT FROM pg_database WHERE datname = :'database') AS there \gset
\if :there
ALTER DATABASE :"database" ALLOW_CONNECTIONS false;
SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = :'database' \g /dev/null
ALTER DATABASE :"database" RENAME TO :"old";
\endif
ALTER DATABASE :"new" RENAME TO :"database";
SQL
trap - EXIT
echo "restored $stamp; what was there is now called $old (it takes no connections: ALTER DATABASE \"$old\" ALLOW_CONNECTIONS true, or drop it)"
