import type { AppFiles } from '../app-files.ts';
import { memberAt, memberOf, namesOf, textOf, textsOf } from '../plain-data.ts';
import { parseToml, type TomlTable } from '../toml.ts';

/** What the files of a Python app say about its packages. */
export interface PythonProject {
  /** pyproject.toml; null when there is none. */
  readonly pyproject: TomlTable | null;
  readonly pipfile: TomlTable | null;
  /** requirements.txt, or the only other file of that kind. */
  readonly requirementsFile: string | null;
  /** Names of packages as pip compares them: lower case, with `-`. */
  readonly packages: ReadonlySet<string>;
  /** Extras that were asked for: "fastapi[standard]". */
  readonly extras: ReadonlySet<string>;
}

const requirementsFiles = [
  'requirements.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements/base.txt',
];

export async function readPythonProject(files: AppFiles): Promise<PythonProject> {
  const pyproject = await readToml(files, 'pyproject.toml');
  const pipfile = await readToml(files, 'Pipfile');
  const requirementsFile = await firstFile(files, requirementsFiles);
  const requirements = requirementsFile === null ? [] : await requirementLines(files, requirementsFile, new Set());
  const specifiers = [
    ...requirements,
    ...textsOf(memberAt(pyproject, 'project', 'dependencies')),
    ...namesOf(memberAt(pyproject, 'tool', 'poetry', 'dependencies')),
    ...poetryExtras(memberAt(pyproject, 'tool', 'poetry', 'dependencies')),
    ...namesOf(memberOf(pipfile, 'packages')),
    ...poetryExtras(memberOf(pipfile, 'packages')),
  ];
  const parsed = specifiers.map(parseSpecifier).filter((one) => one !== null);
  return {
    pyproject,
    pipfile,
    requirementsFile,
    packages: new Set(parsed.map(({ name }) => name)),
    extras: new Set(parsed.flatMap(({ name, extras }) => extras.map((extra) => `${name}[${extra}]`))),
  };
}

/** The first of the files that is there. */
export async function firstFile(files: AppFiles, names: readonly string[]): Promise<string | null> {
  for (const name of names) if (await files.isFile(name)) return name;
  return null;
}

/** Other requirements files that this one includes are read as well; options are left out. */
async function requirementLines(files: AppFiles, name: string, seen: Set<string>): Promise<readonly string[]> {
  if (seen.has(name) || seen.size >= 20) return [];
  seen.add(name);
  const lines = ((await files.read(name)) ?? '').split(/\r?\n/).map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
  const found: string[] = [];
  for (const line of lines) {
    const included = /^(?:-r|--requirement)[ =]*(\S+)/.exec(line)?.[1];
    const base = name.includes('/') ? `${name.slice(0, name.lastIndexOf('/'))}/` : '';
    if (included !== undefined) found.push(...(await requirementLines(files, `${base}${included}`, seen)));
    else if (line !== '' && !line.startsWith('-')) found.push(line);
  }
  return found;
}

async function readToml(files: AppFiles, name: string): Promise<TomlTable | null> {
  const text = await files.read(name);
  return text === null ? null : parseToml(text, name);
}

/** `{ version = "^1", extras = ["standard"] }` as "name[standard]". */
function poetryExtras(table: unknown): readonly string[] {
  return namesOf(table).flatMap((name) => {
    const extras = textsOf(memberAt(table, name, 'extras'));
    return extras.length === 0 ? [] : [`${name}[${extras.join(',')}]`];
  });
}

function parseSpecifier(text: string): { readonly name: string; readonly extras: readonly string[] } | null {
  const match = /^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?/.exec(text);
  const name = textOf(match?.[1]);
  if (name === null) return null;
  const extras = (match?.[2] ?? '').split(',').map((extra) => extra.trim().toLowerCase());
  return { name: name.toLowerCase().replaceAll(/[._-]+/g, '-'), extras: extras.filter((extra) => extra !== '') };
}
