import type { Program, ProgramStep } from './program.ts';

/**
 * A smaller program that fails as well: steps are left out, many at once and then one by one, for as long as that can be done. `fails`
 * must say the same whenever it is asked about the same program.
 */
export async function shrink(program: Program, fails: (smaller: Program) => Promise<boolean>): Promise<Program> {
  let smallest = program;
  for (let size = Math.ceil(smallest.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    smallest = await leaveOut(smallest, size, fails);
  }
  const still = { ...smallest, jitterMs: 0 };
  return (await fails(still)) ? still : smallest;
}

/** As often as it helps: what had to stay for the sake of another step may go with it. */
async function leaveOut(
  program: Program,
  size: number,
  fails: (smaller: Program) => Promise<boolean>,
): Promise<Program> {
  let smallest = program;
  for (let from = 0; from < smallest.steps.length;) {
    const steps: readonly ProgramStep[] = smallest.steps.toSpliced(from, size);
    if (await fails({ ...smallest, steps })) smallest = { ...smallest, steps };
    else from += size;
  }
  return smallest;
}
