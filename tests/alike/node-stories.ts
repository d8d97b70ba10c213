/** What is seen of nodes. */
import type { Line } from "./recorder";
import { tell, type Stories } from "./recording";
import type { TrimmedNode } from "./trimmed";

const ours = "ablestack.io/";

/** What the library, and who uses it, goes by: what of it changes is told in the order in which it did. */
function told(node: TrimmedNode | undefined): ReadonlyMap<string, string> {
  if (node === undefined) return new Map();
  const ready = node.conditions.find(({ type }) => type === "Ready");
  const facts: [string, string][] = [
    ["version", node.info?.kubeletVersion ?? "unknown"],
    ["Ready", ready?.status ?? "unset"],
    ...node.conditions.flatMap(({ type, status }): [string, string][] => (type.endsWith("Pressure") && status !== "False" ? [[type, status]] : [])),
    ...(node.unschedulable ? ([["cordoned", "yes"]] as [string, string][]) : []),
    ...(node.leaving ? ([["leaving", "yes"]] as [string, string][]) : []),
    ...Object.entries(node.annotations ?? {}).flatMap(([key, value]): [string, string][] => (key.startsWith(ours) ? [[key, nameless(key, value)]] : [])),
    ...Object.keys(node.labels ?? {}).flatMap((key): [string, string][] => (/node-role|^ablestack|exclude-from/.test(key) ? [[`label ${key}`, "set"]] : [])),
  ];
  return new Map(facts);
}

/** Of values that each cluster has its own of: that there is one. */
const nameless = (key: string, value: string): string => (key === `${ours}certificates-end` ? "(a time)" : key === `${ours}cordoned-by` ? "(the cluster)" : value);

const taintsOf = (node: TrimmedNode | undefined): Set<string> => new Set((node?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`));

/** What is so of a node in the end, beside what is told of it: what `kubectl describe node` shows. */
function stateOf({ labels, annotations, taints, hasPodCidr, conditions, addresses, info }: TrimmedNode, name: string): string[] {
  return [
    ...Object.entries(labels ?? {}).map(([key, value]) => `label ${key}=${value === name ? "(its name)" : value}`).sort(),
    ...Object.entries(annotations ?? {}).flatMap(([key, value]) => (key.startsWith(ours) ? [] : [`annotation ${key}=${value}`])).sort(),
    ...taints.map(({ key, value, effect }) => `taint ${key}${value ? `=${value}` : ""}:${effect}`).sort(),
    ...conditions.map(({ type, status, reason }) => `condition ${type}=${status} ${reason ?? ""}`).sort(),
    `addresses ${[...addresses].sort().join(", ")}`,
    `pod range ${hasPodCidr ? "given" : "none"}`,
    `kubelet ${info?.kubeletVersion ?? ""}, ${info?.containerRuntimeVersion ?? ""}, ${info?.operatingSystem ?? ""}/${info?.architecture ?? ""}`,
  ];
}

export function nodeStories(): (stage: string, lines: readonly Line[]) => Stories {
  const known = new Map<string, TrimmedNode>();
  const shown = new Map<string, string>();
  return (_stage, lines) => {
    const stories: Stories = new Map();
    const toggles = new Map<string, Map<string, string[]>>();
    for (const { source, name, now } of lines) {
      if (source !== "node") continue;
      const [before, after] = [known.get(name), now as TrimmedNode | undefined];
      const subject = `node ${name}`;
      if (!before) tell(stories, subject, "is there");
      const [was, is] = [told(before), told(after)];
      if (after) for (const key of new Set([...was.keys(), ...is.keys()])) if (was.get(key) !== is.get(key)) tell(stories, subject, `${key}: ${is.get(key) ?? "(none)"}`);
      if (!after) tell(stories, subject, "is gone");
      const taints = toggles.get(name) ?? new Map<string, string[]>();
      toggles.set(name, taints);
      const [had, has] = [taintsOf(before), taintsOf(after)];
      for (const taint of new Set([...had, ...has])) if (had.has(taint) !== has.has(taint)) taints.set(taint, [...(taints.get(taint) ?? []), has.has(taint) ? "set" : "removed"]);
      if (after) known.set(name, after);
      else known.delete(name);
    }
    for (const [name, taints] of toggles) if (taints.size > 0) tell(stories, `taints of ${name}`, ...[...taints].map(([taint, turns]) => `${taint}: ${turns.join(", ")}`).sort());
    for (const [name, node] of known) {
      const state = stateOf(node, name);
      if (shown.get(name) === state.join("\n")) continue;
      shown.set(name, state.join("\n"));
      tell(stories, `${name} in the end`, ...state);
    }
    return stories;
  };
}
