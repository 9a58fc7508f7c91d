import type { ReportableDeployment } from '../../domain/deployment-report.ts';
import type { Preview } from '../../domain/preview.ts';
import type { ProviderFacts, ProviderMessage } from '../../domain/provider.ts';

/** `sealed` is bound to `id`, which is another one whenever it is set. */
export interface NewProviderRecord extends Pick<
  ProviderFacts,
  'kind' | 'apiUrl' | 'repository' | 'fingerprint' | 'setBy'
> {
  readonly id: string;
  readonly sealed: string;
}

/** A token, or the installation of the GitHub App that one is to be had for. */
export type SealedAccess = Pick<ProviderFacts, 'kind' | 'apiUrl' | 'repository'> & { readonly id: string } & (
    | { readonly sealed: string; readonly installationId: null }
    | { readonly sealed: null; readonly installationId: string }
  );

/** A message that is to be told now. Who claimed it has it for a while; nobody else tells the same. */
export interface ClaimedMessage {
  readonly id: string;
  /** Rises when something newer takes its place. */
  readonly version: number;
  /** How often it was tried before. */
  readonly attempts: number;
  readonly projectId: string;
  readonly message: ProviderMessage;
  readonly access: SealedAccess;
}

/** A preview whose provider may have to be told something. */
export interface ReportablePreview extends Preview {
  /** What it was last to be told, as a digest. */
  readonly reported: string | null;
}

/** `seen`: what that depends on, in short; `said`: a digest of what was told last, '' for nothing. */
export interface ChangedDeployment extends ReportableDeployment {
  readonly id: string;
  readonly projectId: string;
  readonly seen: string;
  readonly said: string;
  /** Nothing of it changes any more but by a newer one. */
  readonly settled: boolean;
  /** At which its environment answers; null: at none. */
  readonly host: string | null;
  /** It is of a commit of Git, and of the same commit there is no newer one: else nothing is told of it. */
  readonly newest: boolean;
}

/** Who is told of previews and deployments, and what is still to be told; kept in the database. Error of all: `database_unavailable`. */
export interface ProviderStore {
  find(projectId: string): Promise<ProviderFacts | null>;
  /** null also where the App may not act. */
  access(projectId: string): Promise<SealedAccess | null>;
  /** In place of another one; what waited to be told stays, but where it was for another repository. False when the project is gone. */
  set(projectId: string, record: NewProviderRecord): Promise<boolean>;
  /** The project's own token, with everything that waits to be told. False when there was none. */
  remove(projectId: string): Promise<boolean>;
  /** Ids of the projects for which there is a token, or the App may act. */
  projects(): Promise<readonly string[]>;

  /** Of projects with a provider, but those that are gone and were reported so, and those of a former repository. */
  reportable(): Promise<readonly ReportablePreview[]>;
  /** Remembers what is told of a preview, with the messages, or neither. Of a topic the newest one is kept. */
  report(previewId: string, reported: string, messages: readonly IdentifiedMessage[]): Promise<void>;

  /** Deployments in environments that are no previews, of which something may have changed since it was told. */
  reportableDeployments(): Promise<readonly ChangedDeployment[]>;
  /** As `report`. */
  reportDeployment(
    deployment: Pick<ChangedDeployment, 'id' | 'projectId' | 'seen' | 'said' | 'settled'>,
    messages: readonly IdentifiedMessage[],
  ): Promise<void>;
  /** Whether those are told. What waits of them is not told any more where it is switched off. */
  tellDeployments(projectId: string, tells: boolean): Promise<void>;

  /** Those that are due, the oldest first, at most one for each topic. */
  claim(count: number, leaseMs: number): Promise<readonly ClaimedMessage[]>;
  /** It was told, or is given up; a newer one of its topic stays. */
  done(message: Pick<ClaimedMessage, 'id' | 'version'>): Promise<void>;
  /** It is tried again after that. */
  postpone(message: Pick<ClaimedMessage, 'id' | 'version'>, delayMs: number): Promise<void>;
  failed(projectId: string, error: string): Promise<void>;
}

export interface IdentifiedMessage {
  readonly id: string;
  readonly topic: string;
  readonly message: ProviderMessage;
}
