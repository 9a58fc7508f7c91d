/** What a rollback goes back to where nobody says; the command line tells it before it asks. */
export { rollbackDefault } from '../domain/rollback-target.ts';
