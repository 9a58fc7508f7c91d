import { pause, type Fault, type Subject } from './subject.ts';
import { hasFailed, type Visit } from './visitors/visit.ts';
import type { Visitors } from './visitors/visitors.ts';

/** How a bad version was taken back, as its visitors saw it. */
export interface TakenBack {
  /** Requests without a good answer, whoever gave it. */
  readonly failed: number;
  /** From the first answer of the bad version to the last. */
  readonly seconds: number;
  /** From the decision to the last answer of the bad version; 0 where that came before. */
  readonly routeMs: number;
  /** Of the failed, until the decision to suspect it, until the decision to take it back, and after that. */
  readonly failedUntil: readonly number[];
  readonly reason: string;
}

const lookAfterMs = 300;

/** Deploys a version and waits until it is taken back; null when it was not within the limit. */
export async function deployBad(
  subject: Subject,
  visitors: Visitors,
  { fault, limitMs = 60_000 }: { readonly fault: Fault; readonly limitMs?: number },
): Promise<TakenBack | null> {
  const from = Date.now();
  const bad = await subject.trigger(fault);
  if (!(await isTakenBack(subject, bad, limitMs))) return null;
  const [decided] = await subject.events(bad, 'rollback.decided');
  const [suspected] = await subject.events(bad, 'suspicion');
  await pause(lookAfterMs);
  const visits = await visitors.between(from, Date.now());
  const marks = [suspected?.at ?? 0, decided?.at ?? Number.NaN];
  return {
    ...measure(visits, bad, decided?.at ?? Number.NaN),
    failedUntil: countBetween(visits.filter(hasFailed), marks),
    reason: decided?.event.reason ?? 'unknown',
  };
}

/** Also the paperwork: `failed` or `stopped`, and what came back is completed. */
async function isTakenBack(subject: Subject, bad: number, limitMs: number): Promise<boolean> {
  await subject.inTraffic(bad);
  const deadline = Date.now() + limitMs;
  for (;;) {
    const { deployment } = await subject.stage.detail(subject.name, bad);
    if (deployment.state === 'failed' || deployment.state === 'stopped') return true;
    if (Date.now() > deadline) return false;
    await pause(50);
  }
}

function measure(visits: readonly Visit[], bad: number, decidedAt: number): Omit<TakenBack, 'reason' | 'failedUntil'> {
  const answers = visits.flatMap(({ version, endedAt }) => (version === bad ? [endedAt] : []));
  const last = Math.max(...answers);
  return {
    failed: visits.filter(hasFailed).length,
    seconds: (last - Math.min(...answers)) / 1_000,
    routeMs: Math.max(0, last - decidedAt),
  };
}

/** How many ended before the first mark, between the marks, and after the last one. */
function countBetween(visits: readonly Visit[], marks: readonly number[]): readonly number[] {
  const bounds = [-Infinity, ...marks, Infinity];
  return bounds.slice(1).map((to, index) => {
    const from = bounds[index] ?? -Infinity;
    return visits.filter(({ endedAt }) => endedAt >= from && endedAt < to).length;
  });
}
