import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireDeployment } from '../../../src/contract/schemas/deployment.ts';
import type { WireDelivery, WireWebhook } from '../../../src/contract/schemas/webhook.ts';
import { answering } from '../../e2e/apps.ts';
import type { Stage } from '../../e2e/stage.ts';
import type { TestRepository } from '../../harness/git-server.ts';
import { deliverAsGithub, githubPush, type HookAddress } from '../../harness/github-deliveries.ts';

export interface ManyPushes {
  readonly pushes: number;
  /** In which they are sent, evenly. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const project = 'busy';
const sampleEveryMs = 100;
/** As long as a build takes that is worth the name: longer than all pushes together. */
const buildSeconds = 15;

/** Pushes of a commit each to one project: what is answered, what is built, what serves, and what that takes of memory. */
export async function manyPushes(stage: Stage, { pushes, seconds, say }: ManyPushes) {
  const repository = await stage.project(project, slowToBuild('first'));
  const { paths, secret } = await stage.must<WireWebhook>('PUT', `/api/projects/${project}/webhook`, {});
  const hook: HookAddress = { url: `${stage.platform.apiUrl}${paths.github}`, secret };
  say('the first deployment');
  const first = await stage.deploy(project);
  if (first.deployment.state !== 'completed') throw new Error(`the first one is ${first.deployment.state}`);
  say(`${pushes} commits`);
  const commits = await commitInARow(repository, pushes);
  const memory = watchMemory(stage.platform.pids.controlPlane);
  await sleep(1_000);
  say(`${pushes} pushes in ${seconds} s`);
  const begun = performance.now();
  const deliver = (commit: string) =>
    deliverAsGithub(hook, { event: 'push', payload: githubPush({ repository: repository.url, commit }) });
  const answers = await Promise.all(
    commits.slice(0, -1).map(async (commit, n) => {
      await sleep(Math.max(0, begun + (n * seconds * 1_000) / pushes - performance.now()));
      return deliver(commit);
    }),
  );
  // Which of several that are on their way at once comes last is for the network to say.
  answers.push(await deliver(commits.at(-1) ?? ''));
  const sentMs = performance.now() - begun;
  await stage.until('every push to be worked on', async () => ((await waiting(stage)) ? null : true), 300_000);
  const workedMs = performance.now() - begun;
  say('all are worked on; the last one is deployed');
  const { deployments: newest } = await stage.must<{ deployments: readonly WireDeployment[] }>(
    'GET',
    `/api/projects/${project}/deployments?limit=1`,
  );
  const last = await stage.settle(project, newest[0]?.number ?? 0);
  const started = await startedSince(stage, first.deployment.number);
  return {
    pushes,
    answered: answers.filter(({ status, body }) => status === 202 && body.outcome === 'accepted').length,
    sentMs,
    workedMs,
    builds: started.length,
    lastServes:
      last.deployment.source.kind === 'git' &&
      last.deployment.source.commit?.sha === commits.at(-1) &&
      (await stage.visit(`${project}.localhost`)).body === `push ${pushes}`,
    grownMb: await memory.stop(),
  };
}

/** Of this run: what was built in an earlier one would be built at once. */
const run = randomUUID();

function slowToBuild(text: string): Record<string, string> {
  const wait = `node -e "setTimeout(() => {}, ${buildSeconds * 1_000}) // ${run}"`;
  const scripts = { build: wait, start: 'node server.js' };
  return {
    ...answering(text),
    'package.json': JSON.stringify({ name: 'app', version: '1.0.0', private: true, scripts }),
  };
}

/** All of them at once: with a command of Git each they would take minutes. Oldest first. */
async function commitInARow(repository: TestRepository, count: number): Promise<readonly string[]> {
  const child = spawn('git', ['-C', repository.path, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(child, 'close');
  for (let n = 1; n <= count; n++) child.stdin.write(commitOf(n));
  child.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with code ${code}`);
  const list = await repository.git('rev-list', '--reverse', `--max-count=${count}`, 'main');
  return list.trim().split('\n');
}

function commitOf(n: number): string {
  const files = Object.entries(slowToBuild(`push ${n}`)).map(
    ([path, text]) => `M 100644 inline ${path}\n${data(text)}`,
  );
  const by = `committer Ada <ada@example.test> ${1_700_000_000 + n} +0000`;
  const from = n === 1 ? 'from refs/heads/main^0\n' : '';
  return `commit refs/heads/main\n${by}\n${data(`push ${n}`)}${from}${files.join('')}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

async function waiting(stage: Stage): Promise<boolean> {
  const path = `/api/projects/${project}/webhook-deliveries?limit=200`;
  const { deliveries } = await stage.must<{ deliveries: readonly WireDelivery[] }>('GET', path);
  return deliveries.some(({ state }) => state === 'pending');
}

/** Deployments after that one that were more than waiting, whatever became of them. */
async function startedSince(stage: Stage, number: number): Promise<readonly WireDeployment[]> {
  const started: WireDeployment[] = [];
  for (let before: number | null = 1_000_000; before !== null;) {
    const path = `/api/projects/${project}/deployments?limit=200&before=${before}`;
    const page: { deployments: WireDeployment[]; nextBefore: number | null } = await stage.must('GET', path);
    started.push(...page.deployments.filter((one) => one.number > number && one.startedAt !== null));
    before = page.nextBefore;
  }
  return started;
}

/** How much more memory a process takes at its peak than when the watch began, in MB (10⁶ bytes). */
function watchMemory(pid: number): { stop(): Promise<number> } {
  const samples: number[] = [];
  const stop = new AbortController();
  const watch = (async () => {
    while (!stop.signal.aborted) {
      samples.push(await residentMb(pid));
      // Stopped: the loop ends.
      await sleep(sampleEveryMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stop.abort();
      await watch;
      return Math.max(...samples) - (samples[0] ?? 0);
    },
  };
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024) / 1e6;
}
