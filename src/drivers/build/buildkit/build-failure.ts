import { CutoverError } from '../../../domain/errors.ts';
import type { FailedStep } from './build-progress.ts';

/**
 * Names what went wrong from BuildKit's message and the step that failed. The message is for people; the code decides. A step that was killed
 * was so for memory, unless it is known that no build was short of it.
 */
export function explainFailure(
  message: string,
  step: FailedStep | null,
  shortOfMemory: boolean | null = null,
): CutoverError {
  const text = `${message}\n${step?.error ?? ''}`;
  const output = step?.lastLines.join('\n') ?? '';
  if (/no space left on device/i.test(`${text}\n${output}`)) {
    return new CutoverError('disk_full', withLines(`no space is left on the disk, in ${nameOf(step)}`, step));
  }
  if (/exit code: 137\b|signal: killed/.test(text) && shortOfMemory !== false) {
    const why =
      shortOfMemory === true
        ? 'killed (exit code 137): builds had used up the memory that they may have together'
        : 'killed (exit code 137), most likely for memory';
    return new CutoverError('build_out_of_memory', withLines(`${why}: ${nameOf(step)}`, step));
  }
  if (isDockerfileFault(message)) return new CutoverError('dockerfile_invalid', tidy(message));
  const image = missingImage(step);
  if (image !== null) {
    return new CutoverError(
      'base_image_missing',
      `the base image \`${image}\` is not on this machine and could not be pulled: ${lastPart(message)}`,
    );
  }
  const exit = /exit code: (\d+)/.exec(text)?.[1];
  const how = exit === undefined ? `: ${tidy(step?.error ?? message)}` : ` with exit code ${exit}`;
  return new CutoverError('build_failed', withLines(`${nameOf(step)} failed${how}`, step));
}

/** True when what could not be had is the image named in a `# syntax=` line, which BuildKit asks for in a step of this name. */
export function isFrontendMissing(step: FailedStep | null): boolean {
  return /^(?:resolve image config for|docker-image:\/\/)/.test(step?.name ?? '');
}

/** What BuildKit says while it reads the Dockerfile, before any step runs. */
function isDockerfileFault(message: string): boolean {
  return /dockerfile parse error|failed to parse (?:stage|dockerfile)|unknown instruction|unknown flag|no build stage|target stage .* could not be found|failed to reach build target|file with no instructions|circular dependency|invalid reference format|the Dockerfile .* cannot be empty|heredoc|requires (?:at least|exactly) .* argument|invalid field|should not be blank|from invalid stage/i.test(
    message,
  );
}

/** An image is looked up in a step of its own before it is used, and its layers are fetched in a step named FROM. */
function missingImage(step: FailedStep | null): string | null {
  const named = /^(?:.*load metadata for|resolve image config for|(?:\[[^\]]*\] )?FROM) (\S+)/.exec(
    step?.name ?? '',
  )?.[1];
  return named === undefined ? null : shortName(named);
}

function shortName(image: string): string {
  return image.replace(/@sha256:[0-9a-f]+$/, '').replace(/^(?:docker-image:\/\/)?docker\.io\/(?:library\/)?/, '');
}

function nameOf(step: FailedStep | null): string {
  return step === null ? 'the build' : `step \`${step.name}\``;
}

function withLines(summary: string, step: FailedStep | null): string {
  if (step === null || step.lastLines.length === 0) return summary;
  return `${summary}; its last lines:\n${step.lastLines.join('\n')}`;
}

/** Without the chain of wrappers in front. */
function tidy(message: string): string {
  return message
    .replace(
      /^(?:failed to solve(?: with frontend [\w.:/-]+)?: |failed to create LLB definition: |rpc error: code = \w+ desc = )+/,
      '',
    )
    .trim();
}

function lastPart(message: string): string {
  return tidy(message).slice(-300);
}
