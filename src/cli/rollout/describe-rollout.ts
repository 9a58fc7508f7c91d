import type { WireInstance } from '../../contract/schemas/deployment.ts';
import type { WireObservation } from '../../contract/schemas/observation.ts';
import type { WireRolloutSide, WireRolloutStatus } from '../../contract/schemas/rollout.ts';
import { describeSource, describePhase } from '../commands/deployments/describe-deployment.ts';
import { formatCount, formatShare } from '../output/quantities.ts';
import { facts, table } from '../output/table.ts';
import { formatEvidence, timeLeft } from './describe-observation.ts';

/** Both versions side by side, then what is known of them. `now`: epoch ms. */
export function describeRollout(status: WireRolloutStatus, now: number): string {
  const parts = [headline(status)];
  const { fresh, old, observation } = status;
  if (fresh !== null) parts.push(sides(fresh, old, observation));
  const known = observationFacts(status, now);
  if (known.length > 0) parts.push(facts(known));
  return parts.join('\n\n');
}

/** "#42 takes over from #41 in production", and what requests meet where they are not simply served. */
export function headline({ environment, fresh, old, mode, observation }: WireRolloutStatus): string {
  if (fresh === null) return `nothing serves in ${environment}`;
  const name = `#${fresh.deployment.number}`;
  if (mode === 'paused') return `${name} is paused: visitors of ${environment} get a 503 page`;
  if (mode === 'held') return `${name} is starting: requests to ${environment} wait in the router`;
  if (mode === 'asleep') return `${name} is asleep: it is started when somebody comes to ${environment}`;
  if (mode === 'unwoken') return `${name} was asleep and did not start: visitors of ${environment} get a 503 page`;
  const { state } = fresh.deployment;
  if (state === 'paused') return `${name} is held at ${formatTraffic(fresh.share)} in ${environment}`;
  if (old === null) {
    return state === 'deploying'
      ? `${name} is starting; nothing serves ${environment} yet`
      : `${name} serves ${environment}`;
  }
  const before = `#${old.deployment.number}`;
  if (observation?.view?.phase.startsWith('challenge') === true) {
    return `${name} is under suspicion: part of the traffic of ${environment} goes to ${before} again`;
  }
  if (fresh.share < 100) return `${name} takes over from ${before} in ${environment}`;
  return old.connections > 0
    ? `${name} serves ${environment}; ${before} is draining`
    : `${name} serves ${environment}; ${before} is on standby`;
}

function sides(fresh: WireRolloutSide, old: WireRolloutSide | null, observation: WireObservation | null): string {
  const both = old === null ? [fresh] : [fresh, old];
  const view = observation?.view ?? null;
  const arms = view === null ? [] : [view.fresh, view.old].slice(0, both.length);
  const header = both.map(({ deployment }, index) => `${index === 0 ? 'NEW' : 'OLD'} #${deployment.number}`);
  const rows = [
    ['commit', ...both.map(({ deployment }) => describeSource(deployment).slice(0, 36))],
    ['state', ...both.map(({ deployment }) => deployment.state)],
    ['traffic', ...both.map(({ share }) => formatTraffic(share))],
    ['connections', ...both.map(({ connections }) => formatCount(connections))],
    ['instances', ...both.map(({ instances }) => summarize(instances))],
  ];
  if (arms.length > 0) {
    rows.push(['requests', ...arms.map(({ units }) => formatCount(units))]);
    rows.push(['errors', ...arms.map(({ bad, units }) => `${formatCount(bad)} (${formatShare(bad, units)})`)]);
  }
  return table(['', ...header], rows);
}

export function formatTraffic(share: number): string {
  return `${Number.isInteger(share) ? share : share.toFixed(1)} %`;
}

/** "2 serving, 1 crashed (3 restarts), 2 worker serving"; what is gone is left out. */
function summarize(instances: readonly WireInstance[]): string {
  const here = instances.filter(({ phase }) => phase !== 'stopped' && phase !== 'failed');
  const kinds = here.map((one) => `${one.process === 'web' ? '' : `${one.process} `}${describePhase(one)}`);
  const counts = Map.groupBy(kinds, (kind) => kind);
  return counts.size === 0 ? '-' : [...counts].map(([kind, { length }]) => `${length} ${kind}`).join(', ');
}

type Fact = readonly [string, string];

function observationFacts({ observation, autoDeployHeld }: WireRolloutStatus, now: number): readonly Fact[] {
  const held: readonly Fact[] = autoDeployHeld === null ? [] : [['auto-deploy', `held: ${autoDeployHeld}`]];
  if (observation === null) return held;
  const { view, outcome } = observation;
  const left = timeLeft(observation, now);
  return [
    ...(outcome === null ? [] : [['observation', outcome] as const]),
    ...(view === null ? [] : viewFacts(view)),
    ...(left === null ? [] : [['time left', left] as const]),
    ...(outcome !== null || view === null ? [] : [['not seen', view.limits] as const]),
    ...held,
  ];
}

function viewFacts({ phase, evidence, threshold, mayGrow }: NonNullable<WireObservation['view']>): readonly Fact[] {
  const meaning =
    threshold === null ? 'nothing is compared now' : `1 says nothing, ${formatEvidence(threshold)} rolls back`;
  const rising = phase === 'stepped' || phase.startsWith('canary');
  return [
    ['phase', phase],
    ['evidence', `${formatEvidence(evidence)} (${meaning})`],
    ...(rising && !mayGrow ? [['next share', 'waits, as something speaks against the new version'] as const] : []),
  ];
}

/** The same on one line, without what changes with the clock alone. */
export function rolloutLine(status: WireRolloutStatus): string {
  const { fresh, old, observation, autoDeployHeld } = status;
  const { view, outcome } = observation ?? { view: null, outcome: null };
  const arms = [view?.fresh, view?.old];
  const parts = [
    headline(status),
    ...[fresh, old].map((side, index) => (side === null ? null : sideLine(side, arms[index]))),
    view === null ? null : `${view.phase}, evidence ${formatEvidence(view.evidence)}`,
    outcome === null ? null : `observation ${outcome}`,
    autoDeployHeld === null ? null : `auto-deploy held: ${autoDeployHeld}`,
  ];
  return parts.filter((part) => part !== null).join(' | ');
}

function sideLine(side: WireRolloutSide, arm: { readonly units: number; readonly bad: number } | undefined): string {
  const { deployment, share, connections, instances } = side;
  const seen = arm === undefined ? '' : `, ${formatCount(arm.units)} requests, ${formatCount(arm.bad)} errors`;
  const open = `${formatCount(connections)} open`;
  return `#${deployment.number} ${deployment.state} ${formatTraffic(share)}, ${open}, ${summarize(instances)}${seen}`;
}
