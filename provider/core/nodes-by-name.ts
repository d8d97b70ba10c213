import type { KubernetesNode } from "./ports";

const tables = new WeakMap<readonly KubernetesNode[], ReadonlyMap<string, KubernetesNode>>();

/** One table for all who look for a machine's node in what was observed: a plan does so for every machine. */
export function nodesByName(nodes: readonly KubernetesNode[]): ReadonlyMap<string, KubernetesNode> {
  const known = tables.get(nodes) ?? new Map(nodes.map((node) => [node.name, node]));
  tables.set(nodes, known);
  return known;
}
