import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { superuser } from '../../src/drivers/database/embedded/initialise.ts';
import { openDatabase } from '../../src/store/database.ts';
import { dumpDatabase } from '../../src/store/backup/dump-database.ts';
import type { TestPlatform } from './platform.ts';

/** Every planted value begins with it, so that one search finds all of them in every spelling. */
export const plantedMark = 'PLANTED-';

export interface PlantedSecret {
  readonly name: string;
  readonly value: string;
}

/** Values with signs that are spelt differently in URLs, JSON and shells; `P01`, `P02`, …. */
export function plantSecrets(count: number): readonly PlantedSecret[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `P${String(index + 1).padStart(2, '0')}`;
    return { name, value: `${plantedMark}${name}-${randomBytes(9).toString('base64')} '"$&/ü` };
  });
}

/** The program of a build: it says every secret in every way, some cut in two on their way out, and tells in `proof` that it had them. */
export const tellingBuild = `
const { createHash } = require('node:crypto');
const { writeFileSync, mkdirSync } = require('node:fs');
const values = Object.keys(process.env).filter((name) => /^P\\d\\d$/.test(name)).sort().map((name) => process.env[name]);
for (const value of values) {
  const bytes = Buffer.from(value);
  console.log('raw', value, 'base64', bytes.toString('base64'), bytes.toString('base64url'), 'hex', bytes.toString('hex'));
  console.error('url', encodeURIComponent(value), 'json', JSON.stringify({ value }), 'in', Buffer.from('x' + value + 'y').toString('base64'));
}
const [first] = values;
process.stdout.write('cut ' + first.slice(0, 12));
setTimeout(() => process.stdout.write(first.slice(12) + ' end\\n'), 150);
mkdirSync('out', { recursive: true });
writeFileSync('out/proof', createHash('sha256').update(values.join('\\n')).digest('hex'));
`;

/** Places in which some spelling of a planted value stands, in words; none is how it should be. */
export function findPlanted(platform: TestPlatform, imageIds: readonly string[]): Promise<readonly string[]> {
  return findWords([plantedMark], platform, imageIds);
}

/** Places in which some spelling of one of the words stands: the images with their history, everything in the data directory, the database. */
export async function findWords(
  words: readonly string[],
  platform: TestPlatform,
  imageIds: readonly string[],
): Promise<readonly string[]> {
  const docker = new Docker({ socketPath: platform.config.dockerSocket });
  const needles = words.flatMap(needlesOf);
  const found: string[] = [];
  const look = async (place: string, source: AsyncIterable<Uint8Array>) => {
    if (await holdsAny(source, needles)) found.push(place);
  };
  for (const imageId of imageIds) {
    const image = docker.getImage(imageId);
    await look(`image ${imageId}`, (await image.get()) as Readable);
    await look(`details of ${imageId}`, once(JSON.stringify([await image.inspect(), await image.history()])));
  }
  for (const file of await filesBelow(platform.dataDir)) await look(file, createReadStream(file));
  await look('the database', databaseOf(platform));
  return found;
}

/** A word as it stands in what is encoded, whatever stands before it. */
function needlesOf(word: string): readonly Buffer[] {
  const hex = Buffer.from(word).toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.from(`${'x'.repeat(before)}${word}`).toString('base64');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + word.length) * 8) / 6));
  });
  return [word, hex, hex.toUpperCase(), ...base64].map((text) => Buffer.from(text));
}

async function holdsAny(source: AsyncIterable<Uint8Array>, needles: readonly Buffer[]): Promise<boolean> {
  const longest = Math.max(...needles.map(({ length }) => length));
  let end = Buffer.alloc(0);
  let found = false;
  for await (const chunk of source) {
    const window = Buffer.concat([end, chunk]);
    found ||= needles.some((needle) => window.includes(needle));
    end = window.subarray(-longest);
  }
  return found;
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Every row of every table. */
async function* databaseOf({ dataDir }: TestPlatform): AsyncGenerator<Uint8Array> {
  const address = { host: join(dataDir, 'postgres', 'run'), user: superuser, database: 'postgres' };
  await using database = openDatabase({ ...address, poolSize: 2 });
  await using dump = await dumpDatabase(database.db);
  for (const table of dump.tables) yield* dump.rows(table);
}
