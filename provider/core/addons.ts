/** What a cluster has beyond its network: which add-ons there are, how they are asked for, and what is seen of them. Pure but for the look. */
import { isKubernetesFailure, type CloudConfig, type KubernetesNode, type KubernetesPort } from "./ports";
import { addonsAnnotation, addonsOnDiscAnnotation } from "./ownership";

export const addonNames = ["cloudController", "csi"] as const;
export type AddonName = (typeof addonNames)[number];

export interface DesiredAddons extends Readonly<Record<AddonName, boolean>> {
  /** The connection whose keys go into the cluster. */
  readonly credentials?: string;
  /** What of it goes there, a secret. Undefined: nobody has looked (a plan without a connection). */
  readonly cloudConfig?: string;
}

/** What a node agent calls each, the file on the disc that it can't be without, and its name for people. */
export const addonsOf: Readonly<Record<AddonName, { readonly word: string; readonly manifest: string; readonly title: string }>> = {
  cloudController: { word: "cloud-controller", manifest: "provider.yaml", title: "the cloud controller" },
  csi: { word: "csi", manifest: "manifest.yaml", title: "the storage driver" },
};

export interface AddonChange {
  /** To be there. */
  readonly install: readonly AddonName[];
  /** To be there no longer. */
  readonly remove: readonly AddonName[];
}

/** What is taken out of the declaration goes; what never was in it is somebody else's. */
export function addonChange(desired: DesiredAddons, former?: DesiredAddons): AddonChange {
  return { install: addonNames.filter((name) => desired[name]), remove: addonNames.filter((name) => !desired[name] && former?.[name] === true) };
}

const words = ({ install, remove }: AddonChange): string[] => [...install.map((name) => `+${addonsOf[name].word}`), ...remove.map((name) => `-${addonsOf[name].word}`)];

/** `1.35.4 +cloud-controller -csi` */
export const addonOrder = (version: string, change: AddonChange): string => [version, ...words(change)].join(" ");

/** Whether this node's agent has done that, from the disc of the version that it runs. What was removed for an earlier order stays in its answer. */
export function hasAddons({ version, annotations }: KubernetesNode, change: AddonChange): boolean {
  const [of, ...done] = (annotations[addonsAnnotation] ?? "").split(" ");
  return of === version && words(change).every((word) => done.includes(word)) && done.every((word) => /^[+-][a-z-]+$/.test(word));
}

/** Undefined: its agent has not said. */
export function addonsOnDisc({ annotations }: KubernetesNode): readonly AddonName[] | undefined {
  const said = annotations[addonsOnDiscAnnotation]?.split(" ");
  return said && addonNames.filter((name) => said.includes(addonsOf[name].word));
}

export interface ObservedAddons {
  readonly cloudConfig?: CloudConfig;
  /** By add-on that is to go: what in the cluster hangs on it. */
  readonly users: Readonly<Partial<Record<AddonName, readonly string[]>>>;
}

/** As PersistentVolumes name it. */
const driver = "csi.cloudstack.apache.org";

const lookers: Readonly<Record<AddonName, (kubernetes: KubernetesPort) => Promise<string[]>>> = {
  cloudController: async (kubernetes) => (await kubernetes.loadBalancers()).map(({ namespace, name }) => `the service ${namespace}/${name}`),
  csi: async (kubernetes) => (await kubernetes.volumes()).filter(({ keptBy }) => keptBy === driver).map(({ name, claim }) => `the volume ${name}${claim === undefined ? "" : ` of ${claim}`}`),
};

/** Undefined: none is declared or was, or the cluster does not answer. */
export async function observeAddons(kubernetes: KubernetesPort, change: AddonChange): Promise<ObservedAddons | undefined> {
  if (change.install.length + change.remove.length === 0) return undefined;
  try {
    const cloudConfig = await kubernetes.cloudConfig();
    const users = await Promise.all(change.remove.map(async (name) => [name, await lookers[name](kubernetes)] as const));
    return { ...(cloudConfig ? { cloudConfig } : {}), users: Object.fromEntries(users) };
  } catch (error) {
    if (isKubernetesFailure(error) && error.kind !== "foreign") return undefined;
    throw error;
  }
}
