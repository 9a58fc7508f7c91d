import { z } from 'zod';
import { jobTypes, type JobStatus } from '../../domain/job.ts';

const statuses = ['pending', 'running', 'success', 'failure', 'cancelled', 'skipped'] as const satisfies JobStatus[];

export const jobTypeSchema = z.enum(jobTypes);
export const jobStatusSchema = z.enum(statuses);
