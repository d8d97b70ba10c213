/** Deploying an instance, and what it shares with starting one. */
import { machineResult } from "./machine-answer";
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import type { AsyncCommand } from "../command";
import { ApiError, badValue, internal, invalid } from "../errors";
import { nextGuestIp } from "../guest-addresses";
import { withinLimits } from "../limits";
import type { JobRow, MachineRow } from "../model";
import { placeOn } from "../placement";
import { putMachine } from "../new-machine";
import { implement, powerOn } from "../power";

/** A machine as it stands in Mold's messages. */
export const inJson = (machine: MachineRow, state: string): string =>
  `VM instance {"id":${machine.number},"instanceName":"${machine.instanceName}","state":"${state}","type":"User","uuid":"${machine.id}"}`;

/** Checks user data as the server does: base64, and its length before encoding. */
export function checkedUserData(call: Call): string | undefined {
  const given = call.text("userdata");
  if (given === undefined) return undefined;
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(given)) throw invalid("User data is not base64 encoded");
  const { maxUserData } = call.cloud.settings;
  if (Buffer.from(given, "base64").length > maxUserData) throw invalid(`User data has exceeded configurable max length: ${maxUserData}`);
  return given;
}

export const deploy: AsyncCommand = {
  kind: "async",
  begin(call) {
    const { cloud } = call;
    const zone = call.must("zones", "zoneid");
    const offering = call.must("offerings", "serviceofferingid");
    const template = call.must("templates", "templateid");
    if (template.type === "SYSTEM") throw invalid(`Unable to use system template ${template.id} to deploy a user vm`);
    const networkIds = call.list("networkids");
    const network = cloud.table("networks").get(networkIds[0] ?? "");
    if (networkIds.length > 1) throw internal("The embedded Mold deploys instances with one network; give one id in networkids");
    if (network === undefined) throw networkIds[0] === undefined ? invalid("Unable to find a default network for the Instance: give networkids") : badValue(call.command, "networkids", networkIds[0]);
    if (network.zoneId !== zone.id) throw invalid(`Network id=${network.id} is in a different zone than the Instance`);
    const name = call.text("name") ?? `VM-${cloud.uuid()}`;
    if (!/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/.test(name)) {
      throw invalid("Invalid name. Vm name can contain ASCII letters 'a' through 'z', the digits '0' through '9', and the hyphen ('-'), must be between 1 and 63 characters long, and can't start or end with \"-\" and can't start with digit");
    }
    if (cloud.table("machines").find((one) => one.networkId === network.id && one.name.toLowerCase() === name.toLowerCase()) !== undefined) {
      throw invalid(`The vm with hostName ${name} already exists in the network domain: ${network.domain}; network=${network.name}`);
    }
    const userData = checkedUserData(call);
    const keyNames = [...call.list("keypairs"), ...call.list("keypair")];
    const keys = keyNames.map((key) => cloud.table("keyPairs").find((row) => row.name === key && row.accountId === call.caller.account.id));
    if (keys.includes(undefined)) throw invalid(`Not all specified keyparis exist`);
    const groups = affinityGroups(call);
    withinLimits(call, { user_vm: 1, cpu: offering.cpus, memory: offering.memoryMb });
    const wantedIp = call.text("ipaddress");
    const guestIp = nextGuestIp(cloud, network, wantedIp);
    if (guestIp === undefined) throw wantedIp === undefined ? new ApiError(533, `Unable to acquire a guest address on network ${network.name}`) : invalid(`The IP address ${wantedIp} is not free on network ${network.name}`);

    const rootGb = offering.rootDiskGb ?? call.whole("rootdisksize");
    if (rootGb !== undefined && rootGb < template.sizeGb) throw invalid(`Unsupported: rootdisksize override (${rootGb} GB) is smaller than template size (${template.sizeGb.toFixed(2)} GB)`);
    const starts = call.flag("startvm") !== false;
    const publicKeys = keys.flatMap((key) => key?.publicKey ?? []);
    const { id } = putMachine(cloud, {
      owner: call.owner,
      userId: call.caller.user.id,
      name,
      displayName: call.text("displayname") ?? name,
      network,
      template,
      offering,
      guestIp,
      userData,
      keyPairs: keyNames,
      affinityGroupIds: groups,
      rootGb,
      details: keyNames.length > 0 ? { "SSH.PublicKey": publicKeys.join("\n"), "SSH.KeyPairNames": keyNames.join(",") } : {},
    });
    return { id, instanceType: "VirtualMachine", instanceId: id, ms: starts ? cloud.durations.deploy : cloud.durations.deployStopped, placing: starts, alone: true, made: { machineId: id } };
  },
  start: (call, job) => (call.flag("startvm") === false ? undefined : place(call, job)),
  finish(call, job) {
    const machine = call.cloud.table("machines").get(job.made.machineId ?? "");
    if (machine === undefined) throw internal("the Instance was destroyed while it was being deployed");
    if (call.flag("startvm") === false) return machineResult(call, machine.id, job.id);
    return started(call, job, machine, true);
  },
  failed: (call, job) => leaveInError(call.cloud, job),
};

/** The ids of the affinity groups that a deploy names by id or name. */
function affinityGroups(call: Call): string[] {
  const table = call.cloud.table("affinityGroups");
  const byName = call.list("affinitygroupnames").map((name) => {
    const group = table.find((one) => one.name === name && call.mayUse(one));
    if (group === undefined) throw invalid(`Unable to find group by name ${name}`);
    return group.id;
  });
  for (const id of call.list("affinitygroupids")) if (table.get(id) === undefined) throw badValue(call.command, "affinitygroupids", id);
  return [...call.list("affinitygroupids"), ...byName];
}

/** Finds a host. Without one the job fails soon, and `made.nowhere` says so. */
export function place(call: Call, job: JobRow): { ms?: number; made: Record<string, string> } {
  const { cloud } = call;
  const machine = cloud.table("machines").get(job.instanceId ?? "");
  if (machine === undefined) return { made: {} };
  const ordered = cloud.faults.take("noCapacity", { command: call.command, names: [machine.name, machine.displayName], account: call.caller.account.name, changing: true });
  const host = ordered === undefined ? placeOn(cloud, machine) : undefined;
  if (host === undefined) return { ms: cloud.durations.deployStopped, made: { nowhere: "true" } };
  cloud.table("machines").patch(machine.id, { state: "Starting", hostId: host.id, lastUpdated: cloud.now() });
  return { made: { hostId: host.id } };
}

export function started(call: Call, job: JobRow, machine: MachineRow, deploying: boolean): object | ApiError {
  const { cloud } = call;
  if (job.made.nowhere !== undefined) {
    const text = `No destination found for a deployment for ${inJson(machine, "Stopped")}`;
    cloud.table("machines").patch(machine.id, { state: deploying ? "Error" : "Stopped", lastUpdated: cloud.now() });
    return new ApiError(533, text);
  }
  const network = cloud.table("networks").get(machine.networkId);
  if (network !== undefined) implement(cloud, network);
  powerOn(cloud, machine);
  return machineResult(call, machine.id, job.id);
}

/** A deploy that failed leaves the machine in state Error, for its owner to destroy. */
function leaveInError(cloud: Cloud, job: JobRow): void {
  const machine = cloud.table("machines").get(job.made.machineId ?? "");
  if (machine === undefined) return;
  cloud.table("machines").patch(machine.id, { state: "Error", hostId: undefined, lastUpdated: cloud.now() });
}

