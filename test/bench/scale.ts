import type { Bench, BenchOptions, Figure } from './figure.ts';
import { OwnProcess } from './scale/own-process.ts';
import { measurePages } from './scale/pages.ts';

/** Many environments, and a long history: the real engine and the real stores, over a machine in memory and a real PostgreSQL. */
export const run: Bench = async ({ quick, only = ['queue', 'pages'], say }) => [
  ...(only.includes('queue') ? await measureQueue({ quick, say }) : []),
  ...(only.includes('pages') ? await measurePages({ quick, say }) : []),
];

async function measureQueue(options: Pick<BenchOptions, 'quick' | 'say'>): Promise<readonly Figure[]> {
  await using draining = new OwnProcess('queue', options);
  const message = await draining.next();
  if (message.type !== 'figures') throw new Error(`the process of the bench has told ${message.type}`);
  return message.figures;
}
