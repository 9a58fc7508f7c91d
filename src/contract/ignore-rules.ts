/** What the CLI leaves at home is written and read as what a build leaves out. */
export { readIgnoreFile } from '../domain/ignore-rules.ts';
export type { IgnoreRules } from '../domain/ignore-rules.ts';
