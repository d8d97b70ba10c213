/** Which clients an access list lets in to a port of a tier: its rules are asked by their number, the first that fits decides, and what none fits is held back. */
import { dotted, range } from "./guest-addresses";
import type { AclItemRow, NetworkRow } from "./model";
import type { Store } from "./store";

interface Span {
  readonly first: number;
  readonly last: number;
}

const everything: Span = { first: 0, last: 2 ** 32 - 1 };

export function aclLetsIn(store: Store, network: NetworkRow, protocol: string, port: number): string[] {
  if (store.table("aclLists").get(network.aclId ?? "")?.name === "default_allow") return ["0.0.0.0/0"];
  const fits = ({ aclId, direction, state, protocol: its, startPort, endPort }: AclItemRow): boolean =>
    aclId === network.aclId && direction === "Ingress" && state === "Active" && (its === "all" || (its === protocol && port >= (startPort ?? 1) && port <= (endPort ?? startPort ?? 65_535)));
  const items = store.table("aclItems").filter(fits).sort((a, b) => a.place - b.place);
  let undecided: Span[] = [everything];
  const allowed: Span[] = [];
  for (const { action, cidrs } of items) {
    for (const span of cidrs.flatMap((cidr) => range(cidr) ?? [])) {
      if (action === "Allow") allowed.push(...undecided.flatMap((each) => within(each, span)));
      undecided = undecided.flatMap((each) => without(each, span));
    }
  }
  return allowed.sort((a, b) => a.first - b.first).flatMap(cidrsOf);
}

function within(one: Span, other: Span): Span[] {
  const [first, last] = [Math.max(one.first, other.first), Math.min(one.last, other.last)];
  return first <= last ? [{ first, last }] : [];
}

function without(one: Span, gone: Span): Span[] {
  if (within(one, gone).length === 0) return [one];
  return [{ first: one.first, last: gone.first - 1 }, { first: gone.last + 1, last: one.last }].filter(({ first, last }) => first <= last && first >= one.first && last <= one.last);
}

/** The fewest ranges that hold exactly these addresses. */
function cidrsOf({ first, last }: Span): string[] {
  const found: string[] = [];
  for (let at = first; at <= last; ) {
    let bits = 32;
    while (bits > 0 && at % 2 ** (33 - bits) === 0 && at + 2 ** (33 - bits) - 1 <= last) bits -= 1;
    found.push(`${dotted(at)}/${bits}`);
    at += 2 ** (32 - bits);
  }
  return found;
}
