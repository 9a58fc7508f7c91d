/** Resolves, when a place is free, to the function that gives it back. `onWait` is called when there is none at first. */
export type TakeBuildPlace = (signal: AbortSignal, onWait: () => void) => Promise<() => void>;

/** A limit on builds side by side, first come first served (rule 3.4). */
export function buildPlaces(limit: number): TakeBuildPlace {
  let free = limit;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (signal, onWait) => {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
    } else {
      onWait();
      await new Promise<void>((resolve, reject) => {
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(enter), 1);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        waiting.push(enter);
        signal.addEventListener('abort', leave, { once: true });
      });
    }
    let given = false;
    return () => {
      if (given) return;
      given = true;
      giveBack();
    };
  };
}
