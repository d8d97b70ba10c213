/** Instances: power and end. */
import { machineResult } from "./machine-answer";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { type ApiError, conflict, internal, invalid } from "../errors";
import type { JobRow, MachineRow } from "../model";
import { expunge, expungeLater, powerOff } from "../power";
import { deploy, inJson, place, started } from "./deploy";

/** The machine of a job, or the 431 that Mold gives for one that is gone. */
function machineOf(call: Call): MachineRow {
  const id = call.need("id");
  const machine = call.cloud.table("machines").get(id);
  if (machine === undefined) throw invalid(`unable to find a virtual machine with id ${call.numberOf("machines", id)}`);
  return machine;
}

/** Work on one machine is done one after another: upstream queues it per machine (VmWorkJob). */
const onMachine = (call: Call, ms: number): { instanceType: string; instanceId: string; ms: number; alone: true } => ({ instanceType: "VirtualMachine", instanceId: call.need("id"), ms, alone: true });

/** After a failed job a machine is what it was before it. */
function putBack(call: Call, job: JobRow): void {
  const machine = call.cloud.table("machines").get(job.instanceId ?? "");
  const before = job.made.before as MachineRow["state"] | undefined;
  if (machine === undefined || before === undefined) return;
  call.cloud.table("machines").patch(machine.id, { state: before, ...(before === "Running" ? {} : { hostId: undefined }) });
}

/** Shows a running machine as Stopping while the job runs, and remembers what it was. `ms`: how long it takes if it runs. */
function stopping(ms: (call: Call) => number): AsyncCommand["start"] {
  return (call, job) => {
    const machine = call.cloud.table("machines").get(job.instanceId ?? "");
    if (machine?.state !== "Running") return undefined;
    call.cloud.table("machines").patch(machine.id, { state: "Stopping", lastUpdated: call.cloud.now() });
    return { ms: ms(call), made: { before: machine.state } };
  };
}

/** A real machine goes down while the job runs. */
function goingDown(forced: (call: Call) => boolean): AsyncCommand["awaits"] {
  return (call, job) => {
    const { cloud } = call;
    if (cloud.table("machines").get(job.instanceId ?? "")?.state !== "Stopping") return undefined;
    return cloud.hypervisor.shutDown?.(job.instanceId ?? "", { forced: forced(call) });
  };
}

const busy = (machine: MachineRow, doing: string): ApiError => conflict(`Unable to ${doing} ${inJson(machine, machine.state)} as it is ${machine.state}`, 9999);

const start: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => ({ ...onMachine(call, call.cloud.durations.start), placing: true }),
  start(call, job) {
    const machine = call.cloud.table("machines").get(job.instanceId ?? "");
    if (machine?.state !== "Stopped") return undefined;
    const placed = place(call, job);
    return { ...placed, made: { ...placed.made, before: "Stopped" } };
  },
  finish(call, job) {
    const machine = machineOf(call);
    if (job.made.before === undefined) {
      if (machine.state === "Running") return machineResult(call, machine.id, job.id);
      if (machine.state === "Destroyed" || machine.state === "Expunging" || machine.state === "Error") {
        throw internal(`Unable to orchestrate the start of VM instance {"instanceName":"${machine.instanceName}","uuid":"${machine.id}"}.`);
      }
      throw busy(machine, "start");
    }
    return started(call, job, machine, false);
  },
  failed: putBack,
};

const stop: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => onMachine(call, call.cloud.durations.stopStopped),
  start: stopping((call) => call.cloud.durations.stop),
  awaits: goingDown((call) => call.flag("forced") === true),
  finish(call, job) {
    const machine = machineOf(call);
    if (machine.state === "Stopping") {
      powerOff(call.cloud, machine, call.flag("forced") === true);
    } else if (machine.state !== "Stopped") throw busy(machine, "stop");
    return machineResult(call, machine.id, job.id);
  },
  failed: putBack,
};

const reboot: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => onMachine(call, call.cloud.durations.reboot),
  finish(call, job) {
    const machine = machineOf(call);
    if (machine.state !== "Running") throw invalid(`Unable to find a running virtual machine with id ${machine.number} to reboot`);
    call.cloud.afterwards(() => call.cloud.hypervisor.reboot(machine.id));
    return machineResult(call, machine.id, job.id);
  },
};

/** What destroying takes beyond stopping. */
const destroying = (call: Call): number => call.cloud.durations.destroy + (call.flag("expunge") === true ? call.cloud.durations.expunge : 0);

const destroy: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => onMachine(call, destroying(call)),
  start: stopping((call) => call.cloud.durations.stop + destroying(call)),
  awaits: goingDown(() => true),
  finish(call, job) {
    const { cloud } = call;
    const wanted = call.flag("expunge") === true;
    mayExpunge(call, wanted, "Parameter expunge can be passed by Admin only. Or when the allow.user.expunge.recover.vm key is set.");
    const machine = machineOf(call);
    const cluster = machine.vmType === "cksnode" ? cloud.table("clusters").find((one) => one.machines.some(({ machineId }) => machineId === machine.id)) : undefined;
    if (cluster !== undefined) throw internal(`Instance is a part of a Kubernetes cluster: ${cluster.name}. Use Instance delete option from Kubernetes cluster details or scale API for Kubernetes clusters with 'nodeids' to destroy the instance.`);
    if (machine.deleteProtection) throw invalid(`Instance [id = ${machine.id}, name = ${machine.name}] has delete protection enabled and cannot be deleted.`);
    if (machine.state === "Starting") throw busy(machine, "destroy");
    const stopped = machine.state === "Stopping" ? powerOff(cloud, machine, true) : machine;
    if (stopped.state !== "Destroyed" && stopped.state !== "Expunging") {
      // One in state Error goes on to Expunging at once: the state machine in upstream's VirtualMachine.java.
      const state = stopped.state === "Error" ? "Expunging" : "Destroyed";
      const destroyed = cloud.table("machines").patch(machine.id, { state, destroyed: cloud.now(), lastUpdated: cloud.now(), isoId: undefined, hostId: undefined });
      cloud.afterwards(() => expungeLater(cloud, destroyed, cloud.settings.expungeDelay));
    }
    if (wanted) expunge(cloud, cloud.table("machines").get(machine.id) ?? machine);
    return machineResult(call, machine.id, job.id);
  },
  failed: putBack,
};

function mayExpunge(call: Call, wanted: boolean, text: string): void {
  if (wanted && !call.admin && !call.cloud.settings.allowUserExpungeRecoverVm) throw internal(text);
}

const expungeCommand: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => onMachine(call, call.cloud.durations.expunge),
  finish(call) {
    mayExpunge(call, true, "Expunging an Instance can only be done by an Admin. Or when the allow.user.expunge.recover.vm key is set.");
    const machine = machineOf(call);
    if (machine.state !== "Destroyed" && machine.state !== "Expunging") {
      throw invalid(`Please destroy Instance with specified vmId before expunge`);
    }
    expunge(call.cloud, machine);
    return { success: true };
  },
};

const scale: AsyncCommand = {
  kind: "async",
  refs: { id: "machines" },
  begin: (call) => onMachine(call, call.cloud.durations.scale),
  finish(call, job) {
    const machine = machineOf(call);
    const offering = call.must("offerings", "serviceofferingid");
    if (machine.state === "Running") throw internal(`Unable to scale ${inJson(machine, "Running")} as it does not have tools to support dynamic scaling.`);
    if (machine.state !== "Stopped") throw invalid(`Unable to scale ${inJson(machine, machine.state)}: it must be Stopped or Running`);
    call.cloud.table("machines").patch(machine.id, { offeringId: offering.id });
    return machineResult(call, machine.id, job.id);
  },
};

export const machineCommands: Commands = {
  deployVirtualMachine: deploy,
  startVirtualMachine: start,
  stopVirtualMachine: stop,
  rebootVirtualMachine: reboot,
  destroyVirtualMachine: destroy,
  expungeVirtualMachine: expungeCommand,
  scaleVirtualMachine: scale,
};
