/** Debian packages that a package of the index needs: to be built, and to run. */
interface SystemNeed {
  readonly packages: readonly string[];
  readonly build: readonly string[];
  readonly run: readonly string[];
}

const needs: readonly SystemNeed[] = [
  { packages: ['psycopg2'], build: ['build-essential', 'libpq-dev'], run: ['libpq5'] },
  { packages: ['psycopg'], build: [], run: ['libpq5'] },
  {
    packages: ['mysqlclient'],
    build: ['build-essential', 'pkg-config', 'default-libmysqlclient-dev'],
    run: ['libmariadb3'],
  },
  { packages: ['uwsgi'], build: ['build-essential'], run: [] },
  {
    packages: ['python-ldap'],
    build: ['build-essential', 'libldap2-dev', 'libsasl2-dev'],
    run: ['libldap-common', 'libsasl2-2'],
  },
  { packages: ['pycairo'], build: ['build-essential', 'pkg-config', 'libcairo2-dev'], run: ['libcairo2'] },
  { packages: ['cairosvg', 'cairocffi'], build: [], run: ['libcairo2'] },
  { packages: ['weasyprint'], build: [], run: ['libpango-1.0-0', 'libpangoft2-1.0-0'] },
  { packages: ['pdf2image'], build: [], run: ['poppler-utils'] },
  { packages: ['pydub'], build: [], run: ['ffmpeg'] },
  { packages: ['python-magic'], build: [], run: ['libmagic1'] },
  { packages: ['opencv-python'], build: [], run: ['libgl1', 'libglib2.0-0'] },
];

/** Names of Debian packages, sorted. */
export function systemPackages(packages: ReadonlySet<string>): {
  readonly build: readonly string[];
  readonly run: readonly string[];
} {
  const wanted = needs.filter((need) => need.packages.some((name) => packages.has(name)));
  return { build: sorted(wanted.flatMap(({ build }) => build)), run: sorted(wanted.flatMap(({ run }) => run)) };
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
