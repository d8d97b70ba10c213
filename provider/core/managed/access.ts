/** What Mold keeps of the keys of a cluster that it runs. */
import { goneAsEmpty } from "../gone";
import { tagsOf } from "../ownership";
import { isMoldFailure, type World } from "../ports";
import { isOurs, marksOf } from "./observe";
import type { ManagedSubject } from "./desired";

export interface AccessSubject {
  readonly name: string;
  readonly uid: string;
  readonly networkId: string;
  readonly networkOwned: boolean;
}

/** The administrator's kubeconfig as Mold has it; undefined: none yet, or the cluster is gone. A secret. */
export async function kubeconfigOf({ mold }: World, { name, uid, networkId, networkOwned }: AccessSubject): Promise<string | undefined> {
  const subject: ManagedSubject = { name, uid, place: { zoneId: "", networkId, networkOwned, networkCidr: "", publicIpAddressId: "", publicIpAddress: "" } };
  const [[network], records] = await Promise.all([mold.list("listNetworks", { id: networkId }).catch(goneAsEmpty), mold.list("listKubernetesClusters", { name })]);
  const record = network && records.find((each) => isOurs(subject, marksOf(subject, tagsOf(network)), each));
  if (!record?.id) return undefined;
  try {
    return (await mold.call("getKubernetesClusterConfig", { id: record.id })).configdata;
  } catch (error) {
    if (isMoldFailure(error) && error.kind === "refused") return undefined;
    throw error;
  }
}
