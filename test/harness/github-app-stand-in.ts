import { generateKeyPairSync, randomBytes, verify, type KeyObject } from 'node:crypto';

export interface AppReply {
  readonly status: number;
  readonly body?: unknown;
}

interface StandInInstallation {
  readonly id: number;
  suspended: boolean;
}

interface IssuedToken {
  readonly installation: number;
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>> | null;
  /** By its own clock. */
  readonly expiresAt: number;
}

const refused = (message: string): AppReply => ({ status: 401, body: { message } });

/** What GitHub documents of Apps: how one shows itself, where it is installed, and the tokens it gets, which end after an hour. */
export class GitHubAppStandIn {
  readonly appId = '4711';
  readonly slug = 'cutover-test';
  /** As GitHub hands it out: PKCS#1. */
  readonly privateKey: string;
  /** By `owner/name`, as GitHub compares them: in lower case. */
  readonly installations = new Map<string, StandInInstallation>();
  readonly issued = new Map<string, IssuedToken>();
  /** How far its clock is ahead of this machine's. */
  aheadMs = 0;
  readonly #publicKey: KeyObject;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    this.privateKey = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    this.#publicKey = publicKey;
  }

  get now(): number {
    return Date.now() + this.aheadMs;
  }

  install(repository: string, id = 957_387): void {
    this.installations.set(repository, { id, suspended: false });
  }

  /** null: it is not about the App itself. */
  reply(method: string, path: string, authorization: string, body: Record<string, unknown>): AppReply | null {
    const [, repository] = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(path) ?? [];
    const [, installation] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? [];
    if (path !== '/app' && repository === undefined && installation === undefined) return null;
    const obstacle = this.#obstacle(authorization);
    if (obstacle !== null) return refused(obstacle);
    if (method === 'GET' && path === '/app') return { status: 200, body: { id: Number(this.appId), slug: this.slug } };
    if (method === 'GET' && repository !== undefined) return this.#find(repository.toLowerCase());
    if (method === 'POST' && installation !== undefined) return this.#issue(Number(installation), body);
    return { status: 404, body: { message: 'Not Found' } };
  }

  /** Whether a token of an installation lets somebody at a repository; null: it is no such token. */
  admits(authorization: string, repository: string): AppReply | 'admitted' | null {
    const token = this.issued.get(/^(?:token|bearer) (.+)$/i.exec(authorization)?.[1] ?? '');
    if (token === undefined) return null;
    if (token.expiresAt <= this.now) return refused('Bad credentials');
    const installation = [...this.installations.values()].find(({ id }) => id === token.installation);
    if (installation === undefined) return refused('Bad credentials');
    if (installation.suspended) return { status: 403, body: { message: 'This installation has been suspended' } };
    return token.repositories.includes(repository) ? 'admitted' : { status: 404, body: { message: 'Not Found' } };
  }

  #find(repository: string): AppReply {
    const found = this.installations.get(repository);
    if (found === undefined) return { status: 404, body: { message: 'Not Found' } };
    const suspended = found.suspended ? new Date(this.now).toISOString() : null;
    return { status: 200, body: { id: found.id, app_id: Number(this.appId), suspended_at: suspended } };
  }

  #issue(id: number, { repositories, permissions }: Record<string, unknown>): AppReply {
    const own = [...this.installations].filter(([, one]) => one.id === id);
    if (own.length === 0) return { status: 404, body: { message: 'Not Found' } };
    if (own.some(([, { suspended }]) => suspended))
      return { status: 403, body: { message: 'This installation has been suspended' } };
    const names = own.map(([name]) => name);
    const asked = (repositories ?? names.map((name) => name.split('/')[1])) as readonly string[];
    const granted = names.filter((name) => asked.includes(name.split('/')[1] ?? ''));
    if (granted.length < asked.length)
      return { status: 422, body: { message: 'There is at least one repository that is not accessible' } };
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    const expiresAt = this.now + 3_600_000;
    const limits = (permissions ?? null) as IssuedToken['permissions'];
    this.issued.set(token, { installation: id, repositories: granted, permissions: limits, expiresAt });
    return { status: 201, body: { token, expires_at: new Date(expiresAt).toISOString() } };
  }

  /** What GitHub has against the App's own token; null: nothing. */
  #obstacle(authorization: string): string | null {
    const [head = '', claims = '', signature = ''] = authorization.replace(/^bearer /i, '').split('.');
    const signed = Buffer.from(`${head}.${claims}`);
    if (!verify('sha256', signed, this.#publicKey, Buffer.from(signature, 'base64url')))
      return 'A JSON web token could not be decoded';
    const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    const now = Math.floor(this.now / 1_000);
    if (String(iss) !== this.appId) return 'Integration not found';
    if (Number(iat) > now) return "'Issued at' claim ('iat') must be an Integer representing a time in the past";
    if (Number(exp) > now + 600) return "'Expiration time' claim ('exp') is too far in the future";
    return Number(exp) <= now ? "'Expiration time' claim ('exp') must be a time in the future" : null;
  }
}
