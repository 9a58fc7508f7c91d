import type { RouteTarget, SlotNumber } from '../../../../src/domain/route.ts';
import type { RouterServer } from '../../../../src/engine/ports/router.ts';
import { laneCookie } from '../../../../src/drivers/router/haproxy/lane-cookie.ts';
import { slotName } from '../../../../src/drivers/router/haproxy/names.ts';
import type { Endpoint } from '../endpoints.ts';
import type { Member, Slot } from './router-state.ts';

/** Who answers for a server; null: nobody, the connection is refused. */
export type Lookup = (server: RouterServer) => Endpoint | null;

/** Where the slot would send a request now. `refused`: those that were asked before and refused the connection. */
export type Choice =
  | {
      readonly type: 'server';
      readonly member: Member;
      readonly endpoint: Endpoint;
      readonly refused: readonly Member[];
    }
  | { readonly type: 'refused'; readonly refused: readonly Member[] }
  /** There is no server in rotation. */
  | { readonly type: 'none' };

/** Changes nothing: whoever sends the request says so with `tookTurn`. */
export function chooseServer(slot: Slot, lookup: Lookup, monotonic: number): Choice {
  const [only] = slot.members;
  if (only !== undefined && slot.members.length === 1) return onlyServer(only, lookup);
  const own = slot.members.filter(({ server, draining }) => server.kind !== 'fallback' && !draining);
  const up = own.filter(({ downUntil }) => downUntil <= monotonic);
  const refused: Member[] = [];
  const turn = slot.turn;
  for (const members of [up, own.filter((one) => !up.includes(one)), fallbacks(slot)]) {
    for (let index = 0; index < members.length; index += 1) {
      const member = members[(turn + index) % members.length];
      if (member === undefined) continue;
      const endpoint = lookup(member.server);
      if (endpoint !== null) return { type: 'server', member, endpoint, refused };
      refused.push(member);
    }
  }
  return refused.length === 0 ? { type: 'none' } : { type: 'refused', refused };
}

/** Where there is no choice, neither whose turn it is matters nor what it was before. */
function onlyServer(member: Member, lookup: Lookup): Choice {
  if (member.draining) return { type: 'none' };
  const endpoint = lookup(member.server);
  return endpoint === null ? { type: 'refused', refused: [member] } : { type: 'server', member, endpoint, refused: [] };
}

function fallbacks(slot: Slot): readonly Member[] {
  return slot.members.filter(({ server, draining }) => server.kind === 'fallback' && !draining);
}

const checkIntervalMs = 1_000;

/** What is learnt of a choice that was acted upon. One of several that refused is left alone until it is checked again. */
export function tookTurn(slot: Slot, { refused }: { readonly refused: readonly Member[] }, monotonic: number): void {
  slot.turn += 1;
  for (const member of refused) {
    const { server } = member;
    if (server.kind === 'instance' && server.redundancy === 'one-of-many')
      member.downUntil = monotonic + checkIntervalMs;
  }
}

/** Which version a visitor is given, and the cookie that he is to keep; null: none. */
export interface Lane {
  readonly slot: SlotNumber;
  readonly newCookie: string | null;
}

/** `chance`: 0 ≤ x < 1, asked for only where it decides. A lane of another candidate is not his. */
export function chooseLane(target: RouteTarget, cookie: string | null, chance: () => number): Lane {
  const { stable, candidate, share } = target;
  if (candidate === null) return { slot: stable, newCookie: null };
  const [of = '', given = ''] = (cookie ?? '').split('.');
  const isHis = of === slotName(candidate);
  const lane = isHis ? Number(given) : Math.floor(chance() * 100);
  const newCookie = isHis ? null : `${slotName(candidate)}.${lane}.${Math.floor(chance() * 2_000_000_000)}`;
  return { slot: lane < share ? candidate : stable, newCookie };
}

/** The platform's own, out of a `Cookie` header; null: there is none. */
export function cookieOf(header: string | undefined): string | null {
  const found = header?.split('; ').find((part) => part.startsWith(`${laneCookie}=`));
  return found === undefined ? null : found.slice(laneCookie.length + 1);
}
