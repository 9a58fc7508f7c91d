/** Lets builds in: those that ask for it are alone, the others run side by side. Nobody is overtaken. */
export type BuildGate = (alone: boolean, signal: AbortSignal) => Promise<() => void>;

interface Waiting {
  readonly alone: boolean;
  readonly enter: () => void;
}

/**
 * BuildKit before 0.13 may panic, and Docker Engine with it, where a build without cache runs beside one with it and both have a step in
 * common, such as their base image. Rejects with the signal's reason. The function that comes back lets the next ones in.
 */
export function createBuildGate(): BuildGate {
  const waiting: Waiting[] = [];
  let inside = 0;
  let isAlone = false;

  const letIn = () => {
    for (let next = waiting[0]; next !== undefined && mayEnter(next.alone); next = waiting[0]) {
      waiting.shift();
      inside += 1;
      isAlone = next.alone;
      next.enter();
    }
  };
  const mayEnter = (alone: boolean) => (alone ? inside === 0 : !isAlone);
  const leave = () => {
    inside -= 1;
    if (inside === 0) isAlone = false;
    letIn();
  };

  return async (alone, signal) => {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const one: Waiting = { alone, enter: resolve };
    const giveUp = () => {
      const at = waiting.indexOf(one);
      if (at < 0) return;
      waiting.splice(at, 1);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      letIn();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    waiting.push(one);
    letIn();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    let left = false;
    return () => {
      if (left) return;
      left = true;
      leave();
    };
  };
}
