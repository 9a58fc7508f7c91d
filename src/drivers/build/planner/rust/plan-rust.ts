import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { startMissing, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { installDebian } from '../debian.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { debianImage } from '../go/plan-go.ts';
import { textOf, memberAt } from '../plain-data.ts';
import { givenStart, type StartCommand } from '../start.ts';
import { parseToml } from '../toml.ts';
import { readCargoProject, type CargoPackage, type CargoProject } from './cargo-project.ts';

const programsPath = '/app/bin';

/** A Rust package or workspace: its binaries in release mode, beside the files that they may read. */
export async function planRust(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const project = await readCargoProject(files);
  const start = await chooseRustStart(app, project);
  const version = await chooseRustVersion(app, project);
  const image = `rust:${version.tag}`;
  const locked = await files.isFile('Cargo.lock');
  const build = chooseBuild(app, project, locked);
  return {
    preset: 'rust',
    explanation: [
      ...seen,
      start.reason,
      version.reason,
      ...(locked ? [] : ['no Cargo.lock, so versions may change from build to build']),
      ...(settings.buildCommand === null ? [] : [`build command from the settings: \`${settings.buildCommand}\``]),
    ],
    dockerfile: rustDockerfile(app, image, build, start),
    target: null,
    baseImages: [image, debianImage],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

/** Errors: `start_command_missing` where there is no binary, or several and nothing that says which. */
async function chooseRustStart(app: App, { packages }: CargoProject): Promise<StartCommand> {
  const said = await givenStart(app);
  if (said !== null) return said;
  const all = packages.flatMap((cargo) => cargo.binaries.map((binary) => ({ cargo, binary })));
  const [first] = all;
  const byDefault = packages.map(({ defaultRun }) => defaultRun).find((name) => name !== null) ?? null;
  if (byDefault !== null) return runs(byDefault, '`default-run` of Cargo.toml');
  const root = packages.find(({ path, binaries, name }) => path === '' && binaries.includes(name));
  if (root !== undefined) return runs(root.name, `\`src/main.rs\` of \`${root.name}\``);
  if (first !== undefined && all.length === 1) return runs(first.binary, `the only binary, of \`${first.cargo.name}\``);
  const named = ['server', 'web', 'api', 'app'].map((name) => all.find(({ binary }) => binary === name));
  const chosen = named.find((one) => one !== undefined);
  if (chosen !== undefined) return runs(chosen.binary, `the binary \`${chosen.binary}\` of \`${chosen.cargo.name}\``);
  throw noStart(all);
}

function noStart(all: readonly { readonly cargo: CargoPackage; readonly binary: string }[]) {
  if (all.length === 0)
    return startMissing(
      'no binary was found; looked for: src/main.rs, src/bin, [[bin]] in Cargo.toml and in the members of its workspace',
    );
  const names = all.map(({ cargo, binary }) => `${binary} (${cargo.path === '' ? 'the root' : cargo.path})`);
  return startMissing(
    `several binaries could be the one to start: ${names.join(', ')}. Set default-run in Cargo.toml, or the start command to its name`,
  );
}

function runs(binary: string, reason: string): StartCommand {
  return { command: [`${programsPath}/${binary}`], reason: `started by ${reason}` };
}

/** The toolchain file, else `rust-version` where that is newer than what the image of major 1 would be, else the newest. */
async function chooseRustVersion(
  { files }: App,
  project: CargoProject,
): Promise<{ readonly tag: string; readonly reason: string }> {
  const toml = await files.read('rust-toolchain.toml');
  const plain = await files.read('rust-toolchain');
  const text = toml ?? (plain?.includes('[') === true ? plain : null);
  const channel =
    text === null ? textOf(plain) : textOf(memberAt(parseToml(text, 'rust-toolchain.toml'), 'toolchain', 'channel'));
  const version = /^(\d+\.\d+)(?:\.\d+)?$/.exec(channel ?? '')?.[0];
  if (version !== undefined) return { tag: `${version}-bookworm`, reason: `Rust ${version} from \`rust-toolchain\`` };
  const said = channel === null ? '' : ` (\`rust-toolchain\` says "${channel}")`;
  const least = project.rustVersion === null ? '' : `, at least ${project.rustVersion} as Cargo.toml asks`;
  return { tag: '1-bookworm', reason: `the newest stable Rust${least}${said}` };
}

function chooseBuild(
  { settings: { installCommand, buildCommand } }: App,
  project: CargoProject,
  locked: boolean,
): CargoBuild {
  const usual = cargoBuild(project, locked);
  const programs = buildCommand === null ? usual.programs : [`RUN ${shell(buildCommand)}`];
  if (installCommand !== null) return { dependencies: [], programs: [`RUN ${shell(installCommand)}`, ...programs] };
  return { dependencies: buildCommand === null ? usual.dependencies : [], programs };
}

interface CargoBuild {
  /** Before the source is there. */
  readonly dependencies: readonly string[];
  /** After that. */
  readonly programs: readonly string[];
}

/**
 * Dependencies are compiled in a layer of their own, for programs that do nothing, where manifests and lock file are enough to know them. The real sources
 * are older than what was compiled, so they are touched, or Cargo would keep the programs that do nothing.
 */
function cargoBuild({ packages, standsAlone }: CargoProject, locked: boolean): CargoBuild {
  const binaries = packages.flatMap((cargo) => cargo.binaries);
  const copies = binaries.map((name) => `target/release/${name}`);
  const build = `cargo build --release --bins${locked ? ' --locked' : ''}${packages.length > 1 ? ' --workspace' : ''}`;
  const take = `cp ${copies.join(' ')} /out/`;
  const sources = packages.flatMap((cargo) => cargo.sources ?? []);
  if (!locked || !standsAlone) return { dependencies: [], programs: [`RUN ${build} && ${take}`] };
  const members = packages.map(({ path }) => path).filter((path) => path !== '');
  const empty = sources.map(
    (file) =>
      `mkdir -p ${file.slice(0, file.lastIndexOf('/'))} && echo '${file.endsWith('lib.rs') ? '' : 'fn main() {}'}' > ${file}`,
  );
  return {
    dependencies: [
      'COPY Cargo.toml Cargo.lock ./',
      ...members.map((path) => `COPY ${path}/Cargo.toml ./${path}/`),
      `RUN ${empty.join(' && ')}`,
      `RUN ${build}`,
    ],
    programs: [`RUN find . -name '*.rs' -not -path './target/*' -exec touch {} + && ${build} && ${take}`],
  };
}

function rustDockerfile({ settings }: App, image: string, build: CargoBuild, start: StartCommand): string {
  return dockerfileOf(
    [
      `FROM ${image} AS build`,
      'WORKDIR /src',
      'ENV CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0',
      ...visibleVariables(settings),
      'RUN mkdir /out',
      ...build.dependencies,
      'COPY . .',
      ...build.programs,
    ],
    [
      `FROM ${debianImage}`,
      ...installDebian(['ca-certificates', 'libssl3']),
      'WORKDIR /app',
      'RUN chown 1000:1000 /app',
      '# Files that the program may read: templates, migrations, what it serves.',
      'COPY --chown=1000:1000 . .',
      `COPY --from=build --chown=1000:1000 /out ${programsPath}`,
      `ENV PATH=${programsPath}:$PATH`,
      'USER 1000:1000',
      `CMD ${JSON.stringify(start.command)}`,
    ],
  );
}
