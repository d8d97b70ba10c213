/** The rows of a machine that is about to be: itself, Stopped, and its root disk. */
import type { Cloud } from "./cloud";
import type { MachineRow, NetworkRow, OfferingRow, TemplateRow } from "./model";

export interface NewMachine {
  readonly owner: { readonly accountId: string; readonly projectId?: string; readonly created: number };
  readonly userId: string;
  readonly name: string;
  readonly displayName: string;
  readonly network: NetworkRow;
  readonly template: TemplateRow;
  readonly offering: OfferingRow;
  readonly guestIp: string;
  readonly userData?: string;
  readonly keyPairs: readonly string[];
  readonly affinityGroupIds: readonly string[];
  /** Default: the template's own size. */
  readonly rootGb?: number;
  readonly details: Readonly<Record<string, string>>;
  /** `cksnode`: one of the Kubernetes service. */
  readonly vmType?: string;
}

export function putMachine(cloud: Cloud, { owner, network, template, offering, rootGb, details, ...made }: NewMachine): MachineRow {
  const { id, number } = cloud.identity("machines");
  const account = cloud.table("accounts").get(owner.accountId);
  const volumeId = cloud.uuid();
  const bytes = (at: number): string => [8, 0].map((shift) => ((at >> shift) & 0xff).toString(16).padStart(2, "0")).join(":");
  const machine = cloud.table("machines").put({
    id,
    number,
    ...owner,
    ...made,
    instanceName: `i-${account?.number ?? 2}-${number}-VM`,
    zoneId: network.zoneId,
    networkId: network.id,
    templateId: template.id,
    offeringId: offering.id,
    state: "Stopped",
    mac: `02:01:${bytes(network.number)}:${bytes(number)}`,
    nicId: cloud.uuid(),
    details: { deployvm: "true", ...(rootGb === undefined ? {} : { rootdisksize: String(rootGb) }), ...details },
    volumeId,
    deleteProtection: false,
  });
  cloud.table("volumes").put({
    id: volumeId,
    number: cloud.count("volumes"),
    ...owner,
    name: `ROOT-${number}`,
    machineId: id,
    zoneId: network.zoneId,
    sizeBytes: (rootGb ?? template.sizeGb) * 2 ** 30,
    state: "Allocated",
  });
  return machine;
}
