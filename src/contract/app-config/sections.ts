import { z } from 'zod';
import { shellCommand } from '../../domain/app-config/shell-command.ts';
import { builders, defaultBuildSettings, presets, type BuildSettings } from '../../domain/build-settings.ts';
import { defaultEnvironmentSettings, slowActions } from '../../domain/environment-settings.ts';
import { defaultHealthCheck, type HealthCheck } from '../../domain/health-check.ts';
import { commandProblem, processLimits } from '../../domain/process-rules.ts';
import { processKind, processName } from '../../domain/processes.ts';
import { buildSettingsProblem, environmentSettingsProblem } from '../../domain/settings-rules.ts';
import { volumeAccesses, volumeName, volumePathProblem } from '../../domain/volumes.ts';
import {
  choice,
  expecting,
  numberBetween,
  oneNumber,
  ruledText,
  section,
  text,
  trueOrFalse,
  wholeNumber,
} from './members.ts';
import { duration, memory } from './quantities.ts';

const dayMs = 86_400_000;
const nameMessage = 'must be a name of at most 30 lower-case letters, digits, - and _ that begins with a letter';

/** A list is the argument vector itself; a text is a line for the shell in the container. Gives the argument vector. */
export const commandSchema = z
  .union([text(), z.array(text())], { error: expecting('must be a command: a text, or a list of texts') })
  .transform((command, context) => {
    const vector = typeof command === 'string' ? shellCommand(command) : command;
    const nothing = typeof command === 'string' && command.trim() === '';
    const problem = nothing ? 'must name a program' : commandProblem(vector);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
    return vector;
  })
  .meta({ description: 'A line for the shell in the container, or a list: the program and its arguments.' });

export const cpuSchema = numberBetween(...processLimits.cpuCores).meta({ description: 'Cores per instance.' });
export const memorySchema = memory(processLimits.memoryMb);

const probeMembers = {
  interval: duration(50, dayMs).exactOptional(),
  timeout: duration(1, dayMs).exactOptional(),
  healthyThreshold: wholeNumber(1, 100).exactOptional(),
  unhealthyThreshold: wholeNumber(1, 100).exactOptional(),
  startPeriod: duration(0, dayMs).exactOptional(),
};

const checkSchema = section({ command: commandSchema, ...probeMembers }).meta({
  description: 'A command that is run in the instance; exit code 0 is healthy.',
});

const limits = { cpu: cpuSchema.exactOptional(), memory: memorySchema.exactOptional() };

const workerSchema = orCommand(
  section({
    command: commandSchema.exactOptional(),
    replicas: wholeNumber(...processLimits.replicas).exactOptional(),
    ...limits,
    check: checkSchema.exactOptional(),
    stayUp: duration(...processLimits.stayUpMs)
      .meta({ description: 'How long a worker without a check must stay up.' })
      .exactOptional(),
  }),
).meta({ description: 'A worker: long-running, without traffic.' });

const webSchema = orCommand(section({ command: commandSchema })).meta({
  description: 'What gets traffic. Its replicas and limits are `replicas` and `resources` at the top.',
});

export const oneOffSchema = orCommand(section({ command: commandSchema, ...limits }));

/** Names that are not legal are found after the types are right. */
export const processesSchema = z
  .object({ web: webSchema.exactOptional() }, { error: expecting('must be a map of names and processes') })
  .catchall(workerSchema)
  .superRefine((processes, context) => {
    for (const name of Object.keys(processes)) {
      const kind = processKind(name);
      const misplaced = kind === 'release' || kind === 'contract';
      if (misplaced) addKeyIssue(context, name, `\`${name}\` runs once: it stands at the top, beside \`processes\``);
      else if (!processName.test(name)) addKeyIssue(context, name, nameMessage);
    }
    limitCount(processes, processLimits.processes - 2, context);
  })
  .meta({ propertyNames: { pattern: processName.source }, maxProperties: processLimits.processes - 2 });

export const volumesSchema = z
  .record(
    z.string(),
    section({
      path: ruledText(volumePathProblem).meta({ description: 'Absolute path in the container.' }),
      access: choice(volumeAccesses).meta({
        description: '`exclusive`: only one version at a time may have it, so the strategy becomes `recreate`.',
      }),
      readOnly: trueOrFalse().exactOptional(),
    }),
    { error: expecting('must be a map of names and volumes') },
  )
  .superRefine((volumes, context) => {
    for (const name of Object.keys(volumes)) if (!volumeName.test(name)) addKeyIssue(context, name, nameMessage);
    limitCount(volumes, processLimits.volumes, context);
  })
  .meta({ propertyNames: { pattern: volumeName.source }, maxProperties: processLimits.volumes });

export const healthSchema = section({
  path: healthText('path').exactOptional(),
  method: choice(['GET', 'HEAD']).exactOptional(),
  host: healthText('hostHeader').meta({ description: 'Sent as the Host header.' }).exactOptional(),
  status: statusRange().exactOptional(),
  ...probeMembers,
}).meta({ description: 'The gate every new instance has to pass, and what is asked of it afterwards.' });

export const buildSchema = section({
  builder: choice(builders).exactOptional(),
  preset: choice(presets).exactOptional(),
  dockerfile: buildText('dockerfile').exactOptional(),
  target: buildText('target').meta({ description: 'Stage of the Dockerfile.' }).exactOptional(),
  buildEnv: z
    .record(z.string(), text(), { error: expecting('must be a map of names and texts') })
    .superRefine((buildEnv, context) => {
      const problem = buildSettingsProblem({ ...defaultBuildSettings, buildEnv });
      if (problem !== null) context.addIssue({ code: 'custom', message: problem.message });
    })
    .meta({ description: 'Set while building, not at run time. Not for secrets.' })
    .exactOptional(),
  installCommand: buildText('installCommand').exactOptional(),
  buildCommand: buildText('buildCommand').exactOptional(),
  startCommand: buildText('startCommand').exactOptional(),
  outputDirectory: buildText('outputDirectory').exactOptional(),
  submodules: trueOrFalse().meta({ description: 'With the files of submodules.' }).exactOptional(),
  lfs: trueOrFalse().meta({ description: 'With the content of files that Git LFS keeps.' }).exactOptional(),
}).meta({ description: 'How the app is built. Paths are relative to the directory of this file.' });

export const rollbackSchema = section({
  automatic: trueOrFalse().exactOptional(),
  slow: choice(slowActions).meta({ description: 'What is done when the new version is slower.' }).exactOptional(),
});

const steps = 'must be a list of one to ten whole numbers from 1 to 99, rising';

export const canarySchema = section({
  steps: z
    .array(wholeNumber(1, 99), { error: expecting(steps) })
    .min(1, { error: steps })
    .max(10, { error: steps })
    .refine((shares) => shares.every((share, index) => share > (shares[index - 1] ?? 0)), { error: steps })
    .meta({ description: 'Percent of the traffic before all of it, rising.' })
    .exactOptional(),
});

/** The short form of an entry that has nothing but a command. */
function orCommand<S extends z.ZodType>(schema: S) {
  return z.union([commandSchema, schema], { error: expecting('must be a command, or a map with one') });
}

type TextOf<T> = { [K in keyof T]: string extends T[K] ? K : never }[keyof T];

function healthText(name: TextOf<HealthCheck>) {
  return ruledText((value) => {
    const health = { ...defaultHealthCheck, [name]: value };
    const problem = environmentSettingsProblem({ ...defaultEnvironmentSettings, health });
    return problem?.field === `health.${name}` ? problem.message : null;
  });
}

function buildText(name: TextOf<BuildSettings>) {
  return ruledText((value) => buildSettingsProblem({ ...defaultBuildSettings, [name]: value })?.message ?? null);
}

/** `200` or `200-399`; gives both ends. */
function statusRange() {
  const message = 'must be a status or a range of them, such as 200 or 200-399';
  const error = expecting(message);
  const pattern = /^([1-5]\d\d)-([1-5]\d\d)$/;
  return z
    .union([oneNumber(100, 599, message), z.string({ error }).regex(pattern, { error })], { error })
    .transform((value, context): readonly [number, number] => {
      if (typeof value === 'number') return [value, value];
      const [, min, max] = pattern.exec(value) ?? [];
      if (Number(min) > Number(max)) context.addIssue({ code: 'custom', message });
      return [Number(min), Number(max)];
    })
    .meta({ description: 'Accepted status: 200, or 200-399 with both ends.' });
}

/** `params.at`: it is the key that is wrong, not what it is given. */
function addKeyIssue(context: z.core.$RefinementCtx, name: string, message: string): void {
  context.addIssue({ code: 'custom', path: [name], message, params: { at: 'key' } });
}

function limitCount(map: object, most: number, context: z.core.$RefinementCtx): void {
  if (Object.keys(map).length <= most) return;
  context.addIssue({ code: 'custom', message: `must not have more than ${most} entries` });
}
