import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { mimeTypes } from './mime-types.ts';

export interface NginxConfigOptions {
  /** Holds `bundles/` and nginx's own files in `nginx/`. */
  readonly dir: string;
  readonly socketPath: string;
  /** Account of the worker; null when nginx is not started as root. */
  readonly user: { readonly name: string; readonly group: string } | null;
}

/** Host that only the platform itself asks for; the router passes on no host that belongs to nobody. */
export const pingHost = 'ping.cutover.internal';
export const versionHeader = 'x-cutover-config';

export interface NginxConfig {
  readonly text: string;
  /** Changes whenever the text does; the running server tells it, so that an outdated one is noticed. */
  readonly version: string;
}

/**
 * Directories in which every file name carries a hash of its content, and files with such a hash in their name: a dot or hyphen,
 * then at least 8 characters of which one is a letter and two are digits or capitals (so that `hero-background.png` is none).
 */
const immutable = [
  String.raw`^(?:200|206|304):/(?:_next/static|_astro|_nuxt|_app/immutable)/`,
  String.raw`^(?:200|206|304):/(?:.+/)?(?:assets|static|build|chunks|js|css|media|fonts)/(?:.*/)?[^/]*[.-](?=[^./]*[A-Za-z])(?=(?:[^./]*[A-Z0-9]){2})[A-Za-z0-9_-]{8,64}(?:\.[a-z0-9]+){1,3}$`,
];

/**
 * One server for all bundles. The router names the bundle in a header (rule 5.10); a name that is not 64 hex digits leads to a
 * directory that does not exist, so to 404. Names that begin with a dot are never served, but for `/.well-known/`.
 */
export function nginxConfig(options: NginxConfigOptions): NginxConfig {
  const own = join(options.dir, 'nginx');
  const body = [main(options, own), 'http {', settings(own), types(), maps(), bundleServer(options), '}'].join('\n');
  const version = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { text: body.replaceAll('@version@', version), version };
}

function main({ user }: NginxConfigOptions, own: string): string {
  return `${user === null ? '' : `user ${user.name} ${user.group};\n`}daemon off;
worker_processes 1;
pid ${quote(join(own, 'nginx.pid'))};
error_log stderr warn;
worker_rlimit_nofile 16384;
worker_shutdown_timeout 60s;
events { worker_connections 4096; }`;
}

function settings(own: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `  access_log off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 75s;
  keepalive_requests 100000;
  client_max_body_size 1m;
  gzip_static on;
  gzip_vary on;
  gzip_proxied any;
${temporary.map((name) => `  ${name}_temp_path ${quote(join(own, 'tmp', name))};`).join('\n')}`;
}

function types(): string {
  const lines = Object.entries(mimeTypes).map(([type, extensions]) => `    ${type} ${extensions};`);
  return `  types {\n${lines.join('\n')}\n  }
  default_type application/octet-stream;
  charset utf-8;
  charset_types text/html text/css text/javascript text/plain text/markdown text/csv text/vtt text/calendar application/xml application/json application/manifest+json image/svg+xml;`;
}

function maps(): string {
  return `  map $http_x_cutover_bundle $bundle {
    default none;
    "~^(?<hash>[0-9a-f]{64})$" $hash;
  }
  map $http_x_cutover_spa $fallback {
    default /.none;
    1 /index.html;
  }
  map "$status:$uri" $cache_control {
    default no-cache;
    "~^[45]" no-store;
${immutable.map((pattern) => `    "~${pattern}" "public, max-age=31536000, immutable";`).join('\n')}
  }`;
}

function bundleServer({ dir, socketPath }: NginxConfigOptions): string {
  const listen = `unix:${socketPath}`;
  return `  server {
    listen ${quote(listen)} default_server backlog=1024;
    server_name _;
    root ${quote(join(dir, 'bundles')).slice(0, -1)}/$bundle";
    add_header Cache-Control $cache_control always;
    error_page 404 /404.html;
    location / { try_files $uri $uri/index.html $uri.html $fallback =404; }
    location = /404.html { try_files /404.html @not_found; }
    location ~ "/\\.(?!well-known(?:/|$))" { return 404; }
    location @not_found { internal; default_type text/plain; return 404 "404: there is no such page\\n"; }
  }
  server {
    listen ${quote(listen)};
    server_name ${pingHost};
    add_header ${versionHeader} @version@ always;
    location / { return 204; }
  }`;
}

/** For paths: they come from the platform's configuration and may hold spaces. A variable sign in them would be expanded. */
function quote(path: string): string {
  if (/["\\$\n]/.test(path)) throw new Error(`nginx cannot use the path ${JSON.stringify(path)}`);
  return `"${path}"`;
}
