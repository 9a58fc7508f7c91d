/** An object, whose methods may be those of its class, but for these of them. */
export function overriding<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get(of, key) {
      if (key in changes) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(of, key);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}
