import { measureQueue } from './scale/queue.ts';
import { measurePages } from './scale/pages.ts';
import type { Bench, Figure } from './figure.ts';

/** Many environments, and a long history: the real engine and the real stores, over a machine in memory and a real PostgreSQL. */
export const run: Bench = async ({ quick, only = ['queue', 'pages'], say }) => {
  const figures: Figure[] = [];
  if (only.includes('queue')) figures.push(...(await measureQueue({ quick, say })));
  if (only.includes('pages')) figures.push(...(await measurePages({ quick, say })));
  return figures;
};
