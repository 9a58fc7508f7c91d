export async function* mapAsync<T, U>(source: AsyncIterable<T>, change: (item: T) => U): AsyncGenerator<U> {
  for await (const item of source) yield change(item);
}

/** Only for what is known to be small. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
