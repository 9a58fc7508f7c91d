import pino from 'pino';
import type { OperatorLog } from '../engine/ports/ports.ts';

/** JSON lines on stderr, synchronously, so that the last words before a crash are kept. */
export function createOperatorLog(level: string): OperatorLog {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
