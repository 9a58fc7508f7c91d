import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, startMissing, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { withCaches, type CacheMount } from '../cache-mount.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { givenStart, type StartCommand } from '../start.ts';
import { chooseGoProgram, findGoPrograms, type GoProgram } from './go-programs.ts';

const defaultVersion = '1.25';
/** Where programs are in the image. */
const programsPath = '/app/bin';
export const debianImage = 'debian:bookworm-slim';
const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** A Go module: every program of it as a static binary, beside the files that it may read. */
export async function planGo(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const text = (await files.read('go.mod')) ?? (await files.read('go.work'));
  if (text === null)
    throw notDetected('the preset is go, but there is neither go.mod nor go.work in the app directory');
  const outside = /^[ \t]*(?:replace[ \t]+)?\S+(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(\.\.\/\S*)/m.exec(text)?.[1];
  if (outside !== undefined)
    throw notDetected(
      `go.mod replaces a module by \`${outside}\`, outside of the app directory: set the directory to the one that holds both`,
    );
  const module = /^module\s+"?(\S+?)"?\s*$/m.exec(text)?.[1] ?? null;
  const programs = await findGoPrograms(files, module);
  const start = await chooseGoStart(app, programs, module);
  const version = chooseGoVersion(text);
  const image = `golang:${version.version}-bookworm`;
  const built =
    settings.buildCommand === null
      ? `builds ${programs.map(({ directory }) => `./${directory}`).join(', ')}`
      : `build command from the settings: \`${settings.buildCommand}\``;
  return {
    preset: 'go',
    explanation: [...seen, start.reason, built, version.reason],
    dockerfile: goDockerfile(
      app,
      image,
      { whole: await sourceFirst(app, text), build: await buildLine(app, programs) },
      start,
    ),
    target: null,
    baseImages: [image, debianImage],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

/** Errors: `start_command_missing` where no program is there, or several and no name that says which. */
async function chooseGoStart(app: App, programs: readonly GoProgram[], module: string | null): Promise<StartCommand> {
  const said = await givenStart(app);
  if (said !== null) return said;
  const program = chooseGoProgram(programs, module);
  if (program !== null) {
    const place = program.directory === '' ? 'the app directory' : `\`${program.directory}\``;
    return { command: [`${programsPath}/${program.name}`], reason: `\`package main\` in ${place}` };
  }
  if (programs.length === 0)
    throw startMissing(
      'no program was found; looked for: package main in the app directory, below cmd, and in the directories of the app',
    );
  const names = programs.map(({ name, directory }) => `${name} (${directory})`);
  throw startMissing(
    `several programs could be the one to start: ${names.join(', ')}. Set the start command to its name`,
  );
}

/** The newest language version that go.mod asks for; the image has its latest patch. */
function chooseGoVersion(text: string): { readonly version: string; readonly reason: string } {
  const wishes = [/^toolchain\s+go(\d+)\.(\d+)/m, /^go\s+(\d+)\.(\d+)/m];
  for (const pattern of wishes) {
    const [, major, minor] = pattern.exec(text) ?? [];
    if (major !== undefined && minor !== undefined) {
      // Older compilers are not kept up to date, and newer ones build as the line says.
      const version = Number(minor) < 23 ? defaultVersion : `${major}.${minor}`;
      return { version, reason: `Go ${version} from \`go.mod\`` };
    }
  }
  return { version: defaultVersion, reason: `Go ${defaultVersion}, the default (no version is asked for)` };
}

async function buildLine({ files, settings }: App, programs: readonly GoProgram[]): Promise<string> {
  if (settings.buildCommand !== null) return `RUN ${shell(settings.buildCommand)}`;
  const flags = (await files.isDirectory('vendor')) ? '-mod=vendor -trimpath' : '-trimpath';
  const [only] = programs;
  const out = programs.length === 1 && only !== undefined ? `/out/${only.name}` : '/out/';
  const packages = programs.map(({ directory }) => (directory === '' ? '.' : `./${directory}`));
  return `RUN go build ${flags} -o ${out} ${packages.join(' ')}`;
}

/** Modules of the repository, and packages that are in it, are there only with the source. */
async function sourceFirst({ files, settings }: App, text: string): Promise<boolean> {
  if (settings.installCommand !== null || /=>\s+\.\//.test(text)) return true;
  return (await files.isFile('go.work')) || (await files.isDirectory('vendor'));
}

interface GoBuild {
  readonly whole: boolean;
  readonly build: string;
}

/** Go's own cache of packages that it has compiled; modules are in a layer. */
const compiled: CacheMount = { target: '/root/.cache/go-build', sharing: 'shared' };

function goDockerfile({ settings }: App, image: string, { whole, build }: GoBuild, start: StartCommand): string {
  const given = settings.installCommand === null ? [] : [`RUN ${shell(settings.installCommand)}`];
  return dockerfileOf(
    [
      `FROM ${image} AS build`,
      'WORKDIR /src',
      'ENV CGO_ENABLED=0 GOFLAGS=-buildvcs=false',
      ...visibleVariables(settings),
      'RUN mkdir /out',
      ...(whole ? ['COPY . .', ...given] : ['COPY go.* ./', 'RUN go mod download', 'COPY . .']),
      ...withCaches([build], [compiled]),
    ],
    [
      `FROM ${debianImage}`,
      'WORKDIR /app',
      'RUN chown 1000:1000 /app',
      `COPY --from=build ${certificates} ${certificates}`,
      'COPY --from=build /usr/local/go/lib/time/zoneinfo.zip /usr/share/zoneinfo.zip',
      '# Files that the program may read: templates, migrations, what it serves.',
      'COPY --chown=1000:1000 . .',
      `COPY --from=build --chown=1000:1000 /out ${programsPath}`,
      `ENV ZONEINFO=/usr/share/zoneinfo.zip PATH=${programsPath}:$PATH`,
      'USER 1000:1000',
      `CMD ${JSON.stringify(start.command)}`,
    ],
  );
}
