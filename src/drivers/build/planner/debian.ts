/** Installs packages of the base image's distribution; nothing for none. */
export function installDebian(names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const install = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  return [`RUN apt-get update && ${install} && rm -rf /var/lib/apt/lists/*`];
}
