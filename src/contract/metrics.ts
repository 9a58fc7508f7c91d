/** Version 0.0.4 of the text exposition format. */
export const metricsMediaType = 'text/plain; version=0.0.4; charset=utf-8';
