import { BlockList, isIP, isIPv4 } from 'node:net';
import { CutoverError } from '../../domain/errors.ts';

/**
 * Addresses that are nobody's on the internet: this machine, private and link-local networks, the metadata services of clouds, multicast,
 * examples, and those of transitions (6to4, Teredo), which may lead to any of them.
 */
const internalRanges =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 ' +
  '192.0.0.0/24 192.0.2.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ' +
  '::/96 ::ffff:0:0:0/96 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8 64:ff9b:1::/48';

/** Whether an address may be asked: one on the internet, or one that was allowed. */
export type AddressRule = (address: string) => boolean;

/** `allowed`: addresses and networks (`10.0.0.0/8`) that may be asked though they are internal. Error: `invalid_input`. */
export function addressRule(allowed: readonly string[]): AddressRule {
  const internal = listOf(internalRanges.split(' '));
  const exceptions = listOf(allowed);
  return (address) => {
    // A zone names an interface of this machine.
    if (address.includes('%')) return false;
    const plain = withoutMapping(address);
    const family = isIPv4(plain) ? 'ipv4' : 'ipv6';
    return !internal.check(plain, family) || exceptions.check(plain, family);
  };
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
    if (version === 0 || !Number.isInteger(bits) || bits < 0 || bits > (version === 4 ? 32 : 128))
      throw new CutoverError('invalid_input', `"${network}" is no address and no network such as 10.0.0.0/8`);
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** IPv4 inside IPv6 (`::ffff:127.0.0.1`, also as hex, and NAT64's) is that IPv4. */
function withoutMapping(address: string): string {
  const inner = /^(?:::ffff:|64:ff9b::)(.+)$/i.exec(address)?.[1];
  if (inner === undefined) return address;
  if (isIPv4(inner)) return inner;
  const [high, low] = inner.split(':').map((part) => Number.parseInt(part, 16));
  if (high === undefined || low === undefined) return address;
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
