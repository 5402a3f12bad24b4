#!/bin/sh
# After each start: roles and passwords are what the Secret says, so a password is changed by changing it there.
#
# SECRETS is the folder with the passwords, OWNER the role that the services use, DATABASE what it owns. Without a password of its own that
# role is not made. The exporter's role has none: it comes in through the socket, and may only look.
set -eu
# The server that initialises the folder listens to its socket alone, and goes again.
until pg_isready --quiet --host=127.0.0.1; do sleep 1; done
psql --quiet --no-psqlrc --username=postgres --dbname="$DATABASE" --variable=ON_ERROR_STOP=1 \
  --variable=VERBOSITY=terse --variable=owner="$OWNER" --variable=database="$DATABASE" \
  --variable=owned="$(test -s "$SECRETS/$OWNER-password" && echo true || echo false)" >/dev/null <<'SQL'
-- Passwords are in these statements: they are in no log, whatever happens.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET client_min_messages = 'warning';
SET password_encryption = 'scram-sha-256';
\set password `cat "$SECRETS/postgres-password"`
ALTER ROLE postgres PASSWORD :'password';
SELECT 'CREATE ROLE exporter LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exporter') \gexec
GRANT pg_monitor TO exporter;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
\if :owned
\set password `cat "$SECRETS/$OWNER-password"`
SELECT format('CREATE ROLE %I LOGIN', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
ALTER ROLE :"owner" LOGIN PASSWORD :'password';
ALTER DATABASE :"database" OWNER TO :"owner";
\endif
SQL
