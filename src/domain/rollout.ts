import type { Strategy } from './environment-settings.ts';

/**
 * How far a new instance has come.
 * absent → starting (container runs) → passed (the gate) → serving (in rotation); failed from any of them.
 */
export type FreshPhase = 'absent' | 'starting' | 'passed' | 'serving' | 'failed';
/** How far an instance of the version that served before has gone. Its container is kept until everything new has passed (rule 5.3). */
export type OldPhase = 'serving' | 'draining' | 'drained';

export interface RolloutView {
  readonly strategy: Strategy;
  /** One entry per wanted replica, in order of ordinals. */
  readonly fresh: readonly FreshPhase[];
  readonly old: readonly OldPhase[];
  /** True once the route names only the new version. */
  readonly switched: boolean;
}

export type RolloutAction =
  /** Start these instances side by side (indexes into `fresh`) and lead them through the gate. */
  | { readonly type: 'start'; readonly indexes: readonly number[] }
  | { readonly type: 'gate'; readonly indexes: readonly number[] }
  /** Put one more new instance into rotation; the share follows. */
  | { readonly type: 'add'; readonly index: number }
  /** Take one old instance out of rotation (index into `old`). */
  | { readonly type: 'retire'; readonly index: number }
  /** Put all new ones into rotation, then make the route name only the new version, in one atomic change. */
  | { readonly type: 'switch' }
  | { readonly type: 'fail' }
  | { readonly type: 'done' };

/**
 * The next action of a rollout (rules 5.2 and 5.3). Pure: after a crash the view is observed again and the answer is the same.
 * Traffic is moved here; waiting for the drain and stopping the old instances follow once this says `done`.
 */
export function nextRolloutAction(view: RolloutView): RolloutAction {
  if (view.fresh.includes('failed')) return { type: 'fail' };
  if (view.switched) return { type: 'done' };
  const nothingToReplace = view.old.length === 0;
  return view.strategy === 'rolling' && !nothingToReplace ? nextRolling(view) : nextBlueGreen(view);
}

function nextBlueGreen(view: RolloutView): RolloutAction {
  const absent = indexesOf(view.fresh, 'absent');
  if (absent.length > 0) return { type: 'start', indexes: absent };
  const starting = indexesOf(view.fresh, 'starting');
  if (starting.length > 0) return { type: 'gate', indexes: starting };
  return { type: 'switch' };
}

/** One more instance in rotation than wanted, never one fewer. */
function nextRolling(view: RolloutView): RolloutAction {
  const serving = indexesOf(view.fresh, 'serving').length;
  const oldServing = indexesOf(view.old, 'serving');
  const wanted = view.fresh.length;
  const lastStep = serving >= wanted - 1;
  const surplus = serving + oldServing.length > wanted;
  if (surplus && serving > 0 && serving < wanted) {
    const index = oldServing[0];
    if (index !== undefined && oldServing.length > 1) return { type: 'retire', index };
  }
  const starting = indexesOf(view.fresh, 'starting');
  if (starting.length > 0) return { type: 'gate', indexes: starting };
  const passed = view.fresh.indexOf('passed');
  if (passed >= 0) return lastStep ? { type: 'switch' } : { type: 'add', index: passed };
  const absent = view.fresh.indexOf('absent');
  if (absent >= 0) return { type: 'start', indexes: [absent] };
  return { type: 'switch' };
}

function indexesOf<T>(list: readonly T[], wanted: T): number[] {
  return list.flatMap((item, index) => (item === wanted ? [index] : []));
}
