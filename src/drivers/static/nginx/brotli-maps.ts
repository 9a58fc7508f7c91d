import { brotliTree } from './brotli-tree.ts';

/**
 * Who takes brotli, with a weight that is not 0, and wants the whole file: a part that is not there would be said to be in brotli, and to ask
 * for parts of what is compressed helps nobody. `*` is not enough, for programs say that which count on gzip at most.
 */
const takesBrotli = String.raw`^\|(?:.*,)?[ \t]*br[ \t]*(?:;[ \t]*q=(?!0(?:\.0*)?[ \t]*(?:,|$))[^,]*)?(?:,|$)`;

/**
 * For nginx as Debian has it, which knows no brotli. What is there with brotli lies a second time in a directory of the bundle, under the
 * name that is asked for: so type, ETag and length are right by themselves, and all there is to add is what it is, and that it depends on
 * who asks. `$brotli_file` and its like are where to look first, before `$uri` and its like.
 */
export function brotliMaps(): string {
  const candidates = { file: '$uri', index: '$uri/index.html', page: '$uri.html', here: '${uri}index.html' };
  const all = { ...candidates, fallback: '$fallback', missing: '/404.html' };
  const tree = `/${brotliTree.replace('.', String.raw`\.`)}/`;
  // For who does not take it, what is looked for next anyway.
  const maps = Object.entries(all).map(
    ([name, path]) => `  map $brotli $brotli_${name} { default "${path}"; 1 "/${brotliTree}${path}"; }`,
  );
  return `  map "$http_range|$http_accept_encoding" $brotli {
    default 0;
    "~*${takesBrotli}" 1;
  }
${maps.join('\n')}
  map $brotli $encoding { default ""; 1 $encoding_there; }
  map $brotli $depends_on { default ""; 1 $depends_on_there; }
  map "$status $uri" $encoding_there { default ""; "~^(?:200|404) ${tree}" br; }
  map "$status $uri" $depends_on_there { default ""; "~^(?:200|304|404) ${tree}" Accept-Encoding; }`;
}
