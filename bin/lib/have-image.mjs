/**
 * `have-image.mjs <reference>`: exits 0 when the image is on this machine, pulling it if a registry answers soon; else 1.
 * A registry that says nothing for 10 s is taken for none.
 */
import Docker from 'dockerode';

const reference = process.argv[2];
const silenceMs = 10_000;
const docker = new Docker({ socketPath: process.env.CUTOVER_DOCKER_SOCKET ?? '/var/run/docker.sock' });

process.exitCode = (await isHere()) || (await pull()) ? 0 : 1;

async function isHere() {
  try {
    await docker.getImage(reference).inspect();
    return true;
  } catch (error) {
    if (error.statusCode === 404) return false;
    throw error;
  }
}

async function pull() {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('the registry does not answer')), silenceMs);
  try {
    const stream = await docker.pull(reference, { abortSignal: silence.signal });
    for await (const chunk of stream) {
      timer.refresh();
      for (const line of String(chunk).trim().split('\n')) console.log(line);
    }
  } catch (error) {
    console.log(`not pulled: ${error.message}`);
  } finally {
    clearTimeout(timer);
  }
  return isHere();
}
