import type { HealthCheck, ProbeResult } from '../../../src/domain/health-check.ts';
import { printableStart } from '../../../src/drivers/probe/printable-start.ts';
import type { Clock } from '../../../src/engine/ports/clock.ts';
import type { Prober, ProbeTarget } from '../../../src/engine/ports/prober.ts';
import type { AppAnswer, AppRequest, Endpoint, Endpoints } from './endpoints.ts';
import type { StaticLookup } from './traffic/traffic.ts';

interface ProberParts {
  readonly endpoints: Endpoints;
  readonly staticEndpoint: StaticLookup;
  readonly clock: Clock;
}

/** Probes whatever listens in the world. Time passes only where the app takes some. */
export class MemoryProber implements Prober {
  readonly #parts: ProberParts;

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  async probe(target: ProbeTarget, check: HealthCheck, signal: AbortSignal): Promise<ProbeResult> {
    signal.throwIfAborted();
    const problem = problemOf(check);
    if (problem !== null) return { type: 'broken', message: problem };
    const endpoint = this.#find(target);
    if (endpoint === null) return { type: 'refused' };
    return this.#result(endpoint.take(requestOf(target, check)), check, signal);
  }

  #find(target: ProbeTarget): Endpoint | null {
    const { endpoints, staticEndpoint } = this.#parts;
    return target.kind === 'static'
      ? staticEndpoint(target.bundle, target.spa)
      : endpoints.find(target.address, target.port);
  }

  async #result(answer: AppAnswer, { method, timeoutMs }: HealthCheck, signal: AbortSignal): Promise<ProbeResult> {
    const { clock } = this.#parts;
    if (answer.nonsense !== null) return { type: 'broken', message: answer.nonsense };
    if (answer.closes === 'before-headers')
      return { type: 'broken', message: 'the connection was closed without an answer' };
    // A body that is promised and does not come is waited for; one that comes in pieces is not.
    const isDue = method !== 'HEAD' && answer.body === '' && answer.bodyMs !== 0;
    const waitMs = (answer.headersMs ?? Infinity) + (isDue ? (answer.bodyMs ?? Infinity) : 0);
    if (waitMs > 0) await clock.sleep(Math.min(waitMs, timeoutMs), signal);
    signal.throwIfAborted();
    if (waitMs >= timeoutMs) return { type: 'timed-out' };
    const bodyStart = method === 'HEAD' ? '' : printable(answer.body);
    return { type: 'answered', status: answer.status, bodyStart };
  }
}

function requestOf(target: ProbeTarget, { method, path, hostHeader }: HealthCheck): AppRequest {
  const host = hostHeader ?? (target.kind === 'instance' ? `${target.address}:${target.port}` : 'localhost');
  return {
    method,
    path,
    host,
    headers: { host, connection: 'close' },
    received: 0,
    upgrade: false,
    isProbe: true,
    takesMs: 0,
  };
}

/** What HTTP cannot carry; null: it can. */
function problemOf({ path, hostHeader }: HealthCheck): string | null {
  if (/[^\x21-\xff]/.test(path)) return 'Request path contains unescaped characters';
  if (hostHeader !== null && /[^\t\x20-\x7e\x80-\xff]/.test(hostHeader))
    return 'Invalid character in header content ["Host"]';
  return null;
}

/** Most bodies are plain already. */
function printable(body: string): string {
  return /^[\x21-\x7e]{0,200}$/.test(body) ? body : printableStart(Buffer.from(body));
}
