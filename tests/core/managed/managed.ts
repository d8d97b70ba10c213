/** Declarations of a cluster that Mold runs, and how two of its end states are compared: Mold makes up the names of machines. */
import type { ClusterIdentityOutputs } from "../../../schema/generated/types";
import { declaration, type Declaration } from "../world/cluster";
import type { Cloud } from "../world/cloud";
import { seen } from "../world/made";

export function managed({ template: _template, ...more }: Declaration & { readonly template?: string } = {}): Record<string, unknown> {
  const { template: _image, ...declared } = declaration({ controlPlanes: 1, workers: 2, version: "1.34", ...more });
  return { ...declared, management: "mold" };
}

/** As its handler gives it out: Mold makes the keys. */
export const managedIdentity: ClusterIdentityOutputs = {
  uid: "m3x9abcdef01",
  caCertificate: "", caKey: "", frontProxyCaCertificate: "", frontProxyCaKey: "", etcdCaCertificate: "", etcdCaKey: "", serviceAccountPublicKey: "", serviceAccountKey: "", adminCertificate: "", adminKey: "",
};

/** `prod-node-19b7c1d2e00` by its place among those of its role: it holds the time it was made at. */
export function withoutMadeUpNames(text: string): string {
  const names = [...new Set(text.match(/\b[a-z0-9-]+-(?:control|node)-[0-9a-f]{11}\b/g) ?? [])].sort();
  const counts = new Map<string, number>();
  let plain = text;
  for (const name of names) {
    const stem = name.replace(/-[0-9a-f]{11}$/, "");
    counts.set(stem, (counts.get(stem) ?? 0) + 1);
    plain = plain.replaceAll(name, `${stem}-#${counts.get(stem)}`);
  }
  return plain;
}

/** JSON in which lists are sorted anew: the names in them were of another order. */
export const plainState = (json: string): string => JSON.stringify(sorted(JSON.parse(withoutMadeUpNames(json))), null, 1);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sorted(inner)]));
  return value;
}

interface Inside {
  readonly clusters: readonly { readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly version: string; readonly unschedulable: boolean }[] }[];
  readonly violations: readonly unknown[];
}

/** `control 1.34.2`, `node 1.34.2 cordoned`: what runs in the machines, whatever Mold shows. */
export function nodesInside(cloud: Cloud): string[] {
  const { clusters } = (seen(cloud) as unknown as { hypervisor: Inside }).hypervisor;
  return clusters.flatMap(({ nodes }) => nodes.map(({ name, version, ready, unschedulable }) => `${/-(control|node)-/.exec(name)?.[1] ?? name} ${version.replace("v", "")}${ready ? "" : " NotReady"}${unschedulable ? " cordoned" : ""}`)).sort();
}
