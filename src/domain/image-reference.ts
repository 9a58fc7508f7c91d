/** What names an image at a registry. */
export interface ImageReference {
  /** `docker.io`, `registry.example.com:5000`. */
  readonly host: string;
  /** With the host, as Docker takes it: `docker.io/library/nginx`. */
  readonly repository: string;
  /** `latest` where neither tag nor digest was given. */
  readonly tag: string | null;
  /** `sha256:…`; it wins over a tag. */
  readonly digest: string | null;
}

export const defaultRegistry = 'docker.io';
const longest = 500;
const hostPattern =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/;
const pathPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/** As Docker reads it: what has a dot, a colon, or is `localhost` before the first slash is a host. null: it is none. */
export function parseImageReference(text: string): ImageReference | null {
  if (text.length > longest) return null;
  const [name = '', digest = null, ...rest] = text.split('@');
  if (rest.length > 0 || (digest !== null && !digestPattern.test(digest))) return null;
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasHost = first === 'localhost' || /[.:]/.test(first);
  const host = hasHost ? first.toLowerCase() : defaultRegistry;
  if (!isRegistryHost(host)) return null;
  const { path, tag } = splitTag(hasHost ? name.slice(slash + 1) : name);
  if (!pathPattern.test(path) || (tag !== null && !tagPattern.test(tag))) return null;
  const full = host === defaultRegistry && !path.includes('/') ? `library/${path}` : path;
  return { host, repository: `${host}/${full}`, tag: tag ?? (digest === null ? 'latest' : null), digest };
}

/** Of a registry: a name or address with a port where it is not the usual one. */
export function isRegistryHost(host: string): boolean {
  return host.length <= 255 && hostPattern.test(host);
}

function splitTag(name: string): { readonly path: string; readonly tag: string | null } {
  const colon = name.indexOf(':');
  return colon < 0 ? { path: name, tag: null } : { path: name.slice(0, colon), tag: name.slice(colon + 1) };
}
