/** Hashes of version cookies, oldest first; plain, so that it can be stored as JSON. */
export type ClientList = readonly string[];

/** So that an incident with very many clients does not fill the memory. A client that is forgotten may be counted once more. */
const longest = 2_000;

export function remember(list: ClientList, client: string): ClientList {
  return list.length < longest ? [...list, client] : [...list.slice(1), client];
}
