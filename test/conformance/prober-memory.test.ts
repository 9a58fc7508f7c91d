import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultHealthCheck } from '../../src/domain/health-check.ts';
import { systemClock } from '../../src/drivers/clock/system-clock.ts';
import {
  answerWith,
  type AppAnswer,
  type AppRequest,
  type Connection,
  type Endpoint,
} from '../simulation/memory/endpoints.ts';
import { memoryDrivers } from '../simulation/memory/drivers.ts';
import { MemoryWorld } from '../simulation/memory/world.ts';
import { createSeededRandom, SeededChance } from '../simulation/random.ts';
import { PlainHost } from './memory/plain-host.ts';
import { proberConformance, type Probed, type ProbedApp, type ProbedRequest } from './prober.ts';

const world = new MemoryWorld({ clock: systemClock, random: new SeededChance(1) });
const random = createSeededRandom(new SeededChance(2), () => systemClock.now());
const { prober, staticFiles } = memoryDrivers(world, { clock: systemClock, random });
const host = new PlainHost(world.endpoints);

class ProbedEndpoint implements Endpoint {
  readonly name = 'probed';
  readonly connections = new Set<Connection>();
  readonly seen: ProbedRequest[] = [];
  readonly #probed: Probed;

  constructor(probed: Probed) {
    this.#probed = probed;
  }

  take({ method, path, headers }: AppRequest): AppAnswer {
    this.seen.push({ method, path, host: headers['host'], connection: headers['connection'] });
    return answerOf(this.#probed);
  }
}

function answerOf(probed: Probed): AppAnswer {
  switch (probed.does) {
    case 'answer':
      return answerWith({ status: probed.status, body: probed.body });
    case 'stream':
      return answerWith({ body: probed.piece, bodyMs: null });
    case 'owe-body':
      return answerWith({ bodyMs: null });
    case 'nothing':
      return answerWith({ headersMs: null });
    case 'close':
      return answerWith({ closes: 'before-headers' });
    case 'talk-otherwise':
      return answerWith({ nonsense: 'Expected HTTP/' });
  }
}

async function serve(probed: Probed): Promise<ProbedApp> {
  const endpoint = new ProbedEndpoint(probed);
  const port = host.listen(endpoint);
  return {
    seen: endpoint.seen,
    target: { kind: 'instance', address: host.address, port },
    [Symbol.asyncDispose]: async () => host.close(port),
  };
}

proberConformance('memory', { prober, serve });

test('5.10: a static bundle is probed where the web server is, and refused while there is none', async () => {
  const { bundle } = world.bundles.put([{ path: 'index.html', content: Buffer.from('hello'), executable: false }]);
  const signal = AbortSignal.timeout(5_000);
  const probe = (path: string, spa: boolean) =>
    prober.probe({ kind: 'static', bundle, spa }, { ...defaultHealthCheck, path }, signal);
  assert.deepEqual(await probe('/', true), { type: 'refused' });
  await staticFiles.ensureRunning(signal);
  assert.deepEqual(await probe('/', false), { type: 'answered', status: 200, bodyStart: 'hello' });
  assert.deepEqual(await probe('/none', true), { type: 'answered', status: 200, bodyStart: 'hello' });
  assert.deepEqual(await probe('/none', false), { type: 'answered', status: 404, bodyStart: 'not found' });
});
