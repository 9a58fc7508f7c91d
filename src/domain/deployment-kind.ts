/** What brought a deployment about (rule 2.3); what it does follows from it. */
export const deploymentKinds = ['git', 'image', 'image-upload', 'static', 'rollback', 'promote'] as const;
export type DeploymentKind = (typeof deploymentKinds)[number];
