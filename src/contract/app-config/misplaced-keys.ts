import type { DocumentPath } from '../../domain/app-config.ts';

const resources = 'the limits of `web` are `resources` at the top';

const ofWeb: Readonly<Record<string, string>> = {
  replicas: 'those of `web` are `replicas` at the top',
  cpu: resources,
  memory: resources,
  check: '`web` is checked by `health` at the top',
};

const notOfTheFile: Readonly<Record<string, string>> = {
  env: 'variables are set with `cutover env set`',
  environment: 'variables are set with `cutover env set`',
  variables: 'variables are set with `cutover env set`',
  secrets: 'secrets are set with `cutover env set --secret`',
  branch: 'the branch is set with `cutover environments set --branch`',
  autoDeploy: 'this is set with `cutover environments set --auto-deploy`',
  watchPaths: 'they are set with `cutover environments set --watch`: they are needed before this file is read',
  web: '`web` stands in `processes`',
  worker: '`worker` stands in `processes`',
  cpu: '`cpu` stands in `resources`',
  memory: '`memory` stands in `resources`',
  timeout: 'there are `drainTimeout`, `oneOffTimeout`, `holdTimeout`, and `timeout` in `health`',
};

/** What to write instead of a key that would be right somewhere else; null where nothing is known of it. */
export function misplacedKey(parent: DocumentPath, key: string): string | null {
  if (parent.length === 0) return own(notOfTheFile, key);
  if (parent.length === 2 && parent[0] === 'processes' && parent[1] === 'web') return own(ofWeb, key);
  if (key === 'timeout' && parent.length === 1 && (parent[0] === 'release' || parent[0] === 'contract')) {
    return 'both have `oneOffTimeout` at the top';
  }
  if (key === 'directory' && parent[0] === 'build') return 'the directory is where this file lies';
  return null;
}

function own(advice: Readonly<Record<string, string>>, key: string): string | null {
  return Object.hasOwn(advice, key) ? (advice[key] ?? null) : null;
}
