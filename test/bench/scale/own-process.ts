import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runtimeFlags } from '../../../src/daemon/server-process.ts';
import type { Figure } from '../figure.ts';
import type { PageTimes } from './pages-server.ts';

/** What the process of a part tells the one that started it. */
export type Message =
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'figures'; readonly figures: readonly Figure[] }
  | { readonly type: 'serving'; readonly url: string; readonly token: string; readonly inStore: PageTimes };

const entry = fileURLToPath(new URL('./part.ts', import.meta.url));

/** A part of the bench in a process of its own, which runs as a control plane does: with its flags, and with nobody else's garbage. */
export class OwnProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #messages: AsyncIterator<unknown>;
  readonly #say: (line: string) => void;

  constructor(
    part: 'queue' | 'pages',
    { quick, say }: { readonly quick: boolean; readonly say: (line: string) => void },
  ) {
    this.#say = say;
    this.#child = fork(entry, [part, ...(quick ? ['--quick'] : [])], { execArgv: [...runtimeFlags] });
    this.#messages = on(this.#child, 'message', { close: ['exit'] });
  }

  /** The next message that is no line of progress, which is passed on. */
  async next(): Promise<Exclude<Message, { readonly type: 'line' }>> {
    for (;;) {
      const { done, value } = await this.#messages.next();
      if (done === true) throw new Error(`the process of the bench has ended with ${this.#child.exitCode}`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `part.ts` sends any
      const [message] = value as readonly [Message];
      if (message.type !== 'line') return message;
      this.#say(message.text);
    }
  }

  /** Tells it to end; it takes its database with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.send('end');
    await once(this.#child, 'exit');
  }
}
