/** What brought a deployment about (rule 2.3); what it does follows from it. */
export const deploymentKinds = ['git', 'image', 'image-upload', 'static', 'directory', 'rollback', 'promote'] as const;
export type DeploymentKind = (typeof deploymentKinds)[number];

/** Whether it makes what it runs itself. */
export function isBuilt(kind: DeploymentKind): boolean {
  return kind === 'git' || kind === 'directory';
}
