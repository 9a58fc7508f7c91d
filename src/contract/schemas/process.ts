import { z } from 'zod';
import { defaultEnvironmentSettings } from '../../domain/environment-settings.ts';
import { defaultExecCheck, defaultStayUpMs } from '../../domain/processes.ts';
import { named } from './named.ts';

const commandSchema = z.array(z.string()).meta({ description: 'The program and its arguments; no shell.' });

const execCheckSchema = named(
  'ExecCheck',
  z
    .object({
      command: commandSchema,
      intervalMs: z.number(),
      timeoutMs: z.number(),
      healthyThreshold: z.int(),
      unhealthyThreshold: z.int(),
      startPeriodMs: z.number(),
    })
    .meta({ description: 'A command that is run inside the instance; exit code 0 is healthy.' }),
);

export const processSchema = named(
  'Process',
  z.object({
    name: z.string().meta({ description: '`web`, `release`, `contract`, or the name of a kind of worker.' }),
    command: commandSchema.nullable().meta({ description: 'null: what the image itself starts.' }),
    replicas: z.int(),
    cpuCores: z.number(),
    memoryMb: z.number(),
    check: execCheckSchema.nullable().meta({ description: 'null: a worker must stay up for `stayUpMs`.' }),
    stayUpMs: z.number(),
  }),
);
export type WireProcess = z.output<typeof processSchema>;

const newExecCheckSchema = named(
  'NewExecCheck',
  z.strictObject({
    command: commandSchema,
    intervalMs: z.int().default(defaultExecCheck.intervalMs),
    timeoutMs: z.int().default(defaultExecCheck.timeoutMs),
    healthyThreshold: z.int().default(defaultExecCheck.healthyThreshold),
    unhealthyThreshold: z.int().default(defaultExecCheck.unhealthyThreshold),
    startPeriodMs: z.int().default(defaultExecCheck.startPeriodMs),
  }),
);

/** Shapes only; which values are acceptable is for the domain to say. */
export const newProcessSchema = named(
  'NewProcess',
  z.strictObject({
    name: z.string(),
    command: commandSchema.nullable().default(null),
    replicas: z.int().default(1),
    cpuCores: z.number().default(defaultEnvironmentSettings.cpuCores),
    memoryMb: z.int().default(defaultEnvironmentSettings.memoryMb),
    check: newExecCheckSchema.nullable().default(null),
    stayUpMs: z.int().default(defaultStayUpMs),
  }),
);
