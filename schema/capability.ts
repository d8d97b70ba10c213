/** What each management can do with a KubernetesCluster. */
import { kubernetesCluster } from "./kubernetes-cluster";
import type { Able, Management, Properties } from "./property";

export interface Capability {
  readonly kind: "property" | "operation";
  /** A property's path, or an operation. */
  readonly subject: string;
  readonly core: Able;
  readonly mold: Able;
}

export const operations = {
  create: { core: true, mold: true },
  delete: { core: true, mold: true },
  "add workers": { core: true, mold: true },
  "remove workers": { core: true, mold: true },
  "scale by demand": { core: "Mold watches demand only for clusters that its own Kubernetes service runs", mold: true },
  "change the number of control planes": { core: true, mold: "Mold can't change the number of control planes" },
  "change the offering of all nodes": { core: true, mold: true },
  "change the offering of one node": { core: true, mold: true },
  "give smaller offerings": { core: true, mold: "Mold gives the machines of its clusters no smaller offering" },
  "change the root disk size": { core: true, mold: "Mold sets it when the cluster is made" },
  "upgrade the version": { core: true, mold: true },
  "stop and start": { core: true, mold: true },
  "reboot one node": { core: true, mold: true },
  "delete one worker": { core: true, mold: true },
  "replace one worker": { core: true, mold: true },
  "replace one control plane": { core: true, mold: "Mold can neither remove nor add a control plane" },
  "lead rules that name a worker to the one that replaces it": { core: true, mold: true },
  "lead rules that name a control plane to the one that replaces it": { core: true, mold: "Mold can neither remove nor add a control plane: none is ever replaced" },
  "lead rules that name a worker which scaling by demand removes": { core: "Mold watches demand only for clusters that its own Kubernetes service runs", mold: "Mold's autoscaler removes nodes without others in their places: name another one, or choose by role" },
  "change the size of a stopped cluster": { core: true, mold: "Mold changes the size of none of its clusters that is stopped" },
  "adopt what exists": { core: true, mold: true },
} as const satisfies Readonly<Record<string, Readonly<Record<Management, Able>>>>;

export type Operation = keyof typeof operations;

function rows(properties: Properties, path: string, outer: Readonly<Record<Management, Able>>): Capability[] {
  return Object.entries(properties).flatMap(([name, property]): Capability[] => {
    const subject = path === "" ? name : `${path}.${name}`;
    const able = (management: Management): Able => (outer[management] === true ? (property.managements?.[management] ?? true) : outer[management]);
    const here = { core: able("core"), mold: able("mold") };
    const inside = property.type === "object" ? property.properties : property.type === "map" && property.values.type === "object" ? property.values.properties : {};
    const inner = property.type === "map" ? `${subject}.*` : subject;
    return [{ kind: "property", subject, ...here }, ...rows(inside, inner, here)];
  });
}

/** Every property, then every operation. */
export const capabilities: readonly Capability[] = [
  ...rows(kubernetesCluster.inputs, "", { core: true, mold: true }),
  ...Object.entries(operations).map(([subject, able]): Capability => ({ kind: "operation", subject, ...able })),
];

/**
 * `true`, or why not. Throws on a subject that is neither a property nor an operation.
 * @example capability("mold", "change the number of control planes") // "Mold can't change the number of control planes"
 */
export function capability(management: Management, subject: string): Able {
  const row = capabilities.find((candidate) => candidate.subject === subject);
  if (row === undefined) throw new RangeError(`no property or operation of KubernetesCluster is called ${JSON.stringify(subject)}`);
  return row[management];
}
