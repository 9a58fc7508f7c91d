/** An instance of the new version stopped by itself. `at`: ms of the observation's clock. */
export interface Exit {
  readonly at: number;
  readonly outOfMemory: boolean;
}

const minute = 60_000;
const rules = [
  { exits: 2, withinMs: minute, words: '2 exits within 60 s' },
  { exits: 3, withinMs: 5 * minute, words: '3 exits within 5 min' },
] as const;
const firstTrafficMs = 10_000;

/**
 * Why the new version counts as crashing in a loop, in words, or null: 2 exits within 60 s, 3 within 5 min, any within 10 s of its
 * first traffic, or killed for memory twice. `exits` in order of time; `firstTrafficAt` null: it had none yet.
 */
export function crashLoop(exits: readonly Exit[], firstTrafficAt: number | null): string | null {
  const early = exits.find(
    ({ at }) => firstTrafficAt !== null && at >= firstTrafficAt && at <= firstTrafficAt + firstTrafficMs,
  );
  if (early !== undefined) return 'an exit within 10 s of the first traffic';
  if (exits.filter(({ outOfMemory }) => outOfMemory).length >= 2) return 'out of memory twice';
  const broken = rules.find(({ exits: many, withinMs }) =>
    exits.some(({ at }, index) => at - (exits[index - many + 1]?.at ?? -Infinity) <= withinMs),
  );
  return broken?.words ?? null;
}
