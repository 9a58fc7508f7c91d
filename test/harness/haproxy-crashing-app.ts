import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startApp } from './haproxy-app.ts';

/** An app in a process of its own, so that it can be killed as a crash does it. */
export interface CrashingApp extends AsyncDisposable {
  readonly port: number;
  /** SIGKILL; resolves when the process has gone. */
  crash(): Promise<void>;
}

export async function startCrashingApp(name: string, port = 0): Promise<CrashingApp> {
  const child = spawn(process.execPath, [import.meta.filename, name, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
  const crash = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  return { port: Number(said), crash, [Symbol.asyncDispose]: crash };
}

if (import.meta.main) {
  const app = await startApp(process.argv[2] ?? 'app', { port: Number(process.argv[3] ?? 0) });
  process.stdout.write(String(app.port));
}
