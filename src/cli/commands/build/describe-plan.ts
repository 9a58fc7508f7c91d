import type { BuildOutput, BuildPlanReport, TriedRule } from '../../../contract/build-plan-report.ts';
import { plainText } from '../../output/quantities.ts';
import { facts, table } from '../../output/table.ts';

/** For people; `explain` adds the rules that were tried and the Dockerfile. */
export function describePlan(report: BuildPlanReport, explain: boolean): string {
  const { builder, preset, baseImages, contextDirectory, directory, output, explanation } = report;
  const summary = facts([
    ...(builder === undefined ? [['preset', preset] as const] : [['builder', builder] as const]),
    ['base images', baseImages.join(', ')],
    ['context', place(contextDirectory ?? directory)],
    ['result', describeOutput(output)],
  ]);
  const why = ['why', ...explanation.map((reason) => `  ${plainText(reason)}`)].join('\n');
  return [summary, why, ...(explain ? details(report) : [])].join('\n\n');
}

function details({ rules = [], dockerfile, preset, builder }: BuildPlanReport): readonly string[] {
  if (dockerfile === null) return tried(rules);
  const ofRepository = preset === 'dockerfile' && builder === undefined;
  const title = ofRepository ? 'Dockerfile of the repository' : 'Dockerfile';
  return [...tried(rules), `${title}\n\n${dockerfile.trimEnd()}`];
}

function tried(rules: readonly TriedRule[]): readonly string[] {
  if (rules.length === 0) return [];
  const rows = rules.map(({ preset, looksFor, seen }) => [preset, looksFor, seen === null ? 'no' : 'yes']);
  return [table(['RULE', 'LOOKS FOR', 'FITS'], rows)];
}

function place(directory: string): string {
  return directory === '' ? "the repository's root" : directory;
}

function describeOutput(output: BuildOutput): string {
  if (output.type === 'image') return 'an image that is run';
  const fallback = output.spa ? ', with index.html for unknown paths' : '';
  const files = output.type === 'image-files' ? 'files that the build leaves' : filesOf(output.directory);
  return `${files}, served as they are${fallback}`;
}

function filesOf(directory: string): string {
  return directory === '' ? 'the files of the app' : `the files in ${directory}`;
}
