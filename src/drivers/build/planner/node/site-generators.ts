/** Tools that turn a project into files. */
export interface SiteGenerator {
  readonly dependency: string;
  readonly name: string;
  /** What makes the files where no build script does; not a package runner's business, so a name in `.bin` with arguments. */
  readonly build: string;
  readonly output: string;
  /** Whether unknown paths are for the page itself to answer. */
  readonly spa: boolean;
  /** `NAME=value`, while building. */
  readonly environment: readonly string[];
  /** Directories in which it keeps what it made, for the next build. */
  readonly caches: readonly string[];
}

/** Create React App takes warnings for errors where CI is set. */
const forgiving = ['CI=false'];

export const siteGenerators: readonly SiteGenerator[] = [
  site('react-scripts', 'Create React App', 'react-scripts build', 'build', true, forgiving),
  site('@vue/cli-service', 'Vue CLI', 'vue-cli-service build', 'dist', true),
  site('@rsbuild/core', 'Rsbuild', 'rsbuild build', 'dist', true),
  site('preact-cli', 'Preact CLI', 'preact build', 'build', true),
  site('ember-cli', 'Ember', 'ember build --environment=production', 'dist', true),
  site('@stencil/core', 'Stencil', 'stencil build', 'www', true),
  site('parcel', 'Parcel', 'parcel build', 'dist', true, [], ['.parcel-cache']),
  site('gatsby', 'Gatsby', 'gatsby build', 'public', false),
  site('gridsome', 'Gridsome', 'gridsome build', 'dist', false),
  site('@11ty/eleventy', 'Eleventy', 'eleventy', '_site', false, [], ['.cache']),
  site('vitepress', 'VitePress', 'vitepress build', '.vitepress/dist', false),
  site('hexo', 'Hexo', 'hexo generate', 'public', false),
];

function site(...row: Row): SiteGenerator {
  const [dependency, name, build, output, spa, environment = [], caches = []] = row;
  return { dependency, name, build, output, spa, environment, caches };
}

type Row = [
  dependency: string,
  name: string,
  build: string,
  output: string,
  spa: boolean,
  environment?: string[],
  caches?: string[],
];
