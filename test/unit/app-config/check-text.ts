import { checkAppConfigDocument } from '../../../src/contract/app-config-document.ts';
import type { AppConfig } from '../../../src/domain/app-config.ts';
import { checkYaml } from '../../../src/drivers/app-config/app-config-files.ts';

/** `line:column: message` of everything that is wrong, as a deployment would say it. */
export function problemsOf(text: string): readonly string[] {
  return checkYaml(text, checkAppConfigDocument).problems.map(({ line, column, message }) =>
    line === null ? message : `${line}:${column}: ${message}`,
  );
}

/** Of a text that is fine. */
export function configOf(text: string): AppConfig {
  const { config, problems } = checkYaml(text, checkAppConfigDocument);
  if (problems.length > 0) throw new Error(problemsOf(text).join('\n'));
  return config;
}
