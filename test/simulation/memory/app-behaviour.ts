import type { ListeningPorts } from '../../../src/engine/ports/runtime.ts';

/** How a program behaves from its start to its end, as plain data. Times in milliseconds. */
export interface AppBehaviour {
  /** The engine cannot start it: there is no such program in the image. */
  readonly cannotStart: boolean;
  /** From its start until it listens; null: it never does. */
  readonly listensAfterMs: number | null;
  /** null: on the port that the instance was given. */
  readonly ports: ListeningPorts | null;
  /** How it comes to an end by itself; null: it does not. */
  readonly exits: Exit | null;
  /** One after the other, from when it listens; the last one lasts. None: 200 at once. */
  readonly answers: readonly AnswerPhase[];
  /** After SIGTERM. */
  readonly ending: Ending;
  readonly prints: readonly PrintedLine[];
  /** All the time that it runs. */
  readonly uses: { readonly cpuCores: number; readonly memoryBytes: number };
  /** What can be run inside of it, by the first word. */
  readonly commands: Readonly<Record<string, CommandBehaviour>>;
}

export interface Exit {
  /** From the start. */
  readonly afterMs: number;
  readonly exitCode: number;
  readonly outOfMemory?: boolean;
  /** Only of its first so many starts; default: of all. */
  readonly starts?: number;
}

export interface AnswerPhase {
  readonly forMs: number;
  /** null: it accepts connections and never answers. */
  readonly status: number | null;
  /** See `spoken`. */
  readonly body?: string;
  /** From the request to the headers. Default 0. */
  readonly answerMs?: number;
  /** This part of the visitors' requests, not of the probes, is answered with 500 instead. Default 0. */
  readonly errorRate?: number;
}

export interface Ending {
  /** null: it ignores SIGTERM. */
  readonly afterMs: number | null;
  readonly exitCode: number;
  readonly prints?: string;
}

export interface PrintedLine {
  /** From the start. */
  readonly atMs: number;
  readonly stream: 'stdout' | 'stderr';
  /** See `spoken`. */
  readonly text: string;
}

export interface CommandBehaviour {
  /** null: it never ends. */
  readonly afterMs: number | null;
  readonly exitCode: number;
  /** Both streams, in order; `$NAME` is the value of a variable of the instance. */
  readonly prints?: string;
  /** It prints the command lines of everything that runs in the instance. */
  readonly printsProcesses?: true;
  /** Writes to a file in a volume; exits with 1 where it cannot. */
  readonly writes?: { readonly path: string; readonly text: string };
  /** Prints a file in a volume; exits with 1 where there is none. */
  readonly reads?: string;
}

/** What an app says with `$NAME` in it, where that is the value of a variable of its own. */
export function spoken(text: string, variables: Readonly<Record<string, string>>): string {
  return text.includes('$') ? text.replace(/\$([A-Z_]+)/g, (_, name: string) => variables[name] ?? '') : text;
}

/** Listens at once, answers 200, exits 0 at SIGTERM, prints nothing and uses little. */
export const wellBehaved: AppBehaviour = Object.freeze({
  cannotStart: false,
  listensAfterMs: 0,
  ports: null,
  exits: null,
  answers: [],
  ending: { afterMs: 0, exitCode: 0 },
  prints: [],
  uses: { cpuCores: 0.01, memoryBytes: 20_000_000 },
  commands: {},
});

export function behaves(change: Partial<AppBehaviour>): AppBehaviour {
  return Object.freeze({ ...wellBehaved, ...change });
}

/** What runs in an instance: by the first word of its command, else by the name of its process, else `otherwise`. */
export interface App {
  readonly commands: Readonly<Record<string, AppBehaviour>>;
  readonly processes: Readonly<Record<string, AppBehaviour>>;
  readonly otherwise: AppBehaviour;
}

/** An app that behaves so whatever is run of it, but for the processes that are named. */
export function appThat(otherwise: AppBehaviour, processes: Readonly<Record<string, AppBehaviour>> = {}): App {
  return { commands: {}, processes, otherwise };
}

export function behaviourOf(app: App, process: string, command: readonly string[] | null): AppBehaviour {
  return app.commands[command?.[0] ?? ''] ?? app.processes[process] ?? app.otherwise;
}
