import type { AppFiles } from '../app-files.ts';

/** What manage.py and the settings it names say. */
export interface DjangoProject {
  /** "shop.settings" */
  readonly settings: string;
  /** "shop.wsgi:application"; null: the file is not there. */
  readonly wsgi: string | null;
  readonly asgi: string | null;
  /** Whether static files are collected somewhere. */
  readonly collectsStatic: boolean;
}

/** null where manage.py is not there or names no settings. */
export async function readDjangoProject(files: AppFiles): Promise<DjangoProject | null> {
  const manage = await files.read('manage.py');
  const settings = /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(manage ?? '')?.[1];
  if (settings === undefined) return null;
  const text = await settingsText(files, settings);
  const project = settings.split('.')[0] ?? settings;
  return {
    settings,
    wsgi: await entryOf(
      files,
      /^[ \t]*WSGI_APPLICATION\s*=\s*["']([\w.]+)["']/m.exec(text)?.[1],
      `${project}.wsgi.application`,
    ),
    asgi: await entryOf(
      files,
      /^[ \t]*ASGI_APPLICATION\s*=\s*["']([\w.]+)["']/m.exec(text)?.[1],
      `${project}.asgi.application`,
    ),
    collectsStatic: /^[ \t]*STATIC_ROOT\s*=/m.test(text),
  };
}

/** Of settings that are a package, all files; production's are often one of several. */
async function settingsText(files: AppFiles, module: string): Promise<string> {
  const path = module.replaceAll('.', '/');
  const directory = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  const inPackage = directory.endsWith('/settings') || directory === 'settings' ? directory : path;
  const beside = (await files.list(inPackage))
    .filter((name) => name.endsWith('.py'))
    .map((name) => `${inPackage}/${name}`);
  const texts = await Promise.all([`${path}.py`, ...beside].map((name) => files.read(name)));
  return texts.join('\n');
}

async function entryOf(files: AppFiles, said: string | undefined, usual: string): Promise<string | null> {
  const name = said ?? usual;
  const module = name.slice(0, name.lastIndexOf('.'));
  const there = await files.isFile(`${module.replaceAll('.', '/')}.py`);
  return there ? `${module}:${name.slice(name.lastIndexOf('.') + 1)}` : null;
}
