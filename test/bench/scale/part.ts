import type { Message } from './own-process.ts';
import { servePages } from './pages-server.ts';
import { measureQueue } from './queue.ts';

/** `part.ts <queue|pages> [--quick]`: started by `OwnProcess`. Ends when it is told to, or when nobody is left who could. */
const options = {
  quick: process.argv.includes('--quick'),
  say: (text: string) => tell({ type: 'line', text }),
};
const ending = Promise.withResolvers<void>();
process.once('message', () => ending.resolve());
process.once('disconnect', () => ending.resolve());

if (process.argv[2] === 'queue') {
  tell({ type: 'figures', figures: await measureQueue(options) });
  await ending.promise;
} else {
  await using serving = await servePages(options);
  tell({ type: 'serving', url: serving.url, token: serving.token, inStore: serving.inStore });
  await ending.promise;
}
if (process.connected) process.disconnect();

function tell(message: Message): void {
  process.send?.(message);
}
