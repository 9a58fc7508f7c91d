# shellcheck shell=bash
# Ports of this machine's loopback.

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port_from <port>: the first free one of it and the 50 after it.
free_port_from() {
  local port
  for ((port = $1; port < $1 + 50; port++)); do
    if port_is_free "$port"; then
      printf '%s' "$port"
      return 0
    fi
  done
  return 1
}
