import type { RolloutStrategy } from './environment-settings.ts';

/**
 * How far a new instance has come.
 * absent → starting (container runs) → passed (the gate) → serving (in rotation); failed from any of them.
 */
export type FreshPhase = 'absent' | 'starting' | 'passed' | 'serving' | 'failed';
/** How far an instance of the version that served before has gone. But for `recreate` its container is kept until everything new has passed (rule 5.3). */
export type OldPhase = 'serving' | 'draining' | 'drained' | 'stopped';

export interface RolloutView {
  readonly strategy: RolloutStrategy;
  /** One entry per wanted replica of `web`, in order of ordinals. */
  readonly fresh: readonly FreshPhase[];
  /** Every instance of every worker kind. They never serve: `passed` is all there is to reach. */
  readonly workers: readonly FreshPhase[];
  /** Of `web`, of the version that serves. */
  readonly old: readonly OldPhase[];
  /** True once the route names only the new version. */
  readonly switched: boolean;
  /** Requests wait in the router. */
  readonly held: boolean;
  /** Percent of the traffic that the route gives to the new version. */
  readonly share: number;
  /** For `canary`: the shares before all of it, rising. */
  readonly canarySteps: readonly number[];
  /** False while what was seen at this share is too little, or speaks against the new version (rule 5.2). */
  readonly mayGrow: boolean;
}

/** Indexes into `fresh` and into `workers`. */
export interface Wave {
  readonly indexes: readonly number[];
  readonly workers: readonly number[];
}

export type RolloutAction =
  /** Start these instances side by side and lead them through the gate. */
  | ({ readonly type: 'start' } & Wave)
  | ({ readonly type: 'gate' } & Wave)
  /** Put one more new instance into rotation; the share follows. */
  | { readonly type: 'add'; readonly index: number }
  /** Take one old instance out of rotation (index into `old`). */
  | { readonly type: 'retire'; readonly index: number }
  /** Put all new ones into rotation, with this share of the traffic. */
  | { readonly type: 'share'; readonly share: number }
  /** Wait until the share may grow. */
  | { readonly type: 'analyse' }
  /** Let requests wait in the router, and let those in flight finish. */
  | { readonly type: 'hold' }
  /** Stop the old instances, so that the new ones can have what only one may have. */
  | { readonly type: 'stop-old' }
  /** Put all new ones into rotation, then make the route name only the new version, in one atomic change. */
  | { readonly type: 'switch' }
  | { readonly type: 'fail' }
  | { readonly type: 'done' };

/**
 * The next action of a rollout (rules 5.2 and 5.3). Pure: after a crash the view is observed again and the answer is the same.
 * Traffic is moved here; waiting for the drain and stopping the old instances follow once this says `done`.
 */
export function nextRolloutAction(view: RolloutView): RolloutAction {
  if (view.fresh.includes('failed') || view.workers.includes('failed')) return { type: 'fail' };
  if (view.switched) return { type: 'done' };
  if (view.old.length === 0) return nextBlueGreen(view);
  switch (view.strategy) {
    case 'rolling':
      return nextRolling(view);
    case 'blue-green':
      return nextBlueGreen(view);
    case 'canary':
      return nextCanary(view);
    case 'recreate':
      return nextRecreate(view);
  }
}

function nextBlueGreen(view: RolloutView): RolloutAction {
  return prepare(view, indexesOf(view.fresh, 'absent')) ?? { type: 'switch' };
}

/** Everything new is ready before it gets its first share, so that a share is always a fair sample. */
function nextCanary(view: RolloutView): RolloutAction {
  const preparing = prepare(view, indexesOf(view.fresh, 'absent'));
  if (preparing !== null) return preparing;
  const next = view.canarySteps.find((step) => step > view.share);
  if (view.share > 0 && !view.mayGrow) return { type: 'analyse' };
  return next === undefined ? { type: 'switch' } : { type: 'share', share: next };
}

function nextRecreate(view: RolloutView): RolloutAction {
  const untouched = view.old.some((phase) => phase === 'serving');
  if (untouched && !view.held) return { type: 'hold' };
  if (view.old.some((phase) => phase !== 'stopped')) return { type: 'stop-old' };
  return nextBlueGreen(view);
}

/** One more instance in rotation than wanted, never one fewer. */
function nextRolling(view: RolloutView): RolloutAction {
  const serving = indexesOf(view.fresh, 'serving').length;
  const oldServing = indexesOf(view.old, 'serving');
  const wanted = view.fresh.length;
  const surplus = serving + oldServing.length > wanted;
  if (surplus && serving > 0 && serving < wanted) {
    const index = oldServing[0];
    // Fewer old ones are a larger share for the new ones too.
    if (index !== undefined && oldServing.length > 1)
      return view.mayGrow ? { type: 'retire', index } : { type: 'analyse' };
  }
  const passed = view.fresh.indexOf('passed');
  const underWay = passed >= 0 || view.fresh.includes('starting');
  const preparing = prepare(view, underWay ? [] : indexesOf(view.fresh, 'absent').slice(0, 1));
  if (preparing !== null) return preparing;
  if (serving > 0 && !view.mayGrow) return { type: 'analyse' };
  const lastStep = serving >= wanted - 1;
  return passed >= 0 && !lastStep ? { type: 'add', index: passed } : { type: 'switch' };
}

/** Starts and gates these instances and every worker, side by side; null when that is done. */
function prepare(view: RolloutView, absent: readonly number[]): RolloutAction | null {
  const absentWorkers = indexesOf(view.workers, 'absent');
  if (absent.length + absentWorkers.length > 0) return { type: 'start', indexes: absent, workers: absentWorkers };
  const starting = indexesOf(view.fresh, 'starting');
  const startingWorkers = indexesOf(view.workers, 'starting');
  if (starting.length + startingWorkers.length === 0) return null;
  return { type: 'gate', indexes: starting, workers: startingWorkers };
}

function indexesOf<T>(list: readonly T[], wanted: T): number[] {
  return list.flatMap((item, index) => (item === wanted ? [index] : []));
}
