import { randomUUID } from 'node:crypto';
import type { WireDeployment } from '../../src/contract/schemas/deployment.ts';
import { badApp, goodApp, slowApp } from './crash-app.ts';
import type { ScenarioName } from './crash-case.ts';
import { isRunning } from './processes.ts';
import type { Subject } from './subject.ts';

/** Something a user does. */
export interface Scenario {
  /** All that comes before what is looked at; resolves to what a user then does, and that resolves to the deployment's number. */
  prepare(subject: Subject): Promise<Act>;
  /** How the deployment has to end, whatever crashed. */
  readonly outcome: { readonly state: WireDeployment['state']; readonly reason: RegExp };
}

export interface Act {
  readonly act: () => Promise<number>;
  /** What is still there that should not be, besides what is looked for in every scenario. */
  readonly leftovers?: () => readonly string[];
}

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  good: {
    outcome: { state: 'completed', reason: /^$/ },
    async prepare(subject) {
      await subject.commit(goodApp());
      return { act: () => subject.trigger() };
    },
  },
  directory: {
    outcome: { state: 'completed', reason: /^$/ },
    async prepare(subject) {
      const files = goodApp();
      return { act: () => subject.sendDirectory(files) };
    },
  },
  upload: {
    outcome: { state: 'completed', reason: /^$/ },
    async prepare(subject) {
      const tarball = await subject.tarball();
      return { act: () => subject.upload(tarball) };
    },
  },
  bad: {
    outcome: { state: 'failed', reason: /db unreachable/ },
    async prepare(subject) {
      await subject.commit(badApp());
      return { act: () => subject.trigger() };
    },
  },
  rollback: {
    outcome: { state: 'completed', reason: /^$/ },
    prepare: (subject) => Promise.resolve({ act: () => subject.rollBack() }),
  },
  cancel: {
    outcome: { state: 'cancelled', reason: /^cancelled by a user$/ },
    async prepare(subject) {
      const mark = randomUUID();
      await subject.commit(slowApp(mark));
      const number = await subject.trigger();
      await subject.stage.until('the build to run', async () => (isRunning(mark) ? true : null));
      return {
        act: async () => {
          await subject.cancel(number);
          return number;
        },
        leftovers: () => (isRunning(mark) ? ['a build that nobody waits for goes on'] : []),
      };
    },
  },
};
