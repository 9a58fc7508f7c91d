/** How an app can be built (rule 3.1); `auto` is whichever of the others fits first. */
export const presets = [
  'auto',
  'dockerfile',
  'static',
  'nextjs',
  'nuxt',
  'sveltekit',
  'astro',
  'remix',
  'docusaurus',
  'angular',
  'vite',
  'site',
  'node',
  'bun',
  'deno',
  'python',
  'go',
  'rust',
  'php',
  'ruby',
  'java',
  'dotnet',
  'elixir',
] as const;
export type Preset = (typeof presets)[number];

/** Who says how an app is built (rule 3.2); `auto`: its Dockerfile, else Nixpacks where that is installed, else the planner. */
export const builders = ['auto', 'planner', 'nixpacks', 'dockerfile', 'static'] as const;
export type BuilderKind = (typeof builders)[number];

/** How a project is built (rules 3.1 to 3.3). Paths are relative to the repository's root and never leave it. */
export interface BuildSettings {
  readonly builder: BuilderKind;
  readonly preset: Preset;
  /** Directory of the app in the repository; '' is the root. */
  readonly directory: string;
  /** Path of the Dockerfile inside `directory`. */
  readonly dockerfile: string;
  /** Stage of the Dockerfile to build; null is the last. */
  readonly target: string | null;
  /** Set while building, not at run time; part of the image key. Not for secrets. */
  readonly buildEnv: Readonly<Record<string, string>>;
  readonly installCommand: string | null;
  readonly buildCommand: string | null;
  readonly startCommand: string | null;
  /** Where the built static files are, inside `directory`. */
  readonly outputDirectory: string | null;
  /** With the files of submodules; without, their directories are empty. */
  readonly submodules: boolean;
  /** With the content of files that Git LFS keeps; without, these are pointers. */
  readonly lfs: boolean;
}

export const defaultBuildSettings: BuildSettings = {
  builder: 'auto',
  preset: 'auto',
  directory: '',
  dockerfile: 'Dockerfile',
  target: null,
  buildEnv: {},
  installCommand: null,
  buildCommand: null,
  startCommand: null,
  outputDirectory: null,
  submodules: false,
  lfs: false,
};
