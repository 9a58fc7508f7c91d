import { createPrivateKey } from 'node:crypto';
import { CutoverError } from '../../domain/errors.ts';
import { openApp, sealAppKey } from '../previews/provider-access.ts';
import type { GitHubApps, GitHubAppStore } from '../ports/github-app.ts';
import type { Random } from '../ports/random.ts';
import type { SecretBox } from '../ports/secret-box.ts';
import type { GitHubAppCommands } from './preview-commands.ts';
import { requireAccess } from './projects-access.ts';
import { checkedApiUrl } from './providers.ts';

export interface GitHubAppDependencies {
  readonly githubApp: GitHubAppStore;
  readonly githubApps: GitHubApps;
  readonly random: Random;
  readonly secretBox: SecretBox;
  /** Where it is installed may be another thing now. */
  readonly wake: () => void;
}

const askLimitMs = 30_000;
const longestKey = 16_384;
const gitHubCom = 'https://api.github.com';

export function githubAppCommands(dependencies: GitHubAppDependencies): GitHubAppCommands {
  const { githubApp, githubApps, random, secretBox, wake } = dependencies;
  return {
    async get(actor) {
      requireAccess(actor, 'administer', null);
      return githubApp.find();
    },
    async set(actor, { appId, privateKey, apiUrl }) {
      requireAccess(actor, 'administer', null);
      if (!/^\d{1,18}$/.test(appId))
        throw new CutoverError('invalid_input', 'appId: is a number, on the page of the App');
      const key = checkedKey(privateKey);
      const id = random.id();
      const record = { id, appId, apiUrl: checkedApiUrl(apiUrl ?? gitHubCom), sealed: sealAppKey(secretBox, id, key) };
      // Who GitHub does not take for an App never becomes one here.
      const slug = await githubApps.slug(openApp(secretBox, record), AbortSignal.timeout(askLimitMs));
      const fingerprint = secretBox.fingerprint(key, 'github app').slice(0, 8);
      await githubApp.set({ ...record, slug: checkedSlug(slug), fingerprint, setBy: actor.name });
      wake();
      return (await githubApp.find()) ?? noApp();
    },
    async remove(actor) {
      requireAccess(actor, 'administer', null);
      if (!(await githubApp.remove())) noApp();
    },
  };
}

/** As GitHub makes them; what else it may be is told by GitHub, not by us. */
function checkedSlug(slug: string): string {
  if (/^[\w-]{1,100}$/.test(slug)) return slug;
  throw new CutoverError('provider_refused', 'GitHub calls the App by no name');
}

/** RSA, in PEM, without a passphrase. The error holds nothing of it. */
function checkedKey(text: string): string {
  const pem = `${text.replaceAll('\r\n', '\n').trim()}\n`;
  if (pem.length <= longestKey && isRsaKey(pem)) return pem;
  const message = 'privateKey: must be the .pem file that GitHub makes: an RSA key without a passphrase';
  throw new CutoverError('invalid_input', message);
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    // Told by the caller, in words that hold nothing of the key.
    return false;
  }
}

function noApp(): never {
  throw new CutoverError('not_found', 'no GitHub App is set');
}
