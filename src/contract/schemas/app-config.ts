import { z } from 'zod';
import { standbyKinds, strategies } from '../../domain/environment-settings.ts';
import { choice, expecting, oneNumber, section, wholeNumber } from '../app-config/members.ts';
import { duration } from '../app-config/quantities.ts';
import {
  buildSchema,
  canarySchema,
  cpuSchema,
  healthSchema,
  memorySchema,
  oneOffSchema,
  processesSchema,
  rollbackSchema,
  volumesSchema,
} from '../app-config/sections.ts';

const dayMs = 86_400_000;
/** Longer than this the router does not hold a request (rule 5.2). */
const longestHoldMs = 30_000;
const portMessage = 'must be a port from 1 to 65535, or auto';

/**
 * `cutover.yaml` as it is written (rule 4.3): the input is what stands in the file, the output has milliseconds, MiB and argument
 * vectors. `docs/cutover.schema.json` is made of it.
 */
export const appConfigSchema = section({
  build: buildSchema.exactOptional(),
  processes: processesSchema
    .meta({ description: '`web` gets traffic; every other name is a kind of worker.' })
    .exactOptional(),
  release: oneOffSchema
    .meta({ description: 'Runs once in the new image before any traffic; if it fails, the deployment fails.' })
    .exactOptional(),
  contract: oneOffSchema
    .meta({ description: 'Runs once after the observation; afterwards there is no going back behind it.' })
    .exactOptional(),
  oneOffTimeout: told('After this, `release` or `contract` is ended and has failed.', duration(1_000, dayMs)),
  health: healthSchema.exactOptional(),
  strategy: choice(strategies).meta({ description: 'How traffic moves to the new version.' }).exactOptional(),
  canary: canarySchema.exactOptional(),
  rollback: rollbackSchema.exactOptional(),
  observation: told('How long the new version is compared with the old one; 0: not at all.', duration(0, dayMs)),
  standby: choice(standbyKinds)
    .meta({ description: 'How much of the old version stays up during the observation.' })
    .exactOptional(),
  drainTimeout: told('How long requests in flight, and the jobs of workers, may take to finish.', duration(0, dayMs)),
  stopGrace: told('Between SIGTERM and SIGKILL.', duration(0, dayMs)),
  holdTimeout: told('How long a request may wait while `recreate` has no version running.', duration(0, longestHoldMs)),
  port: z
    .union([oneNumber(1, 65_535, portMessage), z.literal('auto')], { error: expecting(portMessage) })
    .meta({ description: "What the app listens on; `auto`: the image's own, else 3000." })
    .exactOptional(),
  replicas: wholeNumber(1, 32).meta({ description: 'Instances of `web`.' }).exactOptional(),
  resources: section({ cpu: cpuSchema.exactOptional(), memory: memorySchema.exactOptional() })
    .meta({ description: 'Limits of an instance of `web`, and of processes that give none.' })
    .exactOptional(),
  volumes: volumesSchema.exactOptional(),
});

/** What it is for comes before what a duration is. */
function told<S extends z.ZodType>(purpose: string, schema: S) {
  return schema.meta({ description: [purpose, schema.meta()?.description].join(' ') }).exactOptional();
}

export type AppConfigDocument = z.output<typeof appConfigSchema>;

/** The JSON Schema of the file, for editors. */
export function appConfigJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(appConfigSchema, { io: 'input', target: 'draft-7', reused: 'inline' });
  return { title: 'cutover.yaml', description: 'How an app is built and run by Cutover.', ...schema };
}
