interface PlaceRequest {
  /** Production goes ahead of everything else that waits. */
  readonly production: boolean;
  /** Called when there is no place at first. */
  readonly onWait: () => void;
}

/** Resolves, when a place is free, to the function that gives it back. */
export type TakeBuildPlace = (signal: AbortSignal, request: PlaceRequest) => Promise<() => void>;

interface Waiter {
  readonly production: boolean;
  readonly enter: () => void;
}

/** A limit on builds side by side: production first, then first come, first served (rules 2.4 and 3.4). */
export function buildPlaces(limit: number): TakeBuildPlace {
  let free = limit;
  const waiting: Waiter[] = [];
  const giveBack = () => {
    const production = waiting.findIndex((waiter) => waiter.production);
    const [next] = waiting.splice(Math.max(0, production), 1);
    if (next === undefined) free += 1;
    else next.enter();
  };
  return async (signal, { production, onWait }) => {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
    } else {
      onWait();
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = {
          production,
          enter() {
            signal.removeEventListener('abort', leave);
            resolve();
          },
        };
        const leave = () => {
          waiting.splice(waiting.indexOf(waiter), 1);
          reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        waiting.push(waiter);
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
