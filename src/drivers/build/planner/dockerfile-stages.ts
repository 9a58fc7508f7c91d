import { parseInstructions, type Instruction } from './dockerfile-instructions.ts';

export interface DockerfileStages {
  /** Names given with AS, lower case, in order. */
  readonly names: readonly string[];
  readonly stageCount: number;
  /** Images that stages up to the target start from or copy from, in order, without `scratch` and the file's own stages. */
  readonly baseImages: readonly string[];
}

/** Reads the stages as the builder will, with these build arguments. A name that stays unknown until the build is left out. */
export function readStages(
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>>,
  target: string | null,
): DockerfileStages {
  const globals = new Map<string, string>();
  const names: string[] = [];
  const images = new Set<string>();
  let stageCount = 0;
  let wanted = true;
  for (const instruction of parseInstructions(dockerfile)) {
    if (instruction.name === 'ARG' && stageCount === 0) declare(globals, instruction.rest, buildArgs);
    if (instruction.name === 'FROM') {
      wanted &&= !isTarget(target, names, stageCount);
      const stage = readFrom(instruction.rest, globals);
      if (wanted) addImage(images, stage.image, names);
      names.push(stage.name);
      stageCount += 1;
    }
    const source = copySource(instruction);
    if (source !== null && wanted && !/^\d+$/.test(source)) addImage(images, source, names);
  }
  return { names: names.filter((name) => name !== ''), stageCount, baseImages: [...images] };
}

/** True once the stage that was read last is the target. */
function isTarget(target: string | null, names: readonly string[], stageCount: number): boolean {
  if (target === null || stageCount === 0) return false;
  return names.at(-1) === target.toLowerCase() || String(stageCount - 1) === target;
}

function addImage(images: Set<string>, image: string, stageNames: readonly string[]): void {
  if (image !== '' && image !== 'scratch' && !stageNames.includes(image.toLowerCase())) images.add(image);
}

function readFrom(
  rest: string,
  globals: ReadonlyMap<string, string>,
): { readonly image: string; readonly name: string } {
  const words = rest.split(/\s+/).filter((word) => !word.startsWith('--'));
  const named = words[1]?.toLowerCase() === 'as' ? (words[2] ?? '') : '';
  return { image: substitute(words[0] ?? '', globals), name: named.toLowerCase() };
}

function copySource(instruction: Instruction): string | null {
  if (instruction.name !== 'COPY') return null;
  return /(?:^|\s)--from=(\S+)/.exec(instruction.rest)?.[1] ?? null;
}

/** `ARG A=1 B="two"`: what the caller passes wins over the default. */
function declare(globals: Map<string, string>, rest: string, buildArgs: Readonly<Record<string, string>>): void {
  for (const [, name = '', , quoted, single, bare] of rest.matchAll(/(\w+)(=(?:"([^"]*)"|'([^']*)'|(\S*)))?/g)) {
    const value = buildArgs[name] ?? quoted ?? single ?? bare;
    if (value !== undefined) globals.set(name, substitute(value, globals));
  }
}

/** `$A`, `${A}`, `${A:-default}`, `${A:+other}`. */
function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text
    .replaceAll(
      /\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
      (_, bare: string, braced: string, operator: string, word: string) => {
        const value = values.get(bare ?? braced) ?? '';
        if (operator === '-') return value === '' ? word : value;
        if (operator === '+') return value === '' ? '' : word;
        return value;
      },
    )
    .replaceAll(/^["']|["']$/g, '');
}
