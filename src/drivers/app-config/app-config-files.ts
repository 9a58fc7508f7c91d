import { relative } from 'node:path';
import {
  appConfigFile,
  describeFileProblem,
  emptyAppConfig,
  procfile,
  type AppConfig,
  type CheckDocument,
  type FileProblem,
} from '../../domain/app-config.ts';
import { mergeProcesses } from '../../domain/app-config/merge-processes.ts';
import { parseProcfile, type Procfile } from '../../domain/app-config/procfile.ts';
import { CutoverError } from '../../domain/errors.ts';
import type { AppConfigReader } from '../../engine/ports/app-config-reader.ts';
import { openConfigDirectory, realOrNull, repositoryAround, type ConfigDirectory } from './config-directory.ts';
import { plainValue } from './plain-value.ts';
import { parseYaml } from './yaml-text.ts';

export interface AppConfigFilesOptions {
  /** What makes a configuration of a parsed document. */
  readonly check: CheckDocument;
}

/** Everything that was found; `config` is null where something is wrong. */
export interface AppConfigFindings {
  readonly files: readonly string[];
  readonly config: AppConfig | null;
  readonly problems: readonly FileProblem[];
}

/** Other spellings of the name would say nothing without anybody noticing. */
const likeTheName = /^\.?cutover\.ya?ml$/i;

/** Reads `cutover.yaml` and the Procfile of work trees. */
export class AppConfigFiles implements AppConfigReader {
  readonly #check: CheckDocument;

  constructor({ check }: AppConfigFilesOptions) {
    this.#check = check;
  }

  async read(checkoutPath: string, directory: string, signal: AbortSignal) {
    const { config, files, problems } = await this.#examine(checkoutPath, directory, signal);
    if (config !== null) return { config, files };
    throw new CutoverError('config_invalid', summary(problems));
  }

  /** As `read`, for a directory of whoever works on the app, and without giving up. Error: `directory_not_found`. */
  async examine(directory: string, signal: AbortSignal): Promise<AppConfigFindings> {
    const real = (await realOrNull(directory)) ?? directory;
    const repository = await repositoryAround(real);
    return this.#examine(repository, relative(repository, real), signal);
  }

  async #examine(checkoutPath: string, directory: string, signal: AbortSignal): Promise<AppConfigFindings> {
    const app = await openConfigDirectory(checkoutPath, directory);
    signal.throwIfAborted();
    const yaml = await this.#yaml(app);
    const processes = await processLines(app);
    const problems = limited([...misnamedFiles(app), ...yaml.problems, ...processes.problems]);
    const merged = mergeProcesses(yaml.config.processes, processes.processes);
    return {
      files: [appConfigFile, procfile].filter((name) => app.names.includes(name)),
      config: problems.length === 0 ? { ...yaml.config, processes: merged } : null,
      problems,
    };
  }

  async #yaml(app: ConfigDirectory): Promise<{ config: AppConfig; problems: readonly FileProblem[] }> {
    const file = await app.read(appConfigFile);
    if (file.type === 'absent') return { config: emptyAppConfig, problems: [] };
    if (file.type === 'refused') return { config: emptyAppConfig, problems: [whole(appConfigFile, file.message)] };
    return checkYaml(file.text, this.#check);
  }
}

/** Problems stand in the order of the text. */
export function checkYaml(text: string, check: CheckDocument): { config: AppConfig; problems: readonly FileProblem[] } {
  const { document, problems: syntax, place } = parseYaml(text);
  if (document === null || syntax.length > 0) {
    return failed(syntax.map((problem) => fileProblem(problem.place, problem.message)));
  }
  const { value, problems: structure, offsetOf } = plainValue(document);
  if (structure.length > 0) return failed(structure.map(({ offset, message }) => fileProblem(place(offset), message)));
  const { config, problems } = check(value);
  if (config !== null) return { config, problems: [] };
  const located = problems.map((problem) => ({ offset: offsetOf(problem), message: problem.message }));
  const sorted = located.toSorted((a, b) => a.offset - b.offset);
  return failed(sorted.map(({ offset, message }) => fileProblem(place(offset), message)));
}

function failed(problems: readonly FileProblem[]) {
  return { config: emptyAppConfig, problems };
}

function fileProblem(place: { readonly line: number; readonly column: number } | null, message: string): FileProblem {
  return { file: appConfigFile, line: place?.line ?? null, column: place?.column ?? null, message };
}

async function processLines(app: ConfigDirectory): Promise<Procfile> {
  const file = await app.read(procfile);
  if (file.type === 'absent') return { processes: [], problems: [] };
  if (file.type === 'refused') return { processes: [], problems: [whole(procfile, file.message)] };
  return parseProcfile(file.text);
}

function misnamedFiles({ names }: ConfigDirectory): readonly FileProblem[] {
  return names
    .filter((name) => likeTheName.test(name) && name !== appConfigFile)
    .map((name) => whole(name, `is not read: the file must be called ${appConfigFile}`));
}

function whole(file: string, message: string): FileProblem {
  return { file, line: null, column: null, message };
}

const mostProblems = 100;

/** A file of something else entirely is wrong in every line. */
function limited(problems: readonly FileProblem[]): readonly FileProblem[] {
  const [first] = problems;
  if (first === undefined || problems.length <= mostProblems) return problems;
  const more = whole(first.file, `has ${problems.length - mostProblems} more problems`);
  return [...problems.slice(0, mostProblems), more];
}

const mostShown = 10;

function summary(problems: readonly FileProblem[]): string {
  const shown = problems.slice(0, mostShown).map(describeFileProblem).join('; ');
  return problems.length > mostShown ? `${shown}; and ${problems.length - mostShown} more` : shown;
}
