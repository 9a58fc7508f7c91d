import semver from 'semver';
import type { AppFiles } from '../app-files.ts';
import { memberAt, textOf } from '../plain-data.ts';
import type { PythonProject } from './python-project.ts';

/** Minor versions of Python 3 that base images are kept up to date for, ascending. */
const availableMinors = [10, 11, 12, 13, 14] as const;
const defaultMinor = 13;

export interface PythonVersion {
  /** "3.13" */
  readonly version: string;
  readonly reason: string;
}

/** .python-version, else runtime.txt, .tool-versions, `requires-python`, Poetry's or Pipenv's wish, else the default. */
export async function choosePythonVersion(files: AppFiles, project: PythonProject): Promise<PythonVersion> {
  const tools = /^python[ \t]+(\S+)/m.exec((await files.read('.tool-versions')) ?? '')?.[1] ?? null;
  const wishes = [
    { from: '.python-version', text: textOf(firstLine(await files.read('.python-version'))) },
    { from: 'runtime.txt', text: textOf(firstLine(await files.read('runtime.txt'))) },
    { from: '.tool-versions', text: tools },
    { from: 'requires-python', text: textOf(memberAt(project.pyproject, 'project', 'requires-python')) },
    { from: 'pyproject.toml', text: textOf(memberAt(project.pyproject, 'tool', 'poetry', 'dependencies', 'python')) },
    { from: 'Pipfile', text: textOf(memberAt(project.pipfile, 'requires', 'python_version')) },
  ];
  const wish = wishes.find(({ text }) => text !== null);
  if (wish === undefined || wish.text === null) {
    return { version: `3.${defaultMinor}`, reason: `Python 3.${defaultMinor}, the default (no version is asked for)` };
  }
  return fromWish(wish.from, wish.text);
}

function fromWish(from: string, text: string): PythonVersion {
  const range = rangeOf(text.replace(/^(?:python|cpython)-?/i, ''));
  const fitting = range === null ? [] : availableMinors.filter((minor) => semver.intersects(range, `3.${minor}.x`));
  const minor = fitting.includes(defaultMinor) ? defaultMinor : fitting.at(-1);
  if (minor !== undefined) return { version: `3.${minor}`, reason: `Python 3.${minor} from \`${from}\`` };
  const wrong = range === null ? 'not a version' : 'which is not available';
  return { version: `3.${defaultMinor}`, reason: `Python 3.${defaultMinor} (\`${from}\` says "${text}", ${wrong})` };
}

/** `>=3.11,<4`, `~=3.11`, `==3.12.*`, `^3.12` and plain versions, as a range of semver. */
function rangeOf(text: string): string | null {
  const parts = text.split(',').map((part) => {
    const [, operator = '', version = ''] = /^\s*([~^<>=!]*)\s*([\d.]+(?:\.\*)?)\s*$/.exec(part) ?? [];
    if (operator === '!=') return '';
    if (operator === '~=') return version.split('.').length > 2 ? `~${version}` : `^${version}`;
    return `${operator.replace('==', '')}${version.replace('.*', '')}`;
  });
  return semver.validRange(parts.filter((part) => part !== '').join(' ') || 'none');
}

function firstLine(text: string | null): string | null {
  return text?.split(/\r?\n/).find((line) => line.trim() !== '' && !line.startsWith('#')) ?? null;
}
