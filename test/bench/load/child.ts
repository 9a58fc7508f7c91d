/** The load client as a process of its own, so that the clock it sends by is not disturbed by what measures it. */
import { startClient } from './client.ts';
import type { LoadOptions } from './load-options.ts';
import type { ToChild } from './load-process.ts';

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const client = startClient(options);
const progress = setInterval(() => process.send?.({ type: 'progress', requests: client.requests() }), 500);

process.on('message', (message: ToChild) => {
  if (message.type === 'switch') client.noteSwitch(message.switch);
  else void finish();
});
// Whoever started it is gone: nobody waits for a report, so only stop sending.
process.once('disconnect', () => {
  clearInterval(progress);
  void client.stop();
});

async function finish(): Promise<void> {
  const report = await client.stop();
  clearInterval(progress);
  process.removeAllListeners('disconnect');
  process.send?.({ type: 'report', report }, () => process.disconnect());
}
