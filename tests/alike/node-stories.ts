/** What is seen of nodes. */
import type { Line } from "./recorder";
import { tell, type Stories } from "./recording";
import type { TrimmedNode } from "./trimmed";

const ours = "ablestack.io/";
const ends = `${ours}certificates-end`;
const cordonedBy = `${ours}cordoned-by`;

type Facts = ReadonlyMap<string, string>;

/** What the library says to the node's agent and hears from it: what of it changes is told in the order in which it did. */
function story({ info, unschedulable, leaving, annotations = {} }: TrimmedNode): Facts {
  const said = Object.entries(annotations).flatMap(([key, value]): [string, string][] => (key.startsWith(ours) && key !== ends ? [[key, key === cordonedBy ? "(the cluster)" : value]] : []));
  return new Map([
    ["version", info?.kubeletVersion ?? "unknown"],
    ...(unschedulable ? [["cordoned", "yes"] as const] : []),
    ...(leaving ? [["leaving", "yes"] as const] : []),
    // What was changed together comes in any order; what one look happens to see together, as the agent says it: add-ons once it has answered.
    ...said.sort(([a], [b]) => Number(a.includes("addons")) - Number(b.includes("addons")) || a.localeCompare(b)),
  ]);
}

/** What others say of it, each in their own time: each is told for itself. */
function beside({ conditions, taints, labels = {}, annotations = {} }: TrimmedNode): Facts {
  return new Map([
    ...conditions.map(({ type, status }): [string, string] => [`condition ${type}`, status]),
    ...taints.map(({ key, effect }): [string, string] => [`taint ${key}:${effect}`, "set"]),
    ...Object.keys(labels).flatMap((key): [string, string][] => (/node-role|ablestack|exclude-from/.test(key) ? [[`label ${key}`, "set"]] : [])),
    // When it ends is each certificate's own.
    ...(ends in annotations ? [[`annotation ${ends}`, "set"] as [string, string]] : []),
  ]);
}

const nothing: Facts = new Map();

function changesOf(was: Facts, is: Facts): [string, string | undefined][] {
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key): [string, string | undefined][] => (was.get(key) === is.get(key) ? [] : [[key, is.get(key)]]));
}

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
    const turns = new Map<string, Map<string, string[]>>();
    for (const { source, name, now } of lines) {
      if (source !== "node") continue;
      const [before, after] = [known.get(name), now as TrimmedNode | undefined];
      const subject = `node ${name}`;
      if (!before) tell(stories, subject, "is there");
      if (!after) {
        tell(stories, subject, "is gone");
        known.delete(name);
        continue;
      }
      known.set(name, after);
      for (const [key, value] of changesOf(before ? story(before) : nothing, story(after))) tell(stories, subject, `${key}: ${value ?? "(none)"}`);
      const own = turns.get(name) ?? new Map<string, string[]>();
      turns.set(name, own);
      for (const [key, value] of changesOf(before ? beside(before) : nothing, beside(after))) own.set(key, [...(own.get(key) ?? []), value ?? "removed"]);
    }
    for (const [name, own] of turns) if (own.size > 0) tell(stories, `beside ${name}`, ...[...own].map(([key, values]) => `${key}: ${values.join(", ")}`).sort());
    for (const [name, node] of known) {
      const state = stateOf(node, name);
      if (shown.get(name) === state.join("\n")) continue;
      shown.set(name, state.join("\n"));
      tell(stories, `${name} in the end`, ...state);
    }
    return stories;
  };
}
