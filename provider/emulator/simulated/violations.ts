/** What must never happen to a cluster, seen from inside it. Tests read the list; it is kept across restarts. */
import type { HypervisorContext, Json } from "../hypervisor";

export type ViolationKind =
  /** `kubeadm init` was run twice under one CA: two clusters that each think they are the one. */
  | "second-etcd"
  /** A kubelet newer than an API server of its cluster. */
  | "kubelet-newer"
  /** A kubelet more than three minors older than an API server of its cluster. */
  | "kubelet-too-old"
  /** API servers of one cluster two minors or more apart. */
  | "api-servers-apart"
  /** A node was ordered to a version more than one minor above its own. */
  | "minor-skipped"
  /** Two control planes of three or more were down at once, by somebody's hand, while an upgrade was ordered. */
  | "two-control-planes-down"
  /** Two living machines that are one node. */
  | "double-node";

export interface Violation {
  readonly kind: ViolationKind;
  readonly text: string;
}

const KEY = "violations";

export class Violations {
  private readonly found: Violation[];

  constructor(private readonly context: HypervisorContext) {
    this.found = [...((context.load(KEY) as unknown as Violation[] | undefined) ?? [])];
  }

  add(kind: ViolationKind, text: string, machineId: string): void {
    if (this.found.some((each) => each.kind === kind && each.text === text)) return;
    this.found.push({ kind, text });
    this.context.persist(KEY, this.found as unknown as Json);
    this.context.emit({ machineId, type: "SIMULATED.VIOLATION", text: `${kind}: ${text}` });
  }

  list(): readonly Violation[] {
    return [...this.found];
  }
}

/** Compares `1.35.4`-like versions. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
export function minorOf(version: string): number {
  return Number(version.split(".")[1] ?? 0);
}
