import type { DeploymentRun } from './deployment-run.ts';

/** Waits for a place to build, which is given back with the disposal. That it waits is written, so that everybody can see for what. */
export async function takePlace(run: DeploymentRun): Promise<AsyncDisposable> {
  const { clock } = run.ports;
  const began = clock.monotonic();
  const told: Promise<void>[] = [];
  const giveBack = await run.workshop.takeBuildPlace(run.signal, {
    production: run.deployment.environmentName === 'production',
    onWait: () => void told.push(tellThatItWaits(run)),
  });
  const place = { [Symbol.asyncDispose]: async () => giveBack() };
  if (told.length === 0) return place;
  await Promise.all(told);
  run.note({ timeline: [{ kind: 'build.started', waitedMs: clock.monotonic() - began }] });
  try {
    await run.flush();
  } catch (error) {
    giveBack();
    throw error;
  }
  return place;
}

/** What cannot be written now is written with what comes next: nobody loses his place in the queue for that. */
async function tellThatItWaits(run: DeploymentRun): Promise<void> {
  run.note({ timeline: [{ kind: 'build.waiting' }] });
  await run.flush().catch((error: unknown) => {
    run.workshop.log.warn(
      { deployment: run.deployment.id, error: String(error) },
      'that a build waits is written later',
    );
  });
}
