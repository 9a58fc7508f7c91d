import { angular } from './apps/angular.ts';
import { frameworkApps } from './apps/frameworks.ts';
import { nextApps } from './apps/next.ts';
import { pythonApps } from './apps/python.ts';
import { serverApps } from './apps/servers.ts';
import { siteApps } from './apps/sites.ts';
import { workspaceApps } from './apps/workspaces.ts';
import type { BenchApp } from './bench-app.ts';

/** In the order in which they are measured. */
export const benchApps: readonly BenchApp[] = [
  ...nextApps,
  ...siteApps,
  ...serverApps,
  ...workspaceApps,
  ...frameworkApps,
  angular,
  ...pythonApps,
];
