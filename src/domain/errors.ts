import { entry, type CatalogueEntry, type ErrorKind } from './error-entry.ts';
import { intakeErrors } from './intake-errors.ts';

export type { ErrorKind } from './error-entry.ts';

/** Every error the product can show. `docs/errors.md` lists the same codes; a test compares the two. */
export const errorCatalogue = {
  invalid_input: entry(
    'invalid',
    'A value in the request is not acceptable.',
    'Correct the value named in the message.',
  ),
  unauthenticated: entry('unauthenticated', 'There is no valid token with the request.', 'Run `cutover login`.'),
  forbidden: entry('forbidden', 'The token may not do this.', 'Ask an admin for a token with the needed role.'),
  not_found: entry('not-found', 'There is nothing by that name.', 'List what exists, and check the spelling.'),
  already_exists: entry('conflict', 'The name is taken.', 'Choose another name.'),
  host_taken: entry(
    'conflict',
    'The host belongs to another environment.',
    'Choose another project or environment name.',
  ),
  illegal_transition: entry(
    'conflict',
    'The deployment is in a state that does not allow this.',
    'Look at its state with `cutover deployments status`.',
  ),
  rollback_target_missing: entry(
    'conflict',
    'There is no earlier good deployment to go back to.',
    'List deployments with `cutover deployments list`, or deploy a fix.',
  ),
  rollback_never_served: entry(
    'conflict',
    'The deployment to go back to was never completed.',
    'Choose one that has served: `cutover deployments list` says which.',
  ),
  rollback_behind_contract: entry(
    'conflict',
    'A contract step has changed the schema since, and the older version may not work with it.',
    'Deploy a fix, or go back all the same with `--force`.',
  ),
  provider_unavailable: entry(
    'unavailable',
    "The provider's API does not answer, or wants to be left alone for a while.",
    'Nothing is to be done: it is tried again, and no deployment waits for it.',
  ),
  provider_refused: entry(
    'conflict',
    "The provider's API refuses what it is asked.",
    'Check the token, the repository and the API URL: `cutover projects provider show`.',
  ),
  preview_changed: entry(
    'conflict',
    'Something was pushed to the pull request since, or its preview is closed.',
    'Look at what is new with `cutover previews show`, and approve that.',
  ),
  idempotency_mismatch: entry('conflict', 'The idempotency key was used for a different request.', 'Send a new key.'),
  webhook_signature_invalid: entry(
    'unauthenticated',
    'The delivery of a webhook is not signed with its secret.',
    'Give the provider the secret that `cutover webhooks url` shows.',
  ),
  delivery_not_repeatable: entry(
    'conflict',
    'The delivery of a webhook was refused or ignored, so that nothing is there to be done again.',
    'See with `cutover webhooks show` why; have the provider send another one.',
  ),
  auto_deploy_held: entry(
    'conflict',
    'Auto-deploy of the environment is held since somebody went back to an earlier version.',
    'Run `cutover environments resume-auto-deploy`, or deploy by hand.',
  ),
  too_busy: entry('unavailable', 'The platform takes in as much as it can already.', 'Send it again in some seconds.'),
  database_unavailable: entry(
    'unavailable',
    'PostgreSQL does not answer.',
    'Traffic is not affected. Look at `cutover server status` and try again.',
  ),
  runtime_unavailable: entry(
    'unavailable',
    'Docker Engine does not answer.',
    'Start dockerd, then run `cutover doctor`.',
  ),
  router_unavailable: entry(
    'unavailable',
    'HAProxy does not answer on its runtime socket.',
    'Run `cutover doctor`; the supervisor restarts it within a second.',
  ),
  slot_in_use: entry(
    'unavailable',
    'A place in HAProxy was to be emptied while visitors are served by it.',
    'Nothing is to be done: what was overtaken by another change is given up or tried again.',
  ),
  static_server_unavailable: entry(
    'unavailable',
    'nginx, which serves static files, does not answer.',
    'Run `cutover doctor`; the supervisor restarts it within a second.',
  ),
  port_in_use: entry(
    'unavailable',
    'Another process listens on a port the platform needs.',
    'Stop that process or choose another port.',
  ),
  disk_low: entry(
    'deployment',
    'There is too little room on a disk to begin a build or to take an upload.',
    'See what the platform can remove with `cutover prune --dry-run`, and what BuildKit keeps with `docker builder prune`; then deploy again.',
  ),
  disk_full: entry('unavailable', 'No space is left on the disk.', 'Free some space, then deploy again.'),
  router_full: entry(
    'unavailable',
    'Every slot of the router is in use.',
    'Wait for running deployments to finish; the pool grows by itself between deployments.',
  ),
  repository_not_found: entry(
    'deployment',
    'The Git server knows no such repository.',
    'Check the URL of the project.',
  ),
  repository_needs_credentials: entry(
    'deployment',
    'The Git server asks for credentials.',
    'Set a token or a deploy key with `cutover projects credentials set`, or use a public URL.',
  ),
  repository_credentials_refused: entry(
    'deployment',
    'The Git server does not take the credentials of the project.',
    'Check that they are valid and may read the repository, and set them again with `cutover projects credentials set`.',
  ),
  repository_host_changed: entry(
    'deployment',
    'An ssh server shows another host key than when it was first read from.',
    'Compare the fingerprint with the one the server publishes; if it is right, run `cutover projects credentials forget-host-keys`.',
  ),
  repository_unreachable: entry(
    'deployment',
    'The Git server could not be reached.',
    'Check the URL and the network, then deploy again.',
  ),
  repository_missing: entry(
    'conflict',
    'The project has no repository to deploy from.',
    'Set one with `cutover projects update --repo`, or deploy an image or a bundle.',
  ),
  repository_elsewhere: entry(
    'conflict',
    "The project reads its code from a repository that is not the platform's own, so nobody can push to it here.",
    'Push to that repository, or let the platform keep it: `cutover projects update --git-push`.',
  ),
  repository_refused: entry(
    'invalid',
    'The repository URL is of a kind that is not allowed.',
    'Use an https:// or ssh:// URL.',
  ),
  repository_too_large: entry(
    'deployment',
    'The repository, or what is checked out of it, is larger than is allowed, or takes too long.',
    'Make it smaller, or raise the limit that the message names (`CUTOVER_REPOSITORY_MB`, `CUTOVER_CHECKOUT_FILES`, `CUTOVER_CHECKOUT_MB`, `CUTOVER_GIT_TIMEOUT`).',
  ),
  lfs_missing: entry(
    'deployment',
    'Git LFS is asked for, and not installed on the platform.',
    'Install the package `git-lfs`, or switch it off: `cutover projects update --no-lfs`.',
  ),
  lfs_failed: entry(
    'deployment',
    'Git LFS could not bring the content of a file.',
    'Read what it said in the build log; often the content was never pushed (`git lfs push --all`).',
  ),
  ...intakeErrors,
  ref_invalid: entry(
    'invalid',
    'A branch or commit name is not a legal Git name.',
    'Give a branch name, or 40 hex digits for a commit.',
  ),
  branch_not_found: entry(
    'deployment',
    'The repository has no such branch.',
    'Push the branch or choose another with --branch.',
  ),
  commit_not_found: entry(
    'deployment',
    'The repository has no such commit.',
    'Push the commit or choose another with --commit.',
  ),
  directory_not_found: entry(
    'deployment',
    'The repository has no such directory at that commit.',
    'Correct the directory of the project.',
  ),
  app_not_detected: entry(
    'deployment',
    'No preset fits what is in the directory.',
    'Add one of the files named in the message, or set the preset.',
  ),
  nixpacks_missing: entry(
    'deployment',
    'The builder is Nixpacks, which is not installed on the platform.',
    'Install `nixpacks` on the server, or choose another builder: `cutover projects update --builder planner`.',
  ),
  nixpacks_failed: entry(
    'deployment',
    'Nixpacks could not say how the app is built.',
    'Read what it said in the message, or choose another builder: `cutover projects update --builder planner`.',
  ),
  start_command_missing: entry(
    'deployment',
    'Nothing says how the app starts.',
    'Add one of those the message names, or set the start command.',
  ),
  config_invalid: entry(
    'deployment',
    'The `cutover.yaml` or the Procfile of the repository is not acceptable.',
    'Correct what the message names; `cutover config validate` checks the files without a server.',
  ),
  dockerfile_invalid: entry(
    'deployment',
    'The Dockerfile is missing, outside the checkout or not acceptable, or a line of `.dockerignore` is no pattern.',
    'Correct what the message names.',
  ),
  base_image_missing: entry(
    'deployment',
    'A base image is neither on this machine nor to be pulled.',
    'Run `cutover images base`, or give access to a registry.',
  ),
  base_image_failed: entry(
    'unavailable',
    'A base image could not be assembled from packages.',
    'Read what the tool named in the message said; needed are apt-get, dpkg-deb, tar and npm, and their mirrors.',
  ),
  build_failed: entry('deployment', 'A step of the build failed.', 'Read the last lines of the step in the build log.'),
  build_out_of_memory: entry(
    'deployment',
    'A build step was killed, most likely for memory.',
    'Give the build more memory or make it use less.',
  ),
  build_timed_out: entry(
    'deployment',
    'The build took longer than its limit.',
    'Look where the time goes in the build log, or raise the limit.',
  ),
  build_empty_output: entry(
    'deployment',
    'The build left no files where static files were expected.',
    'Set the output directory of the project.',
  ),
  instance_exited: entry(
    'deployment',
    'An instance exited before it was healthy.',
    'Read its last lines in the message.',
  ),
  instance_out_of_memory: entry(
    'deployment',
    'An instance was killed for using more memory than its limit.',
    'Raise the memory of the environment.',
  ),
  instance_start_failed: entry(
    'deployment',
    'Docker could not start the container.',
    'Read what Docker said; often the command does not exist in the image.',
  ),
  gate_failed: entry(
    'deployment',
    'An instance did not become healthy.',
    'Check the health path and port, and the instance log.',
  ),
  release_failed: entry(
    'deployment',
    'The release or contract step did not end well.',
    'Read its last lines, correct it, and deploy again.',
  ),
  rolled_back: entry(
    'deployment',
    'The version was taken back: it did worse than the one before, or somebody wanted that.',
    'Read the reason and the instance log, then deploy a fix.',
  ),
  network_exhausted: entry(
    'unavailable',
    'No free subnet is left in the pool of addresses.',
    'Enlarge the pool (`CUTOVER_NETWORK_POOL`) or delete projects.',
  ),
  volume_in_use: entry(
    'conflict',
    'A volume is mounted by an instance that exists.',
    'Stop what uses the volume, then remove it.',
  ),
  artifact_gone: entry(
    'deployment',
    'The image or bundle of the deployment is not on this machine any more.',
    'Deploy the commit again.',
  ),
  cancelled: entry('conflict', 'The work was cancelled.', 'Deploy again when ready.'),
  usage: entry(
    'invalid',
    'The command line is not complete or not understood.',
    'See the help of the command: `--help`.',
  ),
  not_confirmed: entry(
    'invalid',
    'A question was answered with no.',
    'Nothing was changed. Run the command again, with -y to skip the question.',
  ),
  host_refused: entry(
    'forbidden',
    'The Host header of the request names no host of this server.',
    'Use http://127.0.0.1 or http://localhost with the port of the API.',
  ),
  server_unreachable: entry(
    'unavailable',
    'The control plane does not answer.',
    'Run `cutover server start`, or correct the address with `cutover login --url`.',
  ),
  already_running: entry(
    'conflict',
    'Another control plane works on the same data directory.',
    'Use the one that runs (`cutover server status`), or choose another data directory.',
  ),
  backup_invalid: entry(
    'invalid',
    'The file is damaged, or no backup.',
    'Take another backup; `cutover backup verify` looks through a file without restoring it.',
  ),
  backup_locked: entry(
    'invalid',
    'The backup is encrypted, and the passphrase is missing or another one.',
    'Give the passphrase it was made with: `--passphrase-file`.',
  ),
  backup_too_new: entry(
    'conflict',
    'The backup was made by a newer release of Cutover.',
    'Restore it with that release or a later one.',
  ),
  restore_not_empty: entry(
    'conflict',
    'There is something already where a backup is to be restored.',
    'Name an empty data directory (`--data-dir`) and, with `DATABASE_URL`, an empty database.',
  ),
  restore_incomplete: entry(
    'conflict',
    'A restore into this data directory did not come to its end.',
    'Remove the data directory, empty the database of `DATABASE_URL` if there is one, and restore again.',
  ),
  restore_ambiguous: entry(
    'conflict',
    'Docker has containers, networks or volumes of the platform that is in the backup.',
    'If that platform is lost, take them over with `--adopt`; if it is to live on, restore beside it with `--as-copy`.',
  ),
  internal: entry('internal', 'Something happened that should not.', 'Report it with the log of the control plane.'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of a constant
export const errorCodes = Object.keys(errorCatalogue) as ErrorCode[];

/** An error a person can act on: a code, what happened, and (from the catalogue) what to do next. */
export class CutoverError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CutoverError';
    this.code = code;
  }

  get kind(): ErrorKind {
    return errorCatalogue[this.code].kind;
  }

  get next(): string {
    return errorCatalogue[this.code].next;
  }
}

/** Trying again cannot help: the fault is in what was asked, not in the world. */
export function isTerminal(error: unknown): boolean {
  if (!(error instanceof CutoverError) || passing.has(error.code)) return false;
  return error.kind !== 'unavailable' && error.kind !== 'internal';
}

/** Faults of a deployment's surroundings that may be over in a moment. */
const passing: ReadonlySet<ErrorCode> = new Set(['repository_unreachable', 'registry_unreachable']);
