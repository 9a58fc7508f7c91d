type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the members that have a value. */
export function given<T extends object>(values: T): Given<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the filter is what makes it so
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
}
