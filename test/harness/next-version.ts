import { registerHooks } from 'node:module';

/**
 * Loaded into a control plane before it starts (`node --import`), this makes the sources on disk those of a next version: with one more
 * migration, and with another configuration of HAProxy.
 */
const changes: readonly { readonly file: string; readonly from: string; readonly to: string }[] = [
  {
    file: '/src/store/migrate.ts',
    from: '\n];\n',
    to: `
  { name: '9999-next', up: (db) => sql.raw('alter table project add column next text not null default $$next$$').execute(db).then(() => undefined) },
];
`,
  },
  { file: '/src/drivers/router/haproxy/config.ts', from: 'stats maxconn 20', to: 'stats maxconn 21' },
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const change = changes.find(({ file }) => url.endsWith(file));
    if (change === undefined) return loaded;
    const source = new TextDecoder().decode(Buffer.from(loaded.source as Uint8Array));
    if (!source.includes(change.from)) throw new Error(`${url} has no ${JSON.stringify(change.from)} to be changed`);
    return { ...loaded, source: source.replace(change.from, () => change.to) };
  },
});
