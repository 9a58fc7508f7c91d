import { CutoverError } from '../../src/domain/errors.ts';
import type { ArmedFaults } from './armed-faults.ts';
import { isDatabase, portErrors, type ArmedFault } from './program.ts';
import type { SimulatedProcess } from './process.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What stands between a control plane and its surroundings. */
export interface Fate {
  readonly process: SimulatedProcess;
  readonly clock: VirtualClock;
  readonly faults: ArmedFaults;
  /** How long this call takes on its way, in ms; 0: no time at all. */
  readonly travelMs: () => number;
  /** Nobody answers there now. */
  readonly isGone: (port: string) => boolean;
  /** Null where nobody looks. */
  readonly trace: ((line: string) => void) | null;
}

type Method = (...args: readonly unknown[]) => unknown;

interface Call {
  readonly port: string;
  /** `runtime.start`. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly target: object;
  readonly method: Method;
}

interface Answer {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The port as a process sees it that can die at any call of it. Every method must return a promise or an async iterable but those of
 * `direct`, which are passed through.
 */
export function faultyPort<T extends object>(
  target: T,
  options: {
    readonly fate: Fate;
    readonly port: string;
    readonly streams?: readonly (keyof T & string)[];
    readonly direct?: readonly (keyof T & string)[];
  },
): T {
  const wrapped: Record<string, unknown> = {};
  for (const key of methodsOf(target)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every port is made of methods, and of what stays as it is
    const method = (target as Record<string, unknown>)[key];
    wrapped[key] = typeof method === 'function' ? asSeen({ target, key, method: method as Method }, options) : method;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has every method of the target
  return wrapped as T;
}

/**
 * Made here and not where it is assigned: what is written right behind an `=` of a property the engine of JavaScript takes to live long,
 * and keeps, with the whole history that it belongs to, until it looks through everything.
 */
function asSeen(
  { target, key, method }: { readonly target: object; readonly key: string; readonly method: Method },
  {
    fate,
    port,
    streams = [],
    direct = [],
  }: {
    readonly fate: Fate;
    readonly port: string;
    readonly streams?: readonly string[];
    readonly direct?: readonly string[];
  },
): Method {
  const name = `${port}.${key}`;
  if (direct.includes(key)) return (...args) => method.apply(target, [...args]);
  if (streams.includes(key))
    return (...args) => stream(fate, name, (extended) => method.apply(target, [...extended]), args);
  return (...args) => perform(fate, { port, name, args, target, method });
}

/** Own ones and those of its classes. */
function methodsOf(target: object): readonly string[] {
  const names = new Set<string>();
  for (
    let one: object | null = target;
    one !== null && one !== Object.prototype;
    one = Object.getPrototypeOf(one) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(one)) if (name !== 'constructor') names.add(name);
  }
  return [...names];
}

function perform(fate: Fate, call: Call): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { process } = fate;
    // Nearly always it runs, and then neither needs a function of its own.
    const answer: Answer = {
      resolve: (value) => (process.isRunning ? resolve(value) : process.pass(() => resolve(value))),
      reject: (error) => (process.isRunning ? reject(error) : process.pass(() => reject(error))),
    };
    if (process.isRunning) begin(fate, call, answer);
    else process.send(() => begin(fate, call, answer));
  });
}

function begin(fate: Fate, call: Call, answer: Answer): void {
  const signal = signalOf(call);
  if (signal?.aborted === true) return answer.reject(signal.reason);
  const fault = fate.faults.take(call.name);
  if (fate.trace !== null) traceCall(fate, call, fault);
  const travelMs = fate.travelMs();
  if (fault !== null) {
    suffer(fate, call, { fault, answer });
    return;
  }
  if (fate.isGone(call.port)) {
    answer.reject(unreachable(call));
    return;
  }
  if (travelMs === 0) act(call, answer);
  else later(fate, call, { ms: travelMs, answer });
}

function act({ target, method, args }: Call, { resolve, reject }: Answer): void {
  try {
    const result = method.apply(target, args as unknown[]);
    if (result instanceof Promise) result.then(resolve, reject);
    else resolve(result);
  } catch (error) {
    reject(error);
  }
}

function unlessAborted(call: Call, answer: Answer): void {
  const signal = signalOf(call);
  if (signal?.aborted === true) answer.reject(signal.reason);
  else act(call, answer);
}

/**
 * On its way so long; whoever has given up meanwhile has asked for nothing. What a dead process has sent still comes to pass, but not at
 * the database: that heard of its death first.
 */
function later(
  { clock, process }: Fate,
  call: Call,
  { ms, answer }: { readonly ms: number; readonly answer: Answer },
): void {
  clock.at(ms, () => {
    if (!process.isDead || !isDatabase(call.port)) unlessAborted(call, answer);
  });
}

function suffer(
  fate: Fate,
  call: Call,
  { fault, answer }: { readonly fault: ArmedFault; readonly answer: Answer },
): void {
  const { process, clock } = fate;
  const error = () => answer.reject(unreachable(call));
  switch (fault.what) {
    case 'fail':
      return call.port === 'prober' ? answer.resolve({ type: 'timed-out' }) : error();
    case 'lose-answer':
      return act(call, { resolve: error, reject: answer.reject });
    case 'twice':
      return act(call, { resolve: () => act(call, answer), reject: answer.reject });
    case 'late':
      return later(fate, call, { ms: fault.ms, answer });
    case 'late-answer':
      return act(call, {
        resolve: (value) => clock.at(fault.ms, () => answer.resolve(value)),
        reject: (failure) => clock.at(fault.ms, () => answer.reject(failure)),
      });
    case 'hang':
      return hang(clock, call, { ms: fault.ms, answer, giveUp: error });
    case 'crash-before':
      return process.kill();
    case 'crash-after':
      act(call, { resolve: () => process.kill(), reject: () => process.kill() });
      return undefined;
    case 'stop-before':
    case 'suspend-before':
      process.standStill(fault.ms, fault.what === 'suspend-before');
      return process.send(() => unlessAborted(call, answer));
    case 'stop-after':
    case 'suspend-after':
      act(call, answer);
      return process.standStill(fault.ms, fault.what === 'suspend-after');
  }
}

function unreachable({ port, name }: Call): CutoverError {
  return new CutoverError(portErrors[port] ?? 'internal', `simulated: ${name}`);
}

function hang(
  clock: VirtualClock,
  call: Call,
  { ms, answer, giveUp }: { readonly ms: number; readonly answer: Answer; readonly giveUp: () => void },
): void {
  const signal = signalOf(call);
  signal?.addEventListener('abort', () => answer.reject(signal.reason), { once: true });
  if (signal?.aborted === true) answer.reject(signal.reason);
  else clock.at(ms, giveUp);
}

function signalOf({ args }: Call): AbortSignal | null {
  const last = args.at(-1);
  return last instanceof AbortSignal ? last : null;
}

/** What is streamed ends for the outside when the process dies, and never ends for the process. */
async function* stream(
  fate: Fate,
  name: string,
  open: (args: readonly unknown[]) => unknown,
  args: readonly unknown[],
): AsyncGenerator {
  const { process, trace } = fate;
  const running = () => new Promise<void>((resolve) => process.pass(resolve));
  await running();
  if (trace !== null) trace(`${name}()`);
  const extended = args.map((arg) => (arg instanceof AbortSignal ? AbortSignal.any([arg, process.death]) : arg));
  try {
    for await (const item of open(extended) as AsyncIterable<unknown>) {
      await running();
      yield item;
    }
  } catch (error) {
    await running();
    throw error;
  }
  await running();
}

function traceCall({ trace }: Fate, { name, args }: Call, fault: ArmedFault | null): void {
  const suffix = fault === null ? '' : `   <== ${fault.what} ${fault.ms > 0 ? `${fault.ms} ms` : ''}`;
  trace?.(`${name}(${args.map(short).join(', ')})${suffix}`);
}

function short(value: unknown): string {
  if (value instanceof AbortSignal) return '~';
  if (typeof value === 'function') return 'f';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
