import type { BuildPlan } from '../../../../domain/build-plan.ts';
import { notDetected, type App } from '../app.ts';
import { visibleVariables } from '../build-variables.ts';
import { installDebian } from '../debian.ts';
import { dockerfileOf, shell } from '../dockerfile-text.ts';
import { givenStart, type StartCommand } from '../start.ts';

const defaultVersion = '1.18';

/** A release of Mix, for Phoenix and others. Errors: `app_not_detected` for umbrella projects. */
export async function planElixir(app: App, seen: readonly string[]): Promise<BuildPlan> {
  const { files, settings } = app;
  const text = await files.read('mix.exs');
  if (text === null) throw notDetected('the preset is elixir, but there is no mix.exs in the app directory');
  if (/\bapps_path:/.test(text))
    throw notDetected('mix.exs is of an umbrella project, whose release is not known: add a Dockerfile');
  const name = /\bapp:\s*:(\w+)/.exec(text)?.[1];
  if (name === undefined) throw notDetected('mix.exs does not name its app (`app: :name`)');
  const version = /^elixir[ \t]+(\d+\.\d+)/m.exec((await files.read('.tool-versions')) ?? '')?.[1] ?? null;
  const image = `elixir:${version ?? defaultVersion}-slim`;
  const start: StartCommand = (await givenStart(app)) ?? {
    command: [`bin/${name}`, 'start'],
    reason: `the release \`${name}\``,
  };
  const assets = /"assets\.deploy"/.test(text) ? ['RUN mix assets.deploy'] : [];
  const build =
    settings.buildCommand === null
      ? ['RUN mix compile', ...assets, 'RUN mix release --path /out']
      : [`RUN ${shell(settings.buildCommand)}`];
  return {
    preset: 'elixir',
    explanation: [
      ...seen,
      start.reason,
      version === null
        ? `Elixir ${defaultVersion}, the default (no version is asked for)`
        : `Elixir ${version} from \`.tool-versions\``,
    ],
    dockerfile: dockerfileOf(
      [
        `FROM ${image} AS build`,
        ...installDebian(['build-essential', 'git']),
        'WORKDIR /src',
        'ENV MIX_ENV=prod',
        ...visibleVariables(settings),
        'RUN mix local.hex --force && mix local.rebar --force',
        ...installLines(await files.isFile('mix.lock'), settings.installCommand),
        ...build,
      ],
      [
        `FROM ${image}`,
        'WORKDIR /app',
        'RUN chown 1000:1000 /app',
        'COPY --from=build --chown=1000:1000 /out ./',
        'ENV PHX_SERVER=true LANG=C.UTF-8',
        'USER 1000:1000',
        `CMD ${JSON.stringify(start.command)}`,
      ],
    ),
    target: null,
    baseImages: [image],
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

function installLines(locked: boolean, installCommand: string | null): readonly string[] {
  if (installCommand !== null) return ['COPY . .', `RUN ${shell(installCommand)}`];
  return [`COPY mix.exs${locked ? ' mix.lock' : ''} ./`, 'RUN mix deps.get --only prod', 'COPY . .'];
}
