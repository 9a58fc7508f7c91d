# shellcheck shell=bash
# The sample repository of the quickstart: examples/hello-node, committed somewhere of its own.

sample_git() { git -C "$sample" -c user.name=Quickstart -c user.email=quickstart@localhost "$@"; }

# make_sample <directory>: a repository at that path with one commit; one that is there already is kept.
make_sample() {
  sample=$1
  [ -d "$sample/.git" ] && return
  mkdir -p "$sample"
  cp -R examples/hello-node/. "$sample/"
  rm -rf "$sample/node_modules"
  sample_git init --quiet --initial-branch=main
  sample_git add --all
  sample_git commit --quiet -m 'Say hello'
}

# change_sample <text>: changes the line of the app that says hello, and commits.
change_sample() {
  sed -i -E "s/^(const greeting = ).*/\\1'$1';/" "$sample/server.js"
  if sample_git diff --quiet; then
    echo "nothing to change: $sample/server.js has no line that begins with \`const greeting = \`"
    return 1
  fi
  sample_git commit --quiet --all -m "Say: $1"
}
