import { chmod, writeFile } from 'node:fs/promises';

/**
 * An executable that takes the flags of Nixpacks and writes what `nixpacks build --out` writes: the app, and below `.nixpacks` a
 * Dockerfile and the files that it needs. It also keeps its arguments and its environment there.
 */
export async function writeNixpacks(path: string): Promise<string> {
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}

const script = `#!/bin/sh
set -eu
if [ "$1" = --version ]; then echo "nixpacks 1.39.0"; exit 0; fi
all="$*"
start="node server.js"
[ "$1" = build ] && shift
while [ $# -gt 0 ]; do
  case "$1" in
    --out=*) out=\${1#--out=} ;;
    --start-cmd=*) start=\${1#--start-cmd=} ;;
    --env=*|--install-cmd=*|--build-cmd=*) ;;
    --) shift; app=$1 ;;
    *) echo "error: unexpected argument '$1'" >&2; exit 2 ;;
  esac
  shift
done
if [ -e "$app/fail" ]; then echo "Error: no start command could be found" >&2; exit 1; fi
if [ -e "$app/hang" ]; then sleep 600; fi
mkdir -p "$out/.nixpacks"
cp -R "$app/." "$out/"
echo "nixpkgs" > "$out/.nixpacks/nixpkgs-1.nix"
echo "$all" > "$out/.nixpacks/arguments"
env > "$out/.nixpacks/environment"
cat > "$out/.nixpacks/Dockerfile" <<END
FROM node:24
WORKDIR /app/
COPY .nixpacks/nixpkgs-1.nix .nixpacks/nixpkgs-1.nix
COPY . /app/.
CMD ["$start"]
ENTRYPOINT ["/bin/sh", "-c"]
END
`;
