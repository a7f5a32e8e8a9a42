#!/bin/sh
# What the image runs: stream-signal, as the owner of the folder at /app/output.
#
# A folder that is mounted there belongs to somebody on the host, and only that user may be sure to write to it. So root
# becomes that user; without a mounted folder, it becomes the user 10001, who owns the one in the image. If root owns the
# folder, root stays root: under a rootless engine, that is the user who called it. Any other user (--user, runAsUser)
# stays as well. Nothing on the host is changed.
set -eu
if [ "$(id -u)" = 0 ]; then
  owner=$(stat -c '%u:%g' /app/output)
  if [ "${owner%:*}" != 0 ]; then
    exec setpriv --reuid "${owner%:*}" --regid "${owner#*:}" --clear-groups --inh-caps=-all --no-new-privs stream-signal "$@"
  fi
fi
exec stream-signal "$@"
