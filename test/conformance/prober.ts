import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultHealthCheck, type ProbeResult } from '../../src/domain/health-check.ts';
import type { Prober, ProbeTarget } from '../../src/engine/ports/prober.ts';

const limit = (): AbortSignal => AbortSignal.timeout(20_000);

/** What is probed does this with every request. */
export type Probed =
  /** A status, a body, and where it redirects to. */
  | { readonly does: 'answer'; readonly status: number; readonly body: string; readonly location?: string }
  /** Sends the piece of a body that never ends. */
  | { readonly does: 'stream'; readonly piece: string }
  /** Sends headers with the length of a body, and no body. */
  | { readonly does: 'owe-body' }
  | { readonly does: 'nothing' }
  | { readonly does: 'close' }
  /** Says something that is not HTTP. */
  | { readonly does: 'talk-otherwise' };

/** One request as it was received. */
export interface ProbedRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly connection: string | undefined;
}

/** It listens until it is disposed of. */
export interface ProbedApp extends AsyncDisposable {
  readonly target: ProbeTarget;
  readonly seen: readonly ProbedRequest[];
}

export interface ProberUnderTest {
  readonly prober: Prober;
  readonly serve: (probed: Probed) => Promise<ProbedApp>;
}

/** The promises of `src/engine/ports/prober.ts` for instances. */
export function proberConformance(driver: string, { prober, serve }: ProberUnderTest): void {
  const probe = async (probed: Probed, check = {}): Promise<ProbeResult> => {
    await using app = await serve(probed);
    return await prober.probe(app.target, { ...defaultHealthCheck, ...check }, limit());
  };
  const rule = (name: string, body: () => Promise<void>): void =>
    void test(`${driver}: ${name}`, { timeout: 30_000 }, body);

  rule('5.1: the status and the start of the body are told', async () => {
    const result = await probe({ does: 'answer', status: 503, body: 'db unreachable\n' });
    assert.deepEqual(result, { type: 'answered', status: 503, bodyStart: 'db unreachable' });
  });

  rule('the body’s start is at most 200 printable characters', async () => {
    const result = await probe({ does: 'answer', status: 200, body: `a\u0000\u001b[31m\r\nb${'é'.repeat(5_000)}` });
    assert.equal(result.type, 'answered');
    assert.equal(result.type === 'answered' && result.bodyStart.length, 200);
    assert.match(result.type === 'answered' ? result.bodyStart : '', /^a \[31m bé+$/);
  });

  rule('path, method and Host are those of the check, and the connection is not kept', async () => {
    await using app = await serve({ does: 'answer', status: 200, body: 'whole' });
    const check = { path: '/up?x=1', method: 'HEAD', hostHeader: 'shop.example' } as const;
    const result = await prober.probe(app.target, { ...defaultHealthCheck, ...check }, limit());
    assert.deepEqual(app.seen, [{ method: 'HEAD', path: '/up?x=1', host: 'shop.example', connection: 'close' }]);
    assert.deepEqual(result, { type: 'answered', status: 200, bodyStart: '' });
  });

  rule('without a Host of the check’s own the instance is asked by its address and port', async () => {
    await using app = await serve({ does: 'answer', status: 200, body: '' });
    await prober.probe(app.target, defaultHealthCheck, limit());
    const { target } = app;
    assert.deepEqual(
      app.seen.map(({ host }) => host),
      [target.kind === 'instance' ? `${target.address}:${target.port}` : ''],
    );
  });

  rule('a redirect is an answer and is not followed', async () => {
    await using app = await serve({ does: 'answer', status: 302, body: '', location: '/login' });
    const result = await prober.probe(app.target, defaultHealthCheck, limit());
    assert.deepEqual(result, { type: 'answered', status: 302, bodyStart: '' });
    assert.equal(app.seen.length, 1);
  });

  rule('a stream that never ends is answered with its first piece', async () => {
    const result = await probe({ does: 'stream', piece: 'data: 1\n\n' });
    assert.deepEqual(result, { type: 'answered', status: 200, bodyStart: 'data: 1' });
  });

  rule('nobody listening is refused', async () => {
    const { target, [Symbol.asyncDispose]: close } = await serve({ does: 'nothing' });
    await close();
    assert.deepEqual(await prober.probe(target, defaultHealthCheck, limit()), { type: 'refused' });
  });

  rule('no answer, and headers without a body, are timed out, and not before their time', async () => {
    for (const does of ['nothing', 'owe-body'] as const) {
      const began = performance.now();
      assert.deepEqual(await probe({ does }, { timeoutMs: 200 }), { type: 'timed-out' });
      const took = performance.now() - began;
      assert.ok(took >= 190 && took < 5_000, `${does}: ${took} ms`);
    }
  });

  rule('a connection that is closed, and an answer that is not HTTP, are broken', async () => {
    assert.equal((await probe({ does: 'close' })).type, 'broken');
    assert.equal((await probe({ does: 'talk-otherwise' })).type, 'broken');
  });

  rule('a path or host that HTTP cannot carry is broken, not thrown', async () => {
    const well = { does: 'answer', status: 200, body: '' } as const;
    assert.equal((await probe(well, { path: '/a b' })).type, 'broken');
    assert.equal((await probe(well, { hostHeader: 'a\r\nb' })).type, 'broken');
  });

  rule('an abort is thrown', async () => {
    await using app = await serve({ does: 'nothing' });
    const stop = new AbortController();
    const probing = prober.probe(app.target, defaultHealthCheck, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(probing, /enough/);
  });
}
