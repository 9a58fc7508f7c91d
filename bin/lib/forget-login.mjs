/** `forget-login.mjs <data directory>`: removes the stored login of the CLI, if it is one to the server of this directory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { configDirectory, readLogin } from '../../src/cli/config.ts';
import { dataDirectory, readServerState } from '../../src/daemon/data-directory.ts';

const login = await readLogin(process.env);
const server = await readServerState(dataDirectory(process.argv[2]));
if (login !== null && server !== null && login.url === `http://127.0.0.1:${server.apiPort}`) {
  await rm(join(configDirectory(process.env), 'config.json'));
}
