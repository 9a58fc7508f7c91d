import type { BuildPlan } from '../../../domain/build-plan.ts';
import { notDetected, type App } from './app.ts';
import { rules } from './rules.ts';
import { Signs } from './signs.ts';

export interface Detection {
  readonly preset: BuildPlan['preset'];
  readonly explanation: readonly string[];
}

/** A rule that was asked, and what it saw; null: it did not fit. */
export interface TriedRule {
  readonly preset: BuildPlan['preset'];
  readonly looksFor: string;
  readonly seen: string | null;
}

/** The first rule of the table (rule 3.1) that fits. Errors: `app_not_detected` with what was looked for. */
export async function detect(app: App): Promise<Detection> {
  const fitting = (await detectionTrail(app)).find(({ seen }) => seen !== null);
  if (fitting === undefined) throw nothingFound(app);
  return { preset: fitting.preset, explanation: fitting.seen ? [fitting.seen] : [] };
}

/** The rules in order, up to the first that fits. */
export async function detectionTrail(app: App): Promise<readonly TriedRule[]> {
  const signs = new Signs(app);
  const trail: TriedRule[] = [];
  for (const { preset, looksFor, sees } of rules) {
    const seen = await sees(signs);
    trail.push({ preset, looksFor, seen });
    if (seen !== null) break;
  }
  return trail;
}

function nothingFound({ settings }: App) {
  const looked = new Set(
    rules.map(({ preset, looksFor }) => (preset === 'dockerfile' ? settings.dockerfile : looksFor)),
  );
  return notDetected(`nothing that can be deployed was found; looked for: ${[...looked].join('; ')}`);
}
