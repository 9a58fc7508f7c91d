import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { brotliMaps } from './brotli-maps.ts';
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
 * What never changes under its name: directories of tools that put a hash into every name, and names that end in one. Rather too few than
 * too many, for a browser keeps them for a year: `hero-background.png`, `logo-1920x1080.png`, `v-20240131.css` and pages are none.
 */
const immutable = [
  // Next.js, Astro, Nuxt, SvelteKit; also where what is sent is the file with brotli.
  String.raw`^(?:/\.[^/]+)?/(?:_next/static|_astro|_nuxt(?!/builds)|_app/immutable)/`,
  // 8 or more hex digits, as of webpack and Parcel.
  String.raw`[./-](?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}(?:\.[a-z0-9]+){1,3}$`,
  // 8 capitals and digits, as of esbuild and Angular.
  String.raw`[.-](?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{8}\.(?:js|mjs|css)(?:\.map)?$`,
  // 8 characters of base64, as of Vite and Rollup: at least two digits or capitals and a letter.
  String.raw`/assets/(?:.*/)?[^/]*[.-](?!\d+x\d+\.)(?=[^./]*[A-Za-z])(?=(?:[^./]*[A-Z0-9]){2})[A-Za-z0-9_-]{8}(?:\.[a-z0-9]+){1,3}$`,
];

/** Every path with a name that begins with a dot, but for `/.well-known` at its beginning. */
const hidden = String.raw`(?s)^(?!/\.well-known(?:/|$))/\.|./\.`;

/**
 * One server for all bundles. The router names the bundle in a header (rule 5.10); a name that is not 64 hex digits leads to a
 * directory that does not exist, so to 404. Names that begin with a dot are never served, but for `/.well-known/`.
 */
export function nginxConfig(options: NginxConfigOptions): NginxConfig {
  const own = join(options.dir, 'nginx');
  const body = [
    main(options, own),
    'http {',
    settings(own),
    types(),
    maps(),
    brotliMaps(),
    bundleServer(options),
    '}',
  ].join('\n');
  const version = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { text: body.replaceAll('@version@', version), version };
}

function main({ user }: NginxConfigOptions, own: string): string {
  return `${user === null ? '' : `user ${user.name} ${user.group};\n`}daemon off;
worker_processes 1;
pcre_jit on;
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
  # A bundle never changes: what was opened once need not be looked for again, nor what is not there. A removed one is let go of after that
  # time.
  open_file_cache max=4096 inactive=30s;
  open_file_cache_valid 10s;
  open_file_cache_errors on;
  keepalive_timeout 75s;
  keepalive_requests 100000;
  client_max_body_size 1m;
  absolute_redirect off;
  log_not_found off;
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
  charset_types text/css text/javascript text/plain text/markdown text/csv text/vtt text/calendar application/xml application/json application/manifest+json image/svg+xml;`;
}

function maps(): string {
  return `  map $http_x_cutover_bundle $bundle {
    default none;
    "~^(?<hash>[0-9a-f]{64})$" $hash;
  }
  map $http_x_cutover_spa $fallback {
    default /;
    1 /index.html;
  }
  map $uri $lasting {
    default 0;
    "~\\.html?$" 0;
${immutable.map((pattern) => `    "~${pattern}" 1;`).join('\n')}
  }
  map "$status:$lasting" $cache_control {
    default no-cache;
    "~^[45]" no-store;
    "~:1$" "public, max-age=31536000, immutable";
  }
  map $status $allowed_methods {
    default "";
    405 "GET, HEAD";
  }`;
}

function bundleServer({ dir, socketPath }: NginxConfigOptions): string {
  const listen = `unix:${socketPath}`;
  return `  server {
    listen ${quote(listen)} default_server backlog=1024;
    server_name _;
    root ${quote(join(dir, 'bundles')).slice(0, -1)}/$bundle";
    add_header Cache-Control $cache_control always;
    add_header Allow $allowed_methods always;
    add_header Content-Encoding $encoding always;
    add_header Vary $depends_on always;
    disable_symlinks on from=$document_root;
    if ($request_method !~ "^(?:GET|HEAD)$") { return 405; }
    error_page 404 /404.html;
    error_page 405 @not_allowed;
    location / { 
      try_files $brotli_file $uri $brotli_index $uri/index.html $brotli_page $uri.html $brotli_fallback $fallback =404;
    }
    location = /404.html { try_files $brotli_missing /404.html @not_found; }
    location ~ "${hidden}" { return 404; }
    location ~ "/$" { try_files $brotli_here \${uri}index.html $brotli_fallback $fallback =404; }
    location @not_found { internal; default_type text/plain; return 404 "404: there is no such page\\n"; }
    location @not_allowed { internal; default_type text/plain; return 405 "405: only GET and HEAD are allowed\\n"; }
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
