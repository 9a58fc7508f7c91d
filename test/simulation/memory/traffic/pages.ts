/** What the router answers in the place of an app. */
export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function page(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Page {
  return Object.freeze({ status, body, headers: Object.freeze({ 'cache-control': 'no-store', ...headers }) });
}

export const pages = {
  nobody: page(404, 'Nothing is deployed at this address.'),
  badGateway: page(502, 'The application gave no valid answer.'),
  unavailable: page(503, 'The application is not available at the moment.', { 'retry-after': '5' }),
  paused: page(503, 'This environment is paused by its owner.', { 'retry-after': '300' }),
  asleep: page(503, 'This preview was asleep and is starting.', { 'retry-after': '5' }),
  unwoken: page(503, 'This preview was asleep and did not start.', { 'retry-after': '15' }),
  timeout: page(504, 'The application took too long to answer.'),
};
