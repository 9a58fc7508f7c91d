import type { AppFiles } from '../app-files.ts';

/** A module of the app and the name in it that a server is given. */
export interface PythonApp {
  readonly file: string;
  /** "shop.main" */
  readonly module: string;
  /** "app", or "create_app" */
  readonly name: string;
  /** Whether the name is a function that makes the app. */
  readonly factory: boolean;
  /** Directory that imports begin in; '' is the app's. */
  readonly root: string;
}

/** What is looked for in a module. */
export interface AppPattern {
  /** Names of classes, as an alternative of a regular expression: "FastAPI|Starlette". */
  readonly classes: string;
}

const deepest = 4;
const mostFiles = 500;
const passedOver =
  /^(?:\..*|_.*|tests?|testing|docs?|examples?|samples?|scripts?|migrations|alembic|node_modules|venv|env|site-packages|build|dist|static|templates)$/;
/** Names of files that people give the module with the app, best first. */
const usual = [
  'main.py',
  'app.py',
  'asgi.py',
  'wsgi.py',
  'server.py',
  'api.py',
  'run.py',
  'application.py',
  '__init__.py',
];

/**
 * Modules that define an app, the most likely first: read, not guessed. An assignment at the top of a module (`app = FastAPI()`) comes before a function
 * that makes one (`def create_app`); shallow before deep; usual names before others.
 */
export async function findPythonApps(files: AppFiles, pattern: AppPattern): Promise<readonly PythonApp[]> {
  const found: PythonApp[] = [];
  for (const file of await pythonFiles(files)) {
    const text = (await files.read(file)) ?? '';
    const app = appIn(text, pattern);
    if (app !== null && /^[\w/]+\.py$/.test(file)) found.push({ file, ...app, ...(await moduleOf(files, file, text)) });
  }
  return found.toSorted(
    (a, b) => Number(a.factory) - Number(b.factory) || rank(a.file) - rank(b.file) || a.file.localeCompare(b.file),
  );
}

/** By directory, files of the app's directory first. */
async function pythonFiles(files: AppFiles): Promise<readonly string[]> {
  const all: string[] = [];
  let level: readonly string[] = [''];
  for (let depth = 0; depth < deepest; depth += 1) {
    const next: string[] = [];
    for (const directory of level) {
      for (const name of await files.list(directory === '' ? '.' : directory)) {
        if (all.length >= mostFiles) return all;
        const path = directory === '' ? name : `${directory}/${name}`;
        if (name.endsWith('.py') && !/^test_|_test\.py$|^conftest\.py$/.test(name)) all.push(path);
        else if (!name.includes('.') && !passedOver.test(name) && (await files.isDirectory(path))) next.push(path);
      }
    }
    level = next.slice(0, mostFiles);
  }
  return all;
}

function appIn(text: string, { classes }: AppPattern): { readonly name: string; readonly factory: boolean } | null {
  const assigned = new RegExp(`^([A-Za-z_]\\w*)(?:\\s*:[^=\\n]+)?\\s*=\\s*(?:\\w+\\.)?(?:${classes})\\(`, 'm').exec(
    text,
  )?.[1];
  if (assigned !== undefined) return { name: assigned, factory: false };
  if (!new RegExp(`\\b(?:${classes})\\(`).test(text)) return null;
  const maker = /^(?:async )?def ((?:create|make|build|get)_app(?:lication)?)\(\s*(?:\)|[^)]{0,500}=)/m.exec(text)?.[1];
  if (maker === undefined) return null;
  const called = new RegExp(`^([A-Za-z_]\\w*)\\s*=\\s*${maker}\\(`, 'm').exec(text)?.[1];
  return called === undefined ? { name: maker, factory: true } : { name: called, factory: false };
}

/** Imports begin in the app's directory; in `src` where that is no package and nothing imports it by name. */
async function moduleOf(
  files: AppFiles,
  file: string,
  text: string,
): Promise<{ readonly module: string; readonly root: string }> {
  const parts = file
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .split('/');
  const [first = ''] = parts;
  const outside = parts.length > 1 && first === 'src' && !(await files.isFile('src/__init__.py'));
  const root = outside && !/^[ \t]*(?:from|import)\s+src\b/m.test(text) ? 'src' : '';
  return { module: (root === '' ? parts : parts.slice(1)).join('.'), root };
}

function rank(file: string): number {
  const parts = file.split('/');
  const place = usual.indexOf(parts.at(-1) ?? '');
  return parts.length * 100 + (place === -1 ? usual.length : place);
}
