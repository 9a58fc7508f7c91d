import { parentPort } from 'node:worker_threads';
import { runCell, type Cell } from './cell.ts';

parentPort?.on('message', (cell: Cell) => parentPort?.postMessage(runCell(cell), []));
