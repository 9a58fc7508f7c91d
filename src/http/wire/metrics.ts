/** One metric with all its samples. */
export interface Metric {
  /** `cutover_…`, with its unit; a counter ends in `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: readonly Sample[];
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text exposition format of Prometheus, version 0.0.4. A metric without samples is left out. */
export function describeMetrics(metrics: readonly Metric[]): string {
  return metrics.map(describe).join('');
}

function describe({ name, type, help, samples }: Metric): string {
  if (samples.length === 0) return '';
  const head = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`];
  return [
    ...head,
    ...samples.map((sample) => `${name}${describeLabels(sample.labels ?? {})} ${text(sample.value)}`),
    '',
  ].join('\n');
}

function describeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function text(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', String.raw`\"`);
}
