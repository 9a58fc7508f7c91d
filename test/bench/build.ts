import { measureApps } from './build-apps.ts';
import { measureCancel } from './build-cancel.ts';
import { measureIsolation } from './build-isolation.ts';
import { measureRedeploy } from './build-redeploy.ts';
import { measureSecrets } from './build-secrets.ts';
import type { Bench, Figure } from './figure.ts';

/** What `--only` takes: a part, or one case of it as `part:case`. */
const parts: Readonly<Record<string, Bench>> = {
  apps: measureApps,
  redeploy: measureRedeploy,
  isolation: measureIsolation,
  cancel: measureCancel,
  secrets: measureSecrets,
};

/** Building: each part on its own, one after the other. */
export const run: Bench = async ({ only, ...options }) => {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(parts)) {
    const asked = only?.filter((word) => word === name || word.startsWith(`${name}:`));
    if (asked?.length === 0) continue;
    const cases = asked?.flatMap((word) => word.split(':').slice(1)) ?? [];
    figures.push(...(await measure(cases.length === 0 ? options : { ...options, only: cases })));
  }
  return figures;
};
