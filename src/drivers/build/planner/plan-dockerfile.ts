import type { BuildPlan } from '../../../domain/build-plan.ts';
import type { BuildSettings } from '../../../domain/build-settings.ts';
import { CutoverError } from '../../../domain/errors.ts';
import type { App } from './app.ts';
import { readStages } from './dockerfile-stages.ts';

/** The user's own Dockerfile, unchanged, with the app directory as its context and the build environment as its arguments. */
export async function planDockerfile({ files, settings }: App, seen: readonly string[]): Promise<BuildPlan> {
  const text = await files.read(settings.dockerfile);
  if (text === null) {
    throw new CutoverError(
      'dockerfile_invalid',
      `there is no file \`${settings.dockerfile}\` in the app directory, or it leads out of the checkout`,
    );
  }
  const stages = readStages(text, settings.buildEnv, settings.target);
  if (stages.stageCount === 0) {
    throw new CutoverError('dockerfile_invalid', `\`${settings.dockerfile}\` has no FROM instruction`);
  }
  checkTarget(settings, stages.names, stages.stageCount);
  const target = settings.target === null ? [] : [`stage \`${settings.target}\` from the settings`];
  return {
    preset: 'dockerfile',
    explanation: [...seen, ...target],
    dockerfile: text,
    target: settings.target,
    baseImages: stages.baseImages,
    buildArgs: settings.buildEnv,
    output: { type: 'image' },
  };
}

function checkTarget(settings: BuildSettings, names: readonly string[], stageCount: number): void {
  const { target } = settings;
  if (target === null || names.includes(target.toLowerCase())) return;
  if (/^\d+$/.test(target) && Number(target) < stageCount) return;
  const known = names.length === 0 ? 'no stage has a name' : `its stages are ${names.join(', ')}`;
  throw new CutoverError('dockerfile_invalid', `\`${settings.dockerfile}\` has no stage \`${target}\`: ${known}`);
}
