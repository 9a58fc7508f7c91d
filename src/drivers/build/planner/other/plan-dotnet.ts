import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, startMissing, type App } from '../app.ts';
import type { AppFiles } from '../app-files.ts';
import { visibleVariables } from '../build-variables.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { givenStart, type StartCommand } from '../start.ts';

const registry = 'mcr.microsoft.com/dotnet';
const deepest = 3;
const mostDirectories = 500;

interface DotnetProject {
  /** "src/Shop/Shop.csproj" */
  readonly path: string;
  readonly assembly: string;
  /** "9.0"; null: it is said elsewhere. */
  readonly framework: string | null;
  readonly web: boolean;
}

/** The web project of the directory, published. Errors: `start_command_missing` where it is not clear which that is. */
export async function planDotnet(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const projects = await findProjects(files);
  const project = chooseProject(projects);
  const framework = project.framework ?? frameworkOf((await files.read('Directory.Build.props')) ?? '');
  if (framework === null) throw notDetected(`\`${project.path}\` does not name a target framework such as net9.0`);
  const start: StartCommand = (await givenStart(app)) ?? {
    command: ['sh', '-c', `exec dotnet ${project.assembly}.dll --urls http://0.0.0.0:\${PORT:-3000}`],
    reason: `started by \`${project.assembly}.dll\``,
  };
  const images = [`${registry}/sdk:${framework}`, `${registry}/aspnet:${framework}`] as const;
  const publish = `dotnet publish ${project.path} --configuration Release --output /out -p:UseAppHost=false`;
  return {
    preset: 'dotnet',
    explanation: [...seen, `\`${project.path}\` is the web project`, start.reason, `.NET ${framework}`],
    dockerfile: dockerfileOf(
      [
        `FROM ${images[0]} AS build`,
        'WORKDIR /src',
        'ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1',
        ...visibleVariables(settings),
        'COPY . .',
        ...(settings.installCommand === null ? [] : [`RUN ${shell(settings.installCommand)}`]),
        `RUN ${settings.buildCommand === null ? publish : shell(settings.buildCommand)}`,
      ],
      [
        `FROM ${images[1]}`,
        'WORKDIR /app',
        'RUN chown 1000:1000 /app',
        'COPY --from=build --chown=1000:1000 /out ./',
        'USER 1000:1000',
        `CMD ${JSON.stringify(start.command)}`,
      ],
    ),
    target: null,
    baseImages: images,
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

function chooseProject(projects: readonly DotnetProject[]): DotnetProject {
  const web = projects.filter((project) => project.web);
  const [only] = web;
  if (only !== undefined && web.length === 1) return only;
  if (web.length === 0)
    throw startMissing(
      'no web project was found; looked for: *.csproj, *.fsproj and *.vbproj with the SDK Microsoft.NET.Sdk.Web',
    );
  throw startMissing(
    `several web projects were found: ${web.map(({ path }) => path).join(', ')}. Set the directory to the one that is meant`,
  );
}

async function findProjects(files: AppFiles): Promise<readonly DotnetProject[]> {
  const projects: DotnetProject[] = [];
  let level: readonly string[] = [''];
  for (let depth = 0; depth < deepest; depth += 1) {
    const next: string[] = [];
    for (const directory of level.slice(0, mostDirectories)) {
      for (const name of await files.list(directory === '' ? '.' : directory)) {
        const path = directory === '' ? name : `${directory}/${name}`;
        if (/^[\w./-]+\.(?:cs|fs|vb)proj$/.test(path)) projects.push(readProject(path, (await files.read(path)) ?? ''));
        else if (
          /^[\w.-]+$/.test(name) &&
          !/^(?:\..*|bin|obj|node_modules|tests?)$/i.test(name) &&
          (await files.isDirectory(path))
        )
          next.push(path);
      }
    }
    level = next;
  }
  return projects;
}

function readProject(path: string, text: string): DotnetProject {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '');
  const assembly = /<AssemblyName>\s*([\w.-]+)\s*<\/AssemblyName>/.exec(text)?.[1] ?? file;
  return { path, assembly, framework: frameworkOf(text), web: /Sdk\s*=\s*"Microsoft\.NET\.Sdk\.Web"/.test(text) };
}

/** Of several the newest. */
function frameworkOf(text: string): string | null {
  const said = /<TargetFrameworks?>([^<]*)</.exec(text)?.[1] ?? '';
  const versions = [...said.matchAll(/\bnet(\d+\.\d+)\b/g)].map(([, version]) => version ?? '');
  return versions.toSorted((a, b) => Number(a) - Number(b)).at(-1) ?? null;
}
