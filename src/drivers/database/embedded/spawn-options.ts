import type { Layout } from './layout.ts';

interface SpawnOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

/** As the cluster's user, in a directory it can reach, with nothing of our own environment. */
export function spawnOptions(layout: Layout): SpawnOptions {
  const place = { cwd: layout.root, env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' } };
  if (process.getuid?.() !== 0) return place;
  return { ...place, uid: layout.user.uid, gid: layout.user.gid };
}
