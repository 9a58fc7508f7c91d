/** How a command that is written as one text becomes an argument vector; the same for `cutover.yaml` and the command line. */
export { shellCommand } from '../domain/app-config/shell-command.ts';
