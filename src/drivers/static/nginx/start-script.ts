/**
 * What the supervisor runs, as `start SOCKET COMMAND [ARGUMENT...]` in nginx's own directory. A master that was killed leaves its socket file,
 * which would keep the next one from listening, and its workers, which are told to finish what they are at and end.
 */
export const startScript = `#!/bin/sh
socket=$1
shift
for process in /proc/[0-9]*; do
  { read -r name <"$process/comm"; } 2>/dev/null || continue
  [ "$name" = "\${1##*/}" ] && [ "$process/cwd" -ef . ] && kill -QUIT "\${process#/proc/}"
done
rm -f -- "$socket"
exec "$@"
`;
