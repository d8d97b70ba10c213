/** Steps on machines: deploy, start, ISO, user data, tags, destroy. Each may find its work already done. */
import { encodeUserData, machineUserData, scrubbedUserData } from "../../node/user-data";
import { orAlready } from "../claim";
import { PlanOutdated } from "../errors";
import { goneAsEmpty } from "../gone";
import { displayName } from "../observe";
import { apiPort, offeringOf, offeringProperty, roleOf, rootDiskProperty } from "../desired";
import { joinSeconds } from "../plan-input";
import { tagParameters } from "../ownership";
import type { MachineRef, Work } from "../step";
import type { Operation } from "./operation";
import { readmit } from "./readmission";
import { delistLeaving } from "./registration";

export async function deployMachine(operation: Operation, { machine, action, version: wanted }: Extract<Work, { kind: "deployMachine" }>): Promise<void> {
  const { desired, world, catalogue } = operation;
  const { identity, place } = desired;
  const context = operation.context(`machine ${machine.name}`);
  const role = roleOf(desired, machine.role);
  const property = offeringProperty(desired, machine);
  const [offering, template, version] = await Promise.all([
    catalogue.offering(offeringOf(desired, machine), property),
    catalogue.template(desired.template, place.zoneId),
    catalogue.version(wanted, place.zoneId),
  ]);
  const bootstrap = {
    nodeName: machine.name,
    kubernetesVersion: version.version,
    clusterUid: desired.uid,
    endpoint: `${place.publicIpAddress}:${apiPort}`,
    token: operation.tokens.own,
    joinTimeoutSeconds: joinSeconds,
    podCidr: desired.podCidr,
    serviceCidr: desired.serviceCidr,
    privateRegistry: desired.privateRegistry,
  };
  const userData = encodeUserData(
    machineUserData(
      machine.role === "control-plane"
        ? { ...bootstrap, role: "control-plane", action, tokenTtlSeconds: joinSeconds, certificates: identity }
        : { ...bootstrap, role: "worker", action: "join", certificates: { caCertificate: identity.caCertificate } },
    ),
  );
  const job = await world.mold.start(
    "deployVirtualMachine",
    {
      zoneid: place.zoneId,
      serviceofferingid: offering.id,
      templateid: template.id,
      networkids: [place.networkId],
      name: machine.name,
      displayname: displayName(machine.name, desired.uid, action),
      rootdisksize: role.rootDiskGb,
      keypair: desired.sshKeyPair,
      affinitygroupids: machine.role === "control-plane" && operation.affinityGroupId ? [operation.affinityGroupId] : undefined,
      userdata: userData,
    },
    { ...context, property },
  );
  if (job.id) operation.made(machine.name, job.id);
  const deployed = await job.done();
  if (deployed.id) operation.made(machine.name, deployed.id);
}

/** For machines that an interrupted run asked for: their job may still be at it. */
export async function awaitRunning(operation: Operation, machine: MachineRef): Promise<void> {
  const state = await operation.patience.until(
    async () => {
      const [found] = await operation.world.mold.list("listVirtualMachines", { id: operation.idOf(machine) }, operation.context(`machine ${machine.name}`)).catch(goneAsEmpty);
      return found?.state === "Starting" || found?.state === "Stopping" || found?.state === "Migrating" ? undefined : (found?.state ?? "gone");
    },
    (waited) => `${machine.name} does not run after ${waited}. Look at its events in Mold.`,
  );
  if (state !== "Running") throw new PlanOutdated(`${machine.name} is ${state} instead of Running. Run again: it is then started or made anew.`, operation.context(`machine ${machine.name}`));
}

export async function startMachine(operation: Operation, machine: MachineRef): Promise<void> {
  const { mold } = operation.world;
  const [id, context] = [operation.idOf(machine), operation.context(`machine ${machine.name}`)];
  await readmit(operation, machine);
  try {
    await mold.run("startVirtualMachine", { id }, context);
  } catch (error) {
    // What looked like stopping was the job of an interrupted run, which has destroyed it meanwhile.
    const there = await mold.list("listVirtualMachines", { id }, context).catch(goneAsEmpty);
    if (there.some(({ state }) => state !== "Destroyed" && state !== "Expunging")) throw error;
    throw new PlanOutdated(`${machine.name} was being destroyed and is gone. Run again: it is made anew if it is to be there.`, { resource: context.resource, cause: error });
  }
}

/** What has become of a machine that nothing can be expected of any more, and what to do; undefined: Mold runs it, or nobody can say. */
export async function whatBecameOf(operation: Operation, machine: MachineRef): Promise<string | undefined> {
  const found = await operation.world.mold.list("listVirtualMachines", { id: operation.idOf(machine) }, operation.context(`machine ${machine.name}`)).catch(goneAsEmpty).catch(() => undefined);
  if (found === undefined) return undefined;
  const state = found[0]?.state;
  if (state === undefined || state === "Destroyed" || state === "Expunging") return `${machine.name} is gone: it was destroyed in Mold while this run waited for it. Run again: it is made anew, and what was begun goes on.`;
  return state === "Stopped" || state === "Error" ? `${machine.name} is off: Mold says it is ${state}, and this run did not stop it. Run again: it is started or made anew, and what was begun goes on.` : undefined;
}

/** By its power button: what runs on it ends in its own time, and Mold pulls the plug when that takes too long. */
export async function stopMachine(operation: Operation, machine: MachineRef): Promise<void> {
  await operation.world.mold.run("stopVirtualMachine", { id: operation.idOf(machine) }, operation.context(`machine ${machine.name}`));
}

/** Mold scales what is off. */
export async function scaleMachine(operation: Operation, machine: MachineRef): Promise<void> {
  const property = offeringProperty(operation.desired, machine);
  const offering = await operation.catalogue.offering(offeringOf(operation.desired, machine), property);
  await operation.world.mold.run("scaleVirtualMachine", { id: operation.idOf(machine), serviceofferingid: offering.id }, { ...operation.context(`machine ${machine.name}`), property });
}

/** Mold refuses to make a disk smaller, unless told so in so many words. */
export async function growDisk(operation: Operation, { machine, volumeId, gb }: Extract<Work, { kind: "growDisk" }>): Promise<void> {
  await operation.world.mold.run("resizeVolume", { id: volumeId, size: gb }, { ...operation.context(`root disk of ${machine.name}`), property: rootDiskProperty(machine.role) });
}

/** Off and on again on the same host: it keeps its place there. */
export async function rebootMachine(operation: Operation, machine: MachineRef): Promise<void> {
  await operation.world.mold.run("rebootVirtualMachine", { id: operation.idOf(machine) }, operation.context(`machine ${machine.name}`));
}

export async function attachIso(operation: Operation, { machine, version }: Extract<Work, { kind: "attachIso" }>): Promise<void> {
  const { desired, catalogue, world } = operation;
  const { isoId } = await catalogue.version(version, desired.place.zoneId);
  const [id, context] = [operation.idOf(machine), operation.context(`machine ${machine.name}`)];
  await orAlready(
    () => world.mold.run("attachIso", { id: isoId, virtualmachineid: id }, context),
    // The job of an interrupted run, or one whose answer was lost, got there first.
    async () => (await world.mold.list("listVirtualMachines", { id }, context)).some(({ isoid }) => isoid === isoId),
  );
}

/** Detaching where nothing is attached fails its job, so a machine of an earlier run is asked first. */
export async function detachIso(operation: Operation, machine: MachineRef): Promise<void> {
  const context = operation.context(`machine ${machine.name}`);
  const id = operation.idOf(machine);
  // By its id: a discarded machine had the same name.
  if (operation.observed.machines.some((seen) => seen.id === id)) {
    const [now] = await operation.world.mold.list("listVirtualMachines", { id }, context);
    if (!now?.isoid) return;
  }
  await operation.world.mold.run("detachIso", { virtualmachineid: id }, context);
}

/** What runs on a machine can read its user data; a real server lets it be replaced while the machine runs. */
export async function replaceUserData(operation: Operation, machine: MachineRef): Promise<void> {
  await operation.world.mold.call(
    "updateVirtualMachine",
    { id: operation.idOf(machine), userdata: encodeUserData(scrubbedUserData()) },
    operation.context(`machine ${machine.name}`),
  );
}

export async function tagMachine(operation: Operation, { machine, tags }: Extract<Work, { kind: "tagMachine" }>): Promise<void> {
  await operation.tagger.add("UserVm", operation.idOf(machine), tags);
}

export async function untagMachine(operation: Operation, { machine, tags }: Extract<Work, { kind: "untagMachine" }>): Promise<void> {
  await operation.world.mold.run(
    "deleteTags",
    { resourcetype: "UserVm", resourceids: [machine.id], tags: tagParameters(tags) },
    operation.context(`machine ${machine.name}`),
  );
}

/** Expunged at once where this account may; else Mold expunges it in its own time. */
export async function destroyMachine(operation: Operation, machine: MachineRef): Promise<void> {
  const context = operation.context(`machine ${machine.name}`);
  const { mold } = operation.world;
  const id = operation.idOf(machine);
  await delistLeaving(operation, machine);
  const { allowuserexpungerecovervm: mayExpunge } = await operation.catalogue.capabilities();
  await orAlready(
    () => mold.run("destroyVirtualMachine", { id, expunge: mayExpunge ? true : undefined }, context),
    // The job of an interrupted run, or one whose answer was lost, got there first.
    async () => (await mold.list("listVirtualMachines", { id }, context).catch(goneAsEmpty)).length === 0,
  );
}
