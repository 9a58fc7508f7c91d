import { procfile, type FileProblem, type ProcessConfig } from '../app-config.ts';
import { processName } from '../processes.ts';
import { shellCommand } from './shell-command.ts';

export interface Procfile {
  readonly processes: readonly ProcessConfig[];
  readonly problems: readonly FileProblem[];
}

const longestCommand = 4_096;
const mostProcesses = 32;

/** `web: bundle exec puma -p $PORT`, a line per process; empty lines and lines that begin with `#` say nothing. */
export function parseProcfile(text: string): Procfile {
  const processes = new Map<string, ProcessConfig>();
  const problems: FileProblem[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const parsed = parseLine(line);
    const message = parsed.type === 'bad' ? parsed.message : misfit(parsed.process.name, processes);
    if (message !== null) problems.push({ file: procfile, line: index + 1, column: 1, message });
    else if (parsed.type === 'good') processes.set(parsed.process.name, parsed.process);
  }
  return { processes: [...processes.values()], problems };
}

type ParsedLine =
  | { readonly type: 'good'; readonly process: ProcessConfig }
  | { readonly type: 'bad'; readonly message: string };

function parseLine(line: string): ParsedLine {
  const colon = line.indexOf(':');
  if (colon === -1) return bad('a line is `name: command`');
  const name = line.slice(0, colon).trim();
  if (!processName.test(name)) {
    return bad(
      'the name before the colon must be at most 30 lower-case letters, digits, - and _, and begin with a letter',
    );
  }
  const command = line.slice(colon + 1).trim();
  if (command === '') return bad(`\`${name}\` has no command`);
  if (command.length > longestCommand || command.includes('\0')) {
    return bad(`the command of \`${name}\` must be at most 4,096 characters`);
  }
  return { type: 'good', process: { name, command: shellCommand(command) } };
}

function misfit(name: string, known: ReadonlyMap<string, ProcessConfig>): string | null {
  if (known.has(name)) return `\`${name}\` is given twice`;
  return known.size < mostProcesses ? null : `there may be at most ${mostProcesses} processes`;
}

function bad(message: string): ParsedLine {
  return { type: 'bad', message };
}
