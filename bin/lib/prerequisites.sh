# shellcheck shell=bash
# What the product needs on a machine, each as a function that does nothing when it is there already.
# Needs terminal.sh, and to be called in the root of the checkout.

readonly node_wanted=24
readonly install_remedy='look at the lines above; is the network reachable, and is another apt-get running?'

readonly system_programs=(dockerd=docker.io haproxy=haproxy nginx=nginx-light git=git update-ca-certificates=ca-certificates)

# Daemons live in sbin, which is not on everybody's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

is_root() { [ "$(id -u)" -eq 0 ]; }

node_is_recent() {
  local major
  major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  [ "$major" -ge "$node_wanted" ]
}

# Node from the npm package `node`, which `npm ci` brings, before whatever the machine has.
use_packaged_node() { PATH="$PWD/node_modules/.bin:$PATH"; }

# Afterwards `node` is recent and node_modules is what package-lock.json says.
ensure_node_and_packages() {
  ensure_npm
  ensure_packages
  use_packaged_node
  node_is_recent node || die "the Node that came with \`npm ci\` does not run" \
    "install Node $node_wanted or later (https://nodejs.org), or allow the install script of the npm package \`node\`"
}

# Some npm, of any age: it only has to run `npm ci`.
ensure_npm() {
  command -v npm >/dev/null && command -v node >/dev/null && return
  install_packages nodejs npm
}

ensure_packages() {
  local installed=node_modules/.package-lock.json
  if [ -e "$installed" ] && [ ! package-lock.json -nt "$installed" ]; then return; fi
  step "Node packages" "$install_remedy" npm ci --no-audit --no-fund
  touch "$installed"
}

# missing_packages <command>=<package>...: the packages whose command is missing, one a line.
missing_packages() {
  local pair
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || echo "${pair#*=}"
  done
}

# ensure_system_packages [<command>=<package>...]: installs what is missing, and what is named on top of it.
ensure_system_packages() {
  local missing
  mapfile -t missing < <(missing_packages "${system_programs[@]}" "$@")
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# Only root can install: anybody else is told all that is missing at once, before anything is made.
refuse_what_only_root_can_install() {
  local missing what=() todo=()
  is_root && return
  mapfile -t missing < <(missing_packages node=nodejs npm=npm "${system_programs[@]}")
  if [ ${#missing[@]} -gt 0 ]; then
    what+=("${missing[@]}")
    todo+=("sudo apt-get install --no-install-recommends ${missing[*]}")
  fi
  if [ ! -w "$(docker_socket)" ]; then
    what+=("access to Docker Engine at $(docker_socket)")
    todo+=("sudo systemctl start docker" "sudo usermod -aG docker \$USER, then log in again")
  fi
  [ ${#what[@]} -eq 0 ] || die "missing: $(joined ', ' "${what[@]}")" "$(joined '; ' "${todo[@]}")"
}

# joined <separator> <text>...
joined() {
  local separator=$1 first=$2
  shift 2
  printf '%s' "$first" "${@/#/$separator}"
}

install_packages() {
  command -v apt-get >/dev/null || die "missing: $*" "install what these Debian packages hold, then run this again: $*"
  is_root || die "missing: $*" "sudo apt-get install --no-install-recommends $*"
  step "package lists" "$install_remedy" apt-get update
  without_starting_servers step "packages: $*" "$install_remedy" \
    env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || exit 1
}

# The packages of HAProxy and nginx would start a server of their own on port 80. Ours are other processes; a service that was
# there before is not touched, because only packages that are missing are installed.
without_starting_servers() (
  policy=/usr/sbin/policy-rc.d
  fresh=()
  for service in haproxy nginx; do
    command -v "$service" >/dev/null || fresh+=("$service")
  done
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\ncase "$1" in nginx | haproxy) exit 101 ;; esac\nexit 0\n' >"$policy"
    chmod 755 "$policy"
  fi
  "$@"
  for service in "${fresh[@]}"; do
    if has_service_manager && command -v "$service" >/dev/null; then
      systemctl disable --quiet "$service" || say "note: the system service $service could not be disabled"
    fi
  done
)

has_service_manager() { [ -d /run/systemd/system ]; }

docker_socket() { printf '%s' "${CUTOVER_DOCKER_SOCKET:-/var/run/docker.sock}"; }

docker_answers() {
  node -e 'require("node:http").get({ socketPath: process.argv[1], path: "/_ping", timeout: 3000 },
    (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on("error", () => process.exit(1))' "$(docker_socket)"
}

# ensure_dockerd <directory for the pid and the log of a dockerd that is started here>
ensure_dockerd() {
  docker_answers && return
  is_root || die "Docker Engine does not answer on $(docker_socket)" \
    "sudo systemctl start docker, and add yourself to the group docker: sudo usermod -aG docker \$USER"
  if has_service_manager; then
    step "Docker Engine (service)" "journalctl -u docker" systemctl start docker
  else
    step "Docker Engine (background)" "read $1/dockerd.log" start_dockerd "$1"
  fi
  step "Docker Engine answers" "read $1/dockerd.log, or: journalctl -u docker" wait_for_docker "$1"
}

# Its pid and its log are left in the directory, for whoever wants to stop it.
start_dockerd() {
  local directory=$1 path
  mkdir -p "$directory"
  grep -q cgroup /proc/mounts || {
    echo "no cgroups are mounted on this machine (the package cgroupfs-mount mounts them)"
    return 1
  }
  path=$(path_with_working_iptables "$directory") || return 1
  PATH=$path setsid --fork bash -c 'echo $$ >"$1/dockerd.pid"; exec dockerd >>"$1/dockerd.log" 2>&1 </dev/null' - "$directory"
}

wait_for_docker() {
  local deadline=$((SECONDS + 60))
  until docker_answers; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      echo "no answer within 60 s"
      [ ! -e "$1/dockerd.log" ] || tail -n 15 "$1/dockerd.log"
      return 1
    fi
    sleep 0.2
  done
}

# dockerd needs iptables that the kernel understands; where only the older kind works it is given to dockerd alone.
path_with_working_iptables() {
  if iptables -t nat -L -n >/dev/null 2>&1; then
    printf '%s' "$PATH"
  elif iptables-legacy -t nat -L -n >/dev/null 2>&1; then
    mkdir -p "$1/iptables"
    ln -sf "$(command -v iptables-legacy)" "$1/iptables/iptables"
    ln -sf "$(command -v ip6tables-legacy)" "$1/iptables/ip6tables"
    printf '%s' "$1/iptables:$PATH"
  else
    echo "iptables cannot read the table nat: $(iptables -t nat -L -n 2>&1 | head -n 1)" >&2
    return 1
  fi
}
