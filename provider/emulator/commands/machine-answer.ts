/** A machine as Mold shows it. */
import { hasAnnotations, owner, tagsOn, time, zone } from "../answers";
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import type { IsoRow, MachineRow } from "../model";
import { osTypeId } from "../seed-ids";

/** Groups of fields that `details` of a list can leave out. */
const groups: Readonly<Record<string, readonly string[]>> = {
  tmpl: ["templateid", "templatename", "templatetype", "templateformat", "templatedisplaytext", "passwordenabled"],
  iso: ["isoid", "isoname", "isodisplaytext", "isos", "isomaxcount"],
  servoff: ["serviceofferingid", "serviceofferingname", "cpunumber", "cpuspeed", "memory"],
  volume: ["rootdeviceid", "rootdevicetype"],
  nics: ["ipaddress", "nic"],
  affgrp: ["affinitygroup"],
};
/** These stay as empty lists when their group is left out (recorded with `details=min`). */
const emptied = new Set(["nic", "affinitygroup"]);

/** The machine in full; `call` decides what only an administrator sees. */
export function machineAnswer(call: Call, machine: MachineRow): Record<string, unknown> {
  const { cloud } = call;
  const template = cloud.table("templates").get(machine.templateId);
  const offering = cloud.table("offerings").get(machine.offeringId);
  const host = machine.hostId === undefined || machine.state !== "Running" ? undefined : cloud.table("hosts").get(machine.hostId);
  const user = cloud.table("users").get(machine.userId);
  const iso = machine.isoId === undefined ? undefined : cloud.table("isos").get(machine.isoId);
  const ran = machine.details.deployvm === undefined;
  return {
    id: machine.id,
    name: machine.name,
    displayname: machine.displayName,
    ...owner(cloud, machine),
    userid: machine.userId,
    username: user?.name ?? "",
    created: time(machine.created),
    ...(machine.lastUpdated === undefined ? {} : { lastupdated: time(machine.lastUpdated) }),
    state: machine.state,
    haenable: false,
    ...zone(cloud, machine.zoneId),
    ...(host === undefined || !call.admin ? {} : { hostid: host.id, hostname: host.name }),
    ...(host === undefined ? {} : { hostcontrolstate: "Enabled" }),
    templateid: machine.templateId,
    templatename: template?.name ?? "",
    templatetype: template?.type ?? "USER",
    templateformat: "QCOW2",
    templatedisplaytext: template?.displayText ?? "",
    passwordenabled: false,
    ...isoAnswer(iso),
    serviceofferingid: machine.offeringId,
    serviceofferingname: offering?.name ?? "",
    cpunumber: offering?.cpus ?? 0,
    cpuspeed: offering?.cpuMhz ?? 0,
    memory: offering?.memoryMb ?? 0,
    guestosid: osTypeId,
    rootdeviceid: 0,
    rootdevicetype: "ROOT",
    securitygroup: [],
    nic: [nicAnswer(cloud, machine)],
    hypervisor: "KVM",
    ipaddress: machine.guestIp,
    ...(call.admin ? { instancename: machine.instanceName } : {}),
    details: { ...machine.details },
    ...(machine.keyPairs.length > 0 ? { keypairs: machine.keyPairs.join(",") } : {}),
    affinitygroup: machine.affinityGroupIds.flatMap((id) => {
      const group = cloud.table("affinityGroups").get(id);
      return group === undefined ? [] : [{ id: group.id, name: group.name, ...owner(cloud, group), description: group.description, type: group.type }];
    }),
    displayvm: true,
    isdynamicallyscalable: false,
    deleteprotection: machine.deleteProtection,
    ostypeid: osTypeId,
    osdisplayname: template?.osType ?? "",
    ...(ran ? { pooltype: "NetworkFilesystem" } : {}),
    ...use(call, machine),
    receivedbytes: 0,
    sentbytes: 0,
    ...(machine.vmType === undefined ? {} : { vmtype: machine.vmType }),
    arch: "x86_64",
    tags: tagsOn(cloud, machine.id),
    hasannotations: hasAnnotations(cloud, machine.id),
  };
}

/** The machine as the result of a job on it. */
export function machineResult(call: Call, id: string, jobId: string): object {
  const machine = call.cloud.table("machines").get(id);
  if (machine === undefined) return { virtualmachine: { securitygroup: [], nic: [], affinitygroup: [], deleteprotection: false, tags: [] } };
  return { virtualmachine: { ...machineAnswer(call, machine), jobid: jobId, jobstatus: 0 } };
}

/** Leaves out what a list's `details` does not ask for. */
export function detailed(call: Call, answer: Record<string, unknown>): Record<string, unknown> {
  const wanted = call.list("details").map((one) => one.toLowerCase());
  if (wanted.length === 0 || wanted.includes("all")) return answer;
  const shown = { ...answer };
  for (const [group, fields] of Object.entries(groups)) {
    if (wanted.includes(group)) continue;
    for (const field of fields) {
      if (emptied.has(field)) shown[field] = [];
      else delete shown[field];
    }
  }
  return shown;
}

/** A real server knows the use of a machine once its collector has come by. */
const COLLECTED_AFTER = 60_000;

function use(call: Call, machine: MachineRow): object {
  if (machine.state !== "Running" || call.cloud.now() - (machine.lastUpdated ?? 0) < COLLECTED_AFTER) return {};
  return { cpuused: "10%", networkkbsread: 32_768, networkkbswrite: 16_384, diskkbsread: 0, diskkbswrite: 0, memorykbs: 0, memoryintfreekbs: 0, memorytargetkbs: 0, diskioread: 0, diskiowrite: 0 };
}

function isoAnswer(iso: IsoRow | undefined): object {
  const shown = iso === undefined ? {} : { isoid: iso.id, isoname: iso.name, isodisplaytext: iso.displayText };
  const isos = iso === undefined ? [] : [{ id: iso.id, name: iso.name, displaytext: iso.displayText, deviceseq: 3, bootable: false }];
  return { ...shown, isos, isomaxcount: 1 };
}

export function nicAnswer(cloud: Cloud, machine: MachineRow): object {
  const network = cloud.table("networks").get(machine.networkId);
  const never = machine.details.deployvm !== undefined;
  const wired = network?.vlan !== undefined && (never || machine.state === "Running" || machine.state === "Starting");
  return {
    id: machine.nicId,
    networkid: machine.networkId,
    networkname: network?.name ?? "",
    netmask: network?.netmask ?? "",
    gateway: network?.gateway ?? "",
    ipaddress: machine.guestIp,
    ...(wired ? { isolationuri: `vlan://${network.vlan}`, broadcasturi: `vlan://${network.vlan}` } : {}),
    traffictype: "Guest",
    type: "Isolated",
    isdefault: true,
    macaddress: machine.mac,
    secondaryip: [],
    extradhcpoption: [],
    deviceid: "0",
    enabled: true,
  };
}
