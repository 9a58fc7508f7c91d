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

# change_sample: raises the version that the app shows, and commits.
change_sample() {
  local version
  version=1.0.$(sample_git rev-list --count HEAD)
  sed -i -E "s/(\"version\": )\"[^\"]*\"/\\1\"$version\"/" "$sample/package.json"
  sample_git commit --quiet --all -m "Version $version"
}
