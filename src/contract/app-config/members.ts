import { z } from 'zod';

/** What a value has to be; what is not there at all is said so first. */
export function expecting(message: string) {
  return (issue: { readonly input?: unknown }): string => {
    if (issue.input === undefined) return 'is missing';
    return issue.input === null ? 'has no value' : message;
  };
}

/** A part of the document with fixed names. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, { error: expecting('must be a map of names and values') });
}

/** YAML reads `1.10` as a number and would lose the nought. */
export function text() {
  return z.string({ error: expecting('must be text; put it in quotes') });
}

export function choice<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, { error: expecting(`must be one of ${values.join(', ')}`) });
}

export function trueOrFalse() {
  return z.boolean({ error: expecting('must be true or false') });
}

export function wholeNumber(min: number, max: number) {
  return oneNumber(min, max, `must be a whole number from ${min} to ${max}`);
}

/** A whole number that is one of several forms: the message tells of all of them. */
export function oneNumber(min: number, max: number, message: string) {
  const error = expecting(message);
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function numberBetween(min: number, max: number) {
  const error = expecting(`must be a number from ${min} to ${max}`);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** Text that a rule of the domain has to accept; the rule completes "<name> …" where it does not. */
export function ruledText(problem: (value: string) => string | null) {
  return text().superRefine((value, context) => {
    const message = problem(value);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}
