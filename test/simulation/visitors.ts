import { isAsleep } from '../../src/domain/route.ts';
import type { MemoryDatabase } from './memory/store/database.ts';
import type { Stage } from './stage.ts';

interface VisitorsOptions {
  readonly stage: Stage;
  readonly database: MemoryDatabase;
  /** Whether anything was out of order in the last so many virtual ms. */
  readonly wasTrouble: (ms: number) => boolean;
  /** Somebody was not answered who should have been. */
  readonly onFailure: (what: string) => void;
}

/** Shorter than a drain, so that whoever is let finish can. */
const answerMs = 900;

/** People whose requests are on their way while versions come and go: they take their time, and none of them may notice. */
export class Visitors {
  readonly #options: VisitorsOptions;
  #visits = 0;

  constructor(options: VisitorsOptions) {
    this.#options = options;
  }

  /** One for every host that serves. `calm`: nothing goes wrong, so that nobody waits too long for what sleeps. */
  come(calm = false): void {
    const { stage, database } = this.#options;
    for (const { environment, deleting } of database.environments.all()) {
      const [host] = environment.hosts;
      if (!deleting && host !== undefined && stage.hasServed(environment.id)) this.#visit(environment.id, host, calm);
    }
  }

  #visit(environmentId: string, host: string, calm: boolean): void {
    const { stage, database, wasTrouble, onFailure } = this.#options;
    const { router } = stage.world;
    if (stage.mayFail(database, environmentId, host)) return;
    this.#visits += 1;
    // What is not repeatable must never be cut.
    const method = this.#visits % 2 === 0 ? 'GET' : 'POST';
    const wasAsleep = isAsleep(router.routeOf(host));
    const visit = router.visit({ ...request, method, host });
    const waits = stage.since();
    const judge = (what: string | null) => {
      // Nobody may have been there to wake it for all that time.
      if (!calm && wasAsleep && waits() >= router.holdMs && wasTrouble(waits())) return;
      if (what !== null && !stage.mayFail(database, environmentId, host)) onFailure(`${method} ${host}: ${what}`);
    };
    visit.answer.then(
      ({ status, by }) => judge(by === null && status >= 500 ? `${status} by the router` : null),
      (error: unknown) => judge(`cut off: ${String(error)}`),
    );
  }
}

const request = {
  path: '/',
  headers: {},
  received: 0,
  upgrade: false,
  isProbe: false,
  takesMs: answerMs,
  cookie: null,
  uploading: false,
} as const;
