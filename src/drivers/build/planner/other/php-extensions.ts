import { notDetected } from '../app.ts';
import { installDebian } from '../debian.ts';

/** Part of the official image. */
const builtIn: ReadonlySet<string> = new Set(
  (
    'core ctype curl date dom fileinfo filter hash iconv json libxml mbstring mysqlnd openssl pcre pdo pdo_sqlite phar posix random readline reflection ' +
    'session simplexml sodium spl sqlite3 standard tokenizer xml xmlreader xmlwriter zlib opcache'
  ).split(' '),
);

/** Compiled while building, with the Debian packages that takes. */
const compiled: Readonly<Record<string, readonly string[]>> = {
  bcmath: [],
  calendar: [],
  exif: [],
  gd: ['libfreetype-dev', 'libjpeg62-turbo-dev', 'libpng-dev'],
  gettext: [],
  gmp: ['libgmp-dev'],
  intl: ['libicu-dev'],
  mysqli: [],
  pcntl: [],
  pdo_mysql: [],
  pdo_pgsql: ['libpq-dev'],
  pgsql: ['libpq-dev'],
  soap: ['libxml2-dev'],
  sockets: [],
  xsl: ['libxslt1-dev'],
  zip: ['libzip-dev'],
};

const fromPecl: ReadonlySet<string> = new Set(['redis', 'apcu', 'igbinary', 'mongodb']);

/** Instructions for what `require` of composer.json names as `ext-…`. Errors: `app_not_detected` for an extension that is not known. */
export function phpExtensionLines(requires: readonly string[]): readonly string[] {
  const names = [
    ...new Set(requires.filter((name) => name.startsWith('ext-')).map((name) => name.slice(4).toLowerCase())),
  ].toSorted();
  const wanted = names.filter((name) => !builtIn.has(name));
  const unknown = wanted.find((name) => !Object.hasOwn(compiled, name) && !fromPecl.has(name));
  if (unknown !== undefined)
    throw notDetected(`the PHP extension \`${unknown}\` of composer.json is not known yet: add a Dockerfile`);
  const made = wanted.filter((name) => Object.hasOwn(compiled, name));
  const fetched = wanted.filter((name) => fromPecl.has(name));
  const packages = [...new Set(['git', 'unzip', ...made.flatMap((name) => compiled[name] ?? [])])].toSorted();
  return [
    ...installDebian(packages),
    ...(made.includes('gd') ? ['RUN docker-php-ext-configure gd --with-freetype --with-jpeg'] : []),
    ...(made.length === 0 ? [] : [`RUN docker-php-ext-install ${made.join(' ')}`]),
    ...(fetched.length === 0
      ? []
      : [`RUN pecl install ${fetched.join(' ')} && docker-php-ext-enable ${fetched.join(' ')}`]),
  ];
}
