import { emptyAppConfig, type AppConfig } from '../../../../src/domain/app-config.ts';
import type { BuildPlan } from '../../../../src/domain/build-plan.ts';
import type { ErrorCode } from '../../../../src/domain/errors.ts';
import type { BuildLine } from '../../../../src/engine/ports/builder.ts';
import { appThat, type App, wellBehaved } from '../app-behaviour.ts';

/** Why something cannot be done. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What an app's directory holds, as far as the platform looks at it, and what comes of it. Plain data. */
export interface AppFiles {
  /** What sets its contents apart: two of one name are equal trees. */
  readonly name: string;
  readonly plan: BuildPlan | Refusal;
  readonly config: AppConfig | Refusal;
  /** Names of the files that say the configuration. */
  readonly configFiles: readonly string[];
  readonly build: BuildBehaviour;
  readonly exposedPorts: readonly number[];
  /** Of the image that is built. */
  readonly app: App;
}

/** How a build goes. */
export interface BuildBehaviour {
  /** It takes as long; null: until its limit. */
  readonly ms: number | null;
  /** null: it succeeds. */
  readonly failure: Refusal | null;
  readonly lines: readonly BuildLine[];
  readonly sizeBytes: number;
  /** Text by absolute path in the image. */
  readonly files: Readonly<Record<string, string>>;
}

const dockerfilePlan: BuildPlan = {
  preset: 'dockerfile',
  explanation: ['`Dockerfile` found'],
  dockerfile: 'FROM scratch\n',
  target: null,
  baseImages: [],
  buildArgs: {},
  output: { type: 'image' },
};

/** An app with a Dockerfile that is built at once, listens on its port and answers 200. */
export function appFiles(name: string, change: Partial<AppFiles> = {}): AppFiles {
  return {
    name,
    plan: dockerfilePlan,
    config: emptyAppConfig,
    configFiles: [],
    build: builds(),
    exposedPorts: [3000],
    app: appThat(wellBehaved),
    ...change,
  };
}

export function builds(change: Partial<BuildBehaviour> = {}): BuildBehaviour {
  return { ms: 0, failure: null, lines: [], sizeBytes: 10_000_000, files: {}, ...change };
}

/** Files that are served as they are, from that directory of the app's. */
export function staticFilesPlan(directory = '', spa = false): BuildPlan {
  return {
    ...dockerfilePlan,
    preset: 'static',
    explanation: ['`index.html` found'],
    dockerfile: null,
    output: { type: 'checkout-files', directory, spa },
  };
}
