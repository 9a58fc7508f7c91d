import { CutoverError } from '../../contract/errors.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The name that these bytes are. Error: `usage` where they are none that can be sent. */
export function nameOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const shown = JSON.stringify(Buffer.from(bytes).toString('latin1'));
    throw new CutoverError('usage', `the name of the file ${shown} is not UTF-8; rename it`, { cause });
  }
}
