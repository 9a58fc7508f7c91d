/** Of all answers to one client, which lives for one errand: more pages than anybody needs, and not more than a process can hold. */
const mostBytes = 64_000_000;

/** `fetch` that takes so much in all, and no more. What is beyond is a TypeError, as with `fetch` itself. */
export function boundedFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  let taken = 0;
  return async (input, init) => {
    const answer = await fetch(input, init);
    const body = answer.body === null ? null : await answer.arrayBuffer();
    taken += body?.byteLength ?? 0;
    if (taken > mostBytes) throw new TypeError(`the answers are more than ${mostBytes} bytes in all`);
    return new Response(body, answer);
  };
}
