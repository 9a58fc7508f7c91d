import type { RepositoryEvent } from './repository-event.ts';

export const webhookProviders = ['github', 'gitlab', 'gitea', 'bitbucket'] as const;
export type WebhookProvider = (typeof webhookProviders)[number];

/** As they call themselves. */
export const providerNames: Readonly<Record<WebhookProvider, string>> = {
  github: 'GitHub',
  gitlab: 'GitLab',
  gitea: 'Gitea',
  bitbucket: 'Bitbucket',
};

/** A secret in base64url as the specification "Standard Webhooks" writes keys. */
export function signingToken(secret: string): string {
  const base64 = secret.replaceAll('-', '+').replaceAll('_', '/');
  return `whsec_${base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')}`;
}

/** What was understood of a delivery whose signature is right. */
export interface WebhookReading {
  /** As the provider names it: `push`, `pull_request.opened`. */
  readonly name: string;
  /** Addresses at which the repository can be read; none where it is about no repository. */
  readonly repositories: readonly string[];
  /** Login of who made it happen; null where nobody is named. */
  readonly sender: string | null;
  /** Of one push that moves several branches, one each. */
  readonly events: readonly RepositoryEvent[];
  /** Why nothing follows from it, where nothing does. */
  readonly ignored: string | null;
}

/**
 * `pending`: to be worked on. `processed`: the outcomes say what followed. `ignored`: nothing follows from such an event. `refused`: the
 * signature is not right, or the body not to be read. `failed`: tried again and again, and given up.
 */
export const deliveryStates = ['pending', 'processed', 'ignored', 'refused', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const outcomeResults = ['deployed', 'not-deployed', 'preview'] as const;

/** What followed from an event for a project. */
export interface DeliveryOutcome {
  /** null: the project as a whole. */
  readonly environment: string | null;
  readonly result: (typeof outcomeResults)[number];
  /** Number of the deployment that it triggered. */
  readonly deployment: number | null;
  /** Stable; why, or `deployed`. */
  readonly code: string;
  /** The same for people. */
  readonly reason: string;
}

/** What followed for one project. */
export interface ProjectOutcomes {
  readonly project: string;
  readonly outcomes: readonly DeliveryOutcome[];
}

/** One delivery as it is shown. */
export interface WebhookDelivery {
  readonly id: string;
  /** Ascending in the order of arrival. */
  readonly sequence: number;
  readonly provider: WebhookProvider;
  /** Whose hook it came to; null: the platform's. */
  readonly hookProject: string | null;
  readonly name: string;
  readonly state: DeliveryState;
  readonly verified: boolean;
  /** Why it was refused, ignored or given up, or belongs to no project. */
  readonly reason: string | null;
  /** As the provider addresses it; null where none is named. */
  readonly repository: string | null;
  readonly sender: string | null;
  readonly events: readonly RepositoryEvent[];
  /** Of the projects that it is about; none: it matched none. */
  readonly projects: readonly ProjectOutcomes[];
  /** How often the same came again; of what was refused, how many more were. */
  readonly repeats: number;
  readonly redeliveryOf: string | null;
  /** Who asked for the redelivery. */
  readonly redeliveredBy: string | null;
  readonly receivedAt: string;
  readonly processedAt: string | null;
}
