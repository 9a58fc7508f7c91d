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

/** How a project is built (rules 3.1 to 3.3). Paths are relative to the repository's root and never leave it. */
export interface BuildSettings {
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
}

export const defaultBuildSettings: BuildSettings = {
  preset: 'auto',
  directory: '',
  dockerfile: 'Dockerfile',
  target: null,
  buildEnv: {},
  installCommand: null,
  buildCommand: null,
  startCommand: null,
  outputDirectory: null,
};
