import type { WebhookProvider } from '../../domain/webhook.ts';
import type { WebhookDriver } from '../../engine/ports/webhook-provider.ts';
import { bitbucketWebhooks } from './bitbucket.ts';
import { giteaWebhooks } from './gitea.ts';
import { githubWebhooks } from './github.ts';
import { gitlabWebhooks } from './gitlab.ts';

export const webhookDrivers: Readonly<Record<WebhookProvider, WebhookDriver>> = {
  github: githubWebhooks,
  gitlab: gitlabWebhooks,
  gitea: giteaWebhooks,
  bitbucket: bitbucketWebhooks,
};
