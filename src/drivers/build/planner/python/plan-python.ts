import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { installDebian } from '../debian.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { choosePythonPackages, type PythonPackages } from './python-packages.ts';
import { readPythonProject } from './python-project.ts';
import { choosePythonStart, type PythonStart } from './python-start.ts';
import { choosePythonVersion } from './python-version.ts';
import { systemPackages } from './system-packages.ts';

/** A Python app: its packages in an environment of their own, then the source. */
export async function planPython(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const project = await readPythonProject(app.files);
  const packages = await choosePythonPackages(app.files, project);
  const given = app.settings.installCommand;
  if (packages === null && given === null) {
    throw notDetected(
      'no file names the packages of the app; looked for: requirements.txt, pyproject.toml, Pipfile, uv.lock, poetry.lock, pdm.lock',
    );
  }
  const version = await choosePythonVersion(app.files, project);
  const start = await choosePythonStart(app, project);
  const image = `python:${version.version}-slim`;
  const system = systemPackages(project.packages);
  const { build, run } = system;
  const debian =
    [...build, ...run].length === 0 ? [] : [`Debian packages: ${[...new Set([...build, ...run])].join(', ')}`];
  const install = given === null ? (packages?.reason ?? '') : `install command from the settings: \`${given}\``;
  return {
    preset: 'python',
    explanation: [...seen, start.reason, install, version.reason, ...debian],
    dockerfile: pythonDockerfile({ app, image, packages, start, system }),
    target: null,
    baseImages: [image],
    buildArgs: app.settings.buildEnv,
    output: { type: 'image' },
  };
}

interface PythonImage {
  readonly app: App;
  readonly image: string;
  readonly packages: PythonPackages | null;
  readonly start: PythonStart;
  readonly system: { readonly build: readonly string[]; readonly run: readonly string[] };
}

function pythonDockerfile(parts: PythonImage): string {
  const { image, start, system } = parts;
  return dockerfileOf(
    [
      `FROM ${image} AS build`,
      ...installDebian(system.build),
      ...environment(),
      'WORKDIR /app',
      ...visibleVariables(parts.app.settings),
      ...installLines(parts),
    ],
    [
      `FROM ${image}`,
      ...installDebian(system.run),
      'WORKDIR /app',
      'RUN chown 1000:1000 /app',
      'COPY --from=build --chown=1000:1000 /venv /venv',
      'COPY --from=build --chown=1000:1000 /app ./',
      'ENV PYTHONUNBUFFERED=1 VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH',
      'USER 1000:1000',
      `CMD ${JSON.stringify(start.command)}`,
    ],
  );
}

/** Every tool is told to use the environment that is there, and to leave nothing behind. */
function environment(): readonly string[] {
  const variablesOfTools = [
    'PIP_NO_CACHE_DIR=1',
    'PIP_DISABLE_PIP_VERSION_CHECK=1',
    'UV_PROJECT_ENVIRONMENT=/venv',
    'UV_NO_CACHE=1',
    'UV_PYTHON_DOWNLOADS=never',
  ];
  return ['RUN python -m venv /venv', `ENV ${variablesOfTools.join(' ')} VIRTUAL_ENV=/venv PATH=/venv/bin:$PATH`];
}

function installLines({ app, packages, start }: PythonImage): readonly string[] {
  const { installCommand, buildCommand } = app.settings;
  const built = buildCommand === null ? start.prepare : [`RUN ${shell(buildCommand)}`];
  // A tool that syncs takes away what its lock file does not name, pip too, so the server comes last and by the base image's pip.
  const server =
    start.server === null ? [] : [`RUN /usr/local/bin/pip --python /venv/bin/python install ${start.server}`];
  if (installCommand !== null || packages === null) {
    return ['COPY . .', `RUN ${shell(installCommand ?? '')}`, ...server, ...built];
  }
  const { tool, inputs, directories = [], install, installApp } = packages;
  return [
    ...(tool === null ? [] : [`RUN /usr/local/bin/pip install ${tool}`]),
    ...copyInputs(inputs),
    ...directories.map((name) => `COPY ${JSON.stringify([`${name}/`, `./${name}/`])}`),
    ...install,
    ...(installApp.length === 0 ? server : []),
    'COPY . .',
    ...installApp,
    ...(installApp.length === 0 ? [] : server),
    ...built,
  ];
}

/** A directory has to keep its name. */
function copyInputs(inputs: readonly string[]): readonly string[] {
  const directories = inputs.filter((name) => !name.includes('.') && name === 'requirements');
  const files = inputs.filter((name) => !directories.includes(name));
  return [
    ...(files.length === 0 ? [] : [`COPY ${files.join(' ')} ./`]),
    ...directories.map((name) => `COPY ${name} ./${name}`),
  ];
}
