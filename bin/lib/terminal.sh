# shellcheck shell=bash
# Talk to the person: everything goes to stderr, so that stdout stays data.

say() { printf '%s\n' "$*" >&2; }

# die <what happened> <what to do>
die() {
  say ""
  say "failed: $1"
  say "to do:  $2"
  exit 1
}

# step <name> <what to do if it fails> <command...>: one line per step; the output is shown only when it fails.
step() {
  local name=$1 remedy=$2 log started=$SECONDS
  shift 2
  log=$(mktemp /tmp/cutover-step.XXXXXX)
  printf '%-44s' "$name" >&2
  if "$@" >"$log" 2>&1 </dev/null; then
    say "ok ($((SECONDS - started)) s)"
    rm -f "$log"
    return 0
  fi
  say "FAILED"
  tail -n 25 "$log" | sed 's/^/    /' >&2
  say "    (all of it: $log)"
  die "$name" "$remedy"
}
