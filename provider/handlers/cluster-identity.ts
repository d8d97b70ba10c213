/**
 * What never changes in a cluster's life: its uid, certificate authorities and keys. Made first, so that a crash loses none of it
 * and a kubeconfig is known from then on. It carries the whole declaration, since it is the first to be checked: what is wrong
 * with it is said before anything is made.
 */
import { randomBytes } from "node:crypto";
import type { CheckedKubernetesClusterInputs, ClusterIdentityOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import type { Management } from "../../schema/property";
import { placeToAdopt } from "../core/adoption";
import { ClusterError } from "../core/errors";
import { clusterToAdopt, uidOf } from "../core/managed/place";
import type { ExportedIdentity } from "../kubernetes/identity-text";
import { catalogueOf } from "./catalogues";
import { checkCredentials } from "./cloud-config";
import { placeRuns } from "./place-runs";
import { checkAgainstZone, checkNodesOfNew } from "./declaration";
import { hasUnknown, isUnknown, type CheckResult, type Declared, type DiffResult, type Handler, type Session, type State } from "./handler";

export type IdentityInputs = CheckedKubernetesClusterInputs & Declared;

/** Of a whole cluster, whose identity may be another resource's to take over. */
export async function checkCluster(session: Session, olds: IdentityInputs | undefined, news: IdentityInputs): Promise<CheckResult<IdentityInputs>> {
  const { declaredBy, ...declaration } = news;
  const checked = checkInputs("KubernetesCluster", declaration, { isUnknown });
  const inputs = { ...checked.inputs, declaredBy } as IdentityInputs;
  const failures = [...checked.failures];
  if (!olds && !inputs.adopt && inputs.powerState === "stopped") failures.push({ property: "powerState", reason: "is \"stopped\" for a cluster that is not there yet: machines become a cluster by running. Leave it out, and stop the cluster once it is there" });
  if (!olds && failures.length === 0 && !isUnknown(inputs.management)) failures.push(...checkNodesOfNew[inputs.management](inputs));
  if (failures.length > 0) return { inputs, failures, warnings: checked.warnings };
  const changed = olds ? new Set(changedProperties("KubernetesCluster", olds, inputs, { isUnknown }).map(({ property }) => property.split(".")[0]!)) : undefined;
  // Which Mold to ask isn't known while its connection isn't.
  if (changed?.size === 0 || isUnknown(inputs.connection)) return { ...checked, inputs };
  const world = session.world(inputs.connection, declaredBy);
  const isAsked = (property: string): boolean => changed?.has(property) ?? true;
  const missing = await checkAgainstZone(catalogueOf(world), inputs, isAsked);
  const { credentials } = hasUnknown(inputs.addons) ? {} : inputs.addons;
  if (credentials !== undefined && !isUnknown(inputs.zone) && (isAsked("addons") || isAsked("connection"))) missing.push(...(await checkCredentials(session, credentials, inputs, declaredBy)));
  return { inputs, failures: missing, warnings: checked.warnings };
}

export const clusterIdentity: Handler<IdentityInputs, ClusterIdentityOutputs> = {
  async check(session, olds, news) {
    const checked = await checkCluster(session, olds, news);
    return olds ? checked : { ...checked, failures: [...checked.failures, ...(await adoptionFailures(checked.inputs))] };
  },

  async diff(_session, _id, olds, news): Promise<DiffResult> {
    const replaces = changedProperties("KubernetesCluster", olds.inputs, news, { isUnknown }).filter(({ change }) => change === "replace");
    return { changes: replaces.length > 0, replaces: replaces.map(({ property }) => property), plan: [] };
  },

  async create(session, inputs) {
    return makers[inputs.management](session, inputs);
  },

  async read(_session, id, state) {
    return { id, outputs: state.outputs };
  },

  async update(_session, _id, olds) {
    return { outputs: olds.outputs };
  },

  /** An interrupted run may have made things that no state knows of: they carry the uid and go with it. */
  async delete(session, _id, { inputs, outputs }: State<IdentityInputs, ClusterIdentityOutputs>) {
    const world = session.world(inputs.connection, inputs.declaredBy);
    await placeRuns[inputs.management](world, {
      name: inputs.name,
      uid: outputs.uid,
      zone: inputs.zone,
      network: inputs.network,
      networkOffering: inputs.networkOffering,
      adopt: inputs.adopt,
      adoptId: inputs.adoptId,
      timeouts: { createSeconds: inputs.timeouts.create, deleteSeconds: inputs.timeouts.delete },
    }).delete();
  },
};

type Made = { readonly id: string; readonly outputs: ClusterIdentityOutputs };

/** Who makes a cluster's keys, by who runs it. */
const makers: Readonly<Record<Management, (session: Session, inputs: IdentityInputs) => Promise<Made>>> = {
  async core(session, inputs) {
    if (inputs.adopt) return takenOver(session, inputs);
    const { createClusterCertificates, createUserCertificates } = await import("../kubernetes/certificates.js");
    const uid = newUid();
    const { clock } = session.world(inputs.connection, inputs.declaredBy);
    const certificates = await clock.hold(async () => {
      const now = clock.now();
      const ours = await createClusterCertificates({ uid, now });
      return { ...ours, ...(await createUserCertificates({ uid, now, ...ours })) };
    });
    return { id: uid, outputs: { uid, ...certificates } };
  },
  /** Mold does, and hands out a kubeconfig when the cluster is there. One that is taken over keeps the uid that it may have. */
  async mold(session, inputs) {
    const world = session.world(inputs.connection, inputs.declaredBy);
    const uid = (inputs.adopt ? uidOf(await clusterToAdopt(world, inputs, catalogueOf(world))) : undefined) ?? newUid();
    const none = { caCertificate: "", caKey: "", frontProxyCaCertificate: "", frontProxyCaKey: "", etcdCaCertificate: "", etcdCaKey: "", serviceAccountPublicKey: "", serviceAccountKey: "", adminCertificate: "", adminKey: "" };
    return { id: uid, outputs: { uid, ...none } };
  },
};

/** What is to be taken over; or what is wrong with it, without a word of it. */
async function identityGiven({ adoptIdentity }: Pick<IdentityInputs, "adoptIdentity">): Promise<ExportedIdentity | string> {
  if (adoptIdentity === undefined) return "is missing: the keys that make it a cluster are in the state of whoever declared it. There it is the output `exportedIdentity`, a secret; of a state alone, the outputs of its ClusterIdentity";
  const { parseIdentity } = await import("../kubernetes/identity-text.js");
  return parseIdentity(adoptIdentity);
}

/** What can be told of it without a look at Mold. */
export async function adoptionFailures(inputs: Pick<IdentityInputs, "management" | "adopt" | "adoptIdentity">): Promise<CheckResult<IdentityInputs>["failures"]> {
  if (inputs.management !== "core" || inputs.adopt !== true || isUnknown(inputs.adoptIdentity)) return [];
  const identity = await identityGiven(inputs);
  return typeof identity === "string" ? [{ property: "adoptIdentity", reason: identity }] : [];
}

/** As it was exported where the cluster was declared before; what kubeconfigs are made with is made anew where it was not. */
async function takenOver(session: Session, inputs: IdentityInputs): Promise<Made> {
  const resource = `KubernetesCluster ${inputs.name}`;
  const identity = await identityGiven(inputs);
  if (typeof identity === "string") throw new ClusterError(`adoptIdentity ${identity}`, { resource, property: "adoptIdentity" });
  const world = session.world(inputs.connection, inputs.declaredBy);
  await placeToAdopt(world, catalogueOf(world), { ...inputs, uid: identity.uid }, { resource, signal: world.signal });
  if (identity.userKey !== undefined && identity.userCertificates !== undefined) return { id: identity.uid, outputs: identity };
  const { createUserCertificates } = await import("../kubernetes/certificates.js");
  const { clock } = world;
  const users = await clock.hold(() => createUserCertificates({ now: clock.now(), ...identity }));
  return { id: identity.uid, outputs: { ...identity, ...users } };
}

/** Twelve characters, about 62 bits. */
function newUid(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  // 252 is the largest multiple of 36 in a byte: larger ones would favour the first letters.
  const chosen: string[] = [];
  while (chosen.length < 12) for (const byte of randomBytes(24)) if (byte < 252 && chosen.length < 12) chosen.push(letters[byte % 36]!);
  return chosen.join("");
}
