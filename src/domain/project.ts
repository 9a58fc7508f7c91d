import type { BuildSettings } from './build-settings.ts';
import type { EnvironmentSettings } from './environment-settings.ts';

export interface Project {
  readonly id: string;
  /** DNS label, unique. */
  readonly name: string;
  /** null: what it deploys comes as images, tarballs or bundles only. */
  readonly repository: string | null;
  readonly build: BuildSettings;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** `preview`: it comes and goes with a pull request or a branch (rule 6). */
export const environmentKinds = ['production', 'standing', 'preview'] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];

export interface Environment {
  readonly id: string;
  readonly projectId: string;
  /** DNS label, unique in the project. */
  readonly name: string;
  readonly kind: EnvironmentKind;
  readonly settings: EnvironmentSettings;
  /** Hosts it answers to; the first is its own, made from names and base domain. */
  readonly hosts: readonly string[];
  /** The deployment that serves; null before the first. */
  readonly currentDeploymentId: string | null;
  /** Why nothing is deployed by itself until somebody resumes it (rule 5.7); null: it is. */
  readonly autoDeployHeld: string | null;
  /** ISO 8601: nobody used it for a while, and it is started again for the next visitor; null: it is awake. */
  readonly asleepSince: string | null;
  readonly createdAt: string;
}

/** Project level applies to every environment, preview level to every preview; what comes later wins. */
export const variableLevels = ['project', 'preview', 'environment'] as const;
export type VariableLevel = (typeof variableLevels)[number];

/** A variable as stored. A secret's value is never shown again. */
export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  /** Given to builds too, as a build secret. */
  readonly build: boolean;
  readonly level: VariableLevel;
  readonly updatedAt: string;
}
