/** The error catalogue is part of the contract: codes, kinds and next steps are what callers see. */
export { CutoverError, errorCatalogue } from '../domain/errors.ts';
export type { ErrorCode, ErrorKind } from '../domain/errors.ts';
