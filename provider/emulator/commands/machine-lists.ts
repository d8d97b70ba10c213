/** Instances: lists, and the changes that answer at once. */
import { asked, equals, keyword, page, taggedAsAsked } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import type { MachineRow } from "../model";
import { machineEvent, machineSpec } from "../power";
import { detailed, machineAnswer, nicAnswer } from "./machine-answer";
import { checkedUserData } from "./deploy";

const going = new Set(["Destroyed", "Expunging"]);

/** What `listVirtualMachines` finds. Plain users do not see what is destroyed, whatever they ask by, unless the setting lets them. */
function found(call: Call): MachineRow[] {
  const { cloud } = call;
  const seesDestroyed = call.admin || cloud.settings.allowUserViewDestroyedVm;
  const state = call.text("state")?.toLowerCase();
  return cloud.table("machines").filter((machine) => {
    if (!asked(call, machine) || !call.shows(machine)) return false;
    if (!seesDestroyed && going.has(machine.state)) return false;
    if (state === "present" ? going.has(machine.state) : state !== undefined && machine.state.toLowerCase() !== state) return false;
    return (
      keyword(call, machine.name, machine.displayName, machine.instanceName, machine.state) &&
      equals(call, "name", machine.name) &&
      equals(call, "networkid", machine.networkId) &&
      equals(call, "zoneid", machine.zoneId) &&
      equals(call, "hostid", machine.hostId) &&
      equals(call, "templateid", machine.templateId) &&
      equals(call, "isoid", machine.isoId) &&
      equals(call, "userid", machine.userId) &&
      equals(call, "serviceofferingid", machine.offeringId) &&
      (call.text("affinitygroupid") === undefined || machine.affinityGroupIds.includes(call.need("affinitygroupid"))) &&
      (call.text("keypair") === undefined || machine.keyPairs.includes(call.need("keypair"))) &&
      taggedAsAsked(call, machine.id)
    );
  });
}

function shown(call: Call, machine: MachineRow): Record<string, unknown> {
  const answer = detailed(call, machineAnswer(call, machine));
  return call.flag("userdata") === true && machine.userData !== undefined ? { ...answer, userdata: machine.userData } : answer;
}

function existing(call: Call, name = "id"): MachineRow {
  const machine = call.ref("machines", name);
  if (machine === undefined) throw invalid(`unable to find a virtual machine with id ${call.numberOf("machines", call.need(name))}`);
  return machine;
}

const answered = (call: Call, id: string): object => {
  const machine = call.cloud.table("machines").get(id);
  if (machine === undefined) throw internal("the Instance is gone");
  return { virtualmachine: machineAnswer(call, machine) };
};

export const machineListCommands: Commands = {
  listVirtualMachines: { kind: "sync", refs: { id: "machines" }, run: (call) => page(call, "virtualmachine", found(call), (machine) => shown(call, machine)) },

  listVirtualMachinesMetrics: {
    kind: "sync",
    refs: { id: "machines" },
    run: (call) =>
      page(call, "virtualmachine", found(call), (machine) => {
        const { domainpath: _path, ...answer } = shown(call, machine) as { domainpath?: string; cpunumber?: number; cpuspeed?: number; memory?: number };
        const ghz = ((answer.cpunumber ?? 0) * (answer.cpuspeed ?? 0)) / 1000;
        return { cputotal: `${ghz} Ghz`, memorytotal: `${((answer.memory ?? 0) / 1024).toFixed(2)} GiB`, ...answer };
      }),
  },

  listNics: {
    kind: "sync",
    run: (call) => {
      const machine = call.ref("machines", "virtualmachineid");
      const nics = machine !== undefined && call.mayUse(machine) && equals(call, "networkid", machine.networkId) && equals(call, "nicid", machine.nicId) ? [machine] : [];
      return page(call, "nic", nics, (one) => ({ ...nicAnswer(call.cloud, one), virtualmachineid: one.id }));
    },
  },

  getVirtualMachineUserData: {
    kind: "sync",
    run: (call) => {
      const machine = existing(call, "virtualmachineid");
      return { virtualmachineuserdata: { virtualmachineid: machine.id, ...(machine.userData === undefined ? {} : { userdata: machine.userData }) } };
    },
  },

  updateVirtualMachine: {
    kind: "sync",
    refs: { id: "machines" },
    run(call) {
      const { cloud } = call;
      const machine = existing(call);
      const name = call.text("name");
      if (name !== undefined && name !== machine.name) {
        const twin = cloud.table("machines").find((one) => one.id !== machine.id && one.networkId === machine.networkId && one.name.toLowerCase() === name.toLowerCase());
        if (twin !== undefined) throw invalid(`The vm with hostName ${name} already exists in the network domain: ${cloud.table("networks").get(machine.networkId)?.domain ?? ""}; network=${cloud.table("networks").get(machine.networkId)?.name ?? ""}`);
      }
      const userData = checkedUserData(call);
      const details = Object.assign({}, ...call.maps("details")) as Record<string, string>;
      const updated = cloud.table("machines").patch(machine.id, {
        ...(name === undefined ? {} : { name }),
        ...(call.text("displayname") === undefined ? {} : { displayName: call.need("displayname") }),
        ...(userData === undefined ? {} : { userData }),
        ...(call.flag("deleteprotection") === undefined ? {} : { deleteProtection: call.flag("deleteprotection") === true }),
        ...(call.flag("cleanupdetails") === true ? { details: {} } : Object.keys(details).length > 0 ? { details: { ...machine.details, ...details } } : {}),
      });
      if (userData !== undefined) cloud.afterwards(() => cloud.hypervisor.updateUserData(machine.id, userData));
      machineEvent(cloud, updated, "VM.UPDATE", `Successfully completed updating Instance. Instance Id: ${machine.id}`);
      return answered(call, machine.id);
    },
  },

  changeServiceForVirtualMachine: {
    kind: "sync",
    refs: { id: "machines" },
    run(call) {
      const machine = existing(call);
      if (machine.state !== "Stopped") throw invalid(`Unable to upgrade virtual machine ${machine.instanceName} in state ${machine.state}; make sure the virtual machine is stopped`);
      call.cloud.table("machines").patch(machine.id, { offeringId: call.must("offerings", "serviceofferingid").id });
      return answered(call, machine.id);
    },
  },

  recoverVirtualMachine: {
    kind: "sync",
    refs: { id: "machines" },
    run(call) {
      const { cloud } = call;
      if (!call.admin && !cloud.settings.allowUserExpungeRecoverVm) {
        throw new ApiError(531, "Recovering a vm can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.", 4365);
      }
      const machine = existing(call);
      if (machine.state !== "Destroyed") throw invalid(`Unable to recover a virtual machine that is not destroyed: ${machine.instanceName}`);
      cloud.table("machines").patch(machine.id, { state: "Stopped", destroyed: undefined, lastUpdated: cloud.now() });
      machineEvent(cloud, machine, "VM.RECOVER", `Successfully completed recovering Instance. Instance Id: ${machine.id}`);
      return answered(call, machine.id);
    },
  },

  resetSSHKeyForVirtualMachine: {
    kind: "async",
    refs: { id: "machines" },
    begin: (call) => ({ instanceType: "VirtualMachine", instanceId: call.need("id"), ms: call.cloud.durations.attachIso }),
    finish(call, job) {
      const machine = existing(call);
      if (machine.state !== "Stopped") throw invalid(`SSH Key can only be reset while the Instance is stopped`);
      const names = [...call.list("keypairs"), ...call.list("keypair")];
      const changed = call.cloud.table("machines").patch(machine.id, { keyPairs: names, details: { ...machine.details, "SSH.KeyPairNames": names.join(","), "SSH.PublicKey": "" } });
      const details = { ...changed.details, "SSH.PublicKey": machineSpec(call.cloud, changed).sshPublicKeys.join("\n") };
      call.cloud.table("machines").patch(machine.id, { details });
      return { virtualmachine: { ...(answered(call, machine.id) as { virtualmachine: object }).virtualmachine, jobid: job.id, jobstatus: 0 } };
    },
  },
};
