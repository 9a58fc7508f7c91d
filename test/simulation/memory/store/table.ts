/** Key of the group a row belongs to; null: of none. */
type GroupOf<Row> = (row: Row) => string | null;

interface Group<Row> {
  readonly ids: Set<string>;
  /** As they were when somebody last asked; null: something has changed since. */
  rows: readonly Row[] | null;
}

interface Groups<Row> {
  readonly groupOf: GroupOf<Row>;
  readonly byKey: Map<string, Group<Row>>;
}

/**
 * Immutable rows by key, found by named groups too. What undoes a change is added to `undo`, so that a transaction that is refused
 * halfway leaves nothing.
 */
export class Table<Row, Name extends string = never> {
  readonly #undo: (() => void)[];
  readonly #rows = new Map<string, Row>();
  /** As they were when somebody last asked for all; null: something has changed since. */
  #all: readonly Row[] | null = null;
  readonly #groups: readonly Groups<Row>[];
  readonly #named: Readonly<Record<Name, Groups<Row>>>;

  constructor(undo: (() => void)[], groupings: Readonly<Record<Name, GroupOf<Row>>>) {
    this.#undo = undo;
    const named = Object.entries<GroupOf<Row>>(groupings).map(([name, groupOf]) => [
      name,
      { groupOf, byKey: new Map<string, Group<Row>>() },
    ]);
    this.#named = Object.fromEntries(named) as Record<Name, Groups<Row>>;
    this.#groups = Object.values(this.#named);
  }

  get(id: string): Row | undefined {
    return this.#rows.get(id);
  }

  /** As many as there are now; the order says nothing. */
  all(): readonly Row[] {
    this.#all ??= [...this.#rows.values()];
    return this.#all;
  }

  where(name: Name, key: string): readonly Row[] {
    const group = this.#named[name].byKey.get(key);
    if (group === undefined) return none;
    group.rows ??= this.#read(group.ids);
    return group.rows;
  }

  keysWhere(name: Name, key: string): readonly string[] {
    return [...(this.#named[name].byKey.get(key)?.ids ?? none)];
  }

  /** Groups that have rows. */
  groups(name: Name): readonly string[] {
    return [...this.#named[name].byKey.keys()];
  }

  put(id: string, row: Row): void {
    this.#change(id, row);
  }

  delete(id: string): void {
    this.#change(id, undefined);
  }

  #read(ids: ReadonlySet<string>): readonly Row[] {
    const rows: Row[] = [];
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  #change(id: string, row: Row | undefined): void {
    const before = this.#rows.get(id);
    this.#undo.push(() => this.#set(id, before, row));
    this.#set(id, row, before);
  }

  #set(id: string, row: Row | undefined, before: Row | undefined): void {
    this.#all = null;
    if (row === undefined) this.#rows.delete(id);
    else this.#rows.set(id, row);
    for (const groups of this.#groups) regroup(groups, id, row, before);
  }
}

const none: readonly never[] = [];

function regroup<Row>(groups: Groups<Row>, id: string, row: Row | undefined, before: Row | undefined): void {
  const from = before === undefined ? null : groups.groupOf(before);
  const to = row === undefined ? null : groups.groupOf(row);
  if (from !== null && from !== to) leave(groups, from, id);
  if (to !== null) join(groups, to, id);
}

function leave<Row>({ byKey }: Groups<Row>, key: string, id: string): void {
  const group = byKey.get(key);
  if (group === undefined) return;
  group.rows = null;
  group.ids.delete(id);
  if (group.ids.size === 0) byKey.delete(key);
}

function join<Row>({ byKey }: Groups<Row>, key: string, id: string): void {
  const group = byKey.get(key);
  if (group === undefined) {
    byKey.set(key, { ids: new Set([id]), rows: null });
    return;
  }
  group.rows = null;
  group.ids.add(id);
}
