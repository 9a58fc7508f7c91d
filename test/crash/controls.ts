import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { passedFile, planFile } from '../../src/daemon/crash-points.ts';

/** The directory by which a control plane is told where to crash, and tells which points it passed. */
export class CrashControls implements Disposable {
  readonly dir = mkdtempSync('/tmp/cutover-test-crash-');
  #run = 0;

  constructor() {
    appendFileSync(join(this.dir, passedFile), '');
    this.arm([]);
  }

  /** Points are counted anew from now on. */
  arm(points: readonly string[]): void {
    this.#run += 1;
    const path = join(this.dir, planFile);
    writeFileSync(`${path}.new`, [`run${this.#run}`, ...points].join('\n'));
    // A control plane that reads it meanwhile finds the old one or the new one.
    renameSync(`${path}.new`, path);
  }

  /** How many points are still to come. */
  left(): number {
    return readFileSync(join(this.dir, planFile), 'utf8').split('\n').length - 1;
  }

  /** The points passed since `arm`, in their order, by whichever process. */
  passed(): readonly string[] {
    const lines = readFileSync(join(this.dir, passedFile), 'utf8').split('\n');
    return lines.flatMap((line) => {
      const [run, , ...point] = line.split(' ');
      return run === `run${this.#run}` ? [point.join(' ')] : [];
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
