import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Small apps to deploy. Each function writes its files into an existing directory. */
export type SampleFiles = Readonly<Record<string, string | object>>;

/** Objects are written as JSON. Directories on the way are made. */
export async function writeFiles(directory: string, files: SampleFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
  }
}

export interface HelloNodeOptions {
  /** What `GET /` answers. */
  readonly text?: string;
  readonly startScript?: string;
}

/** A server without dependencies on `PORT` (3000). On SIGTERM it finishes what it has and exits with 0. */
export async function writeHelloNode(directory: string, options: HelloNodeOptions = {}): Promise<void> {
  await writeFiles(directory, {
    'package.json': {
      name: 'hello-node',
      private: true,
      type: 'module',
      scripts: { start: options.startScript ?? 'node server.js' },
      engines: { node: '>=22' },
    },
    'server.js': helloServer(options.text ?? 'hello'),
  });
}

/** The same server with a `Dockerfile` of its own that exposes port 8080. */
export async function writeDockerfileApp(directory: string, text = 'hello from a Dockerfile'): Promise<void> {
  await writeFiles(directory, {
    'server.mjs': helloServer(text),
    Dockerfile: [
      'ARG NODE=24',
      'FROM node:${NODE}-slim AS base',
      'WORKDIR /srv',
      'COPY server.mjs ./',
      'ENV PORT=8080',
      'EXPOSE 8080',
      'CMD ["node", "server.mjs"]',
      '',
    ].join('\n'),
  });
}

/** Plain files, nothing to build. */
export async function writeStaticSite(directory: string, text = 'hello from a file'): Promise<void> {
  await writeFiles(directory, {
    'index.html': `<!doctype html><title>static</title><p>${text}</p>\n`,
    'style.css': 'p { color: teal }\n',
  });
}

/** A single-page app; needs the npm registry while it is built. */
export async function writeViteApp(directory: string): Promise<void> {
  await writeFiles(directory, {
    'package.json': {
      name: 'hello-vite',
      private: true,
      type: 'module',
      scripts: { dev: 'vite', build: 'vite build', preview: 'vite preview' },
      devDependencies: { vite: '^8.0.0' },
    },
    'vite.config.js': `export default { build: { outDir: 'public-files' } };\n`,
    'index.html':
      '<!doctype html><title>vite</title><div id="app"></div><script type="module" src="/main.js"></script>\n',
    'main.js': `document.querySelector('#app').textContent = 'greeting: ' + import.meta.env.VITE_GREETING;\n`,
  });
}

function helloServer(text: string): string {
  return [
    `import { createServer } from 'node:http';`,
    `const server = createServer((request, response) => response.end(${JSON.stringify(`${text}\n`)}));`,
    `server.listen(Number(process.env.PORT ?? 3000), '0.0.0.0', () => console.log('listening'));`,
    `process.on('SIGTERM', () => server.close(() => process.exit(0)));`,
    '',
  ].join('\n');
}
