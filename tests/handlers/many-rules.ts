/** A program of many rules on one cluster's address, as an engine runs it: several at a time, in one process. */
import type { Run } from "../core/world/cloud";
import { DeclaredRule } from "./rules";

const cluster = "k3x9abcdef01";

export interface Amount {
  readonly rules: number;
  readonly balancers: number;
}

/** A third of each kind that lies at the address or its network. */
export function manyRules({ rules, balancers }: Amount): DeclaredRule[] {
  const kinds = [
    (at: number): DeclaredRule => DeclaredRule.networkRule(`in-${at}`, { cluster, kind: "firewall", protocol: "tcp", startPort: 10_000 + at, tags: { team: "shop" } }),
    (at: number): DeclaredRule => DeclaredRule.networkRule(`out-${at}`, { cluster, kind: "egress", protocol: "tcp", startPort: 10_000 + at }),
    (at: number): DeclaredRule => DeclaredRule.networkRule(`to-${at}`, { cluster, kind: "portForward", protocol: "tcp", startPort: 10_000 + at, privateStartPort: 22, target: { node: "prod-worker-1" } }),
  ];
  return [
    ...Array.from({ length: rules }, (_, at) => kinds[at % kinds.length]!(at)),
    ...Array.from({ length: balancers }, (_, at) => DeclaredRule.loadBalancer(`lb-${at}`, { cluster, publicPort: 20_000 + at, privatePort: 30_000 + at, members: at % 2 ? { role: "worker" } : { nodes: ["prod-worker-2"] } })),
  ];
}

/** At most so many at a time, as an engine has its `--parallel`. */
export async function inParallel<T>(items: readonly T[], most: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: most }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
    }),
  );
}

export function upAll(rules: readonly DeclaredRule[], run: Run, parallel = 16): Promise<void> {
  return inParallel(rules, parallel, (rule) => rule.up(run));
}
