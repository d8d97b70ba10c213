/** Steps on the record that Mold keeps of the cluster. Each may find its work already done. */
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { carriedText, commented, commentsOn, recordDescription } from "../records";
import type { CallContext, World } from "../ports";
import type { MachineRef, Work } from "../step";
import type { Operation } from "./operation";

const subject = "its record in Mold";

export async function registerCluster(operation: Operation, { version: wanted }: Extract<Work, { kind: "registerCluster" }>): Promise<void> {
  const { desired, world, catalogue } = operation;
  const { zoneId, networkId } = desired.place;
  const version = await catalogue.version(wanted, zoneId);
  const job = await world.mold.start(
    "createKubernetesCluster",
    { clustertype: "ExternalManaged", name: desired.name, description: recordDescription(desired), zoneid: zoneId, networkid: networkId, kubernetesversionid: version.id },
    operation.context(subject),
  );
  const made = await job.done();
  operation.recordId = made.id ?? job.id;
}

function recordOf(operation: Operation): string {
  const { recordId } = operation;
  if (recordId === undefined) throw new Error("no step has registered the cluster");
  return recordId;
}

/** Entering one that is in it already is no error. */
export async function enlistMachines(operation: Operation, { role, machines }: Extract<Work, { kind: "enlistMachines" }>): Promise<void> {
  await operation.world.mold.call(
    "addVirtualMachinesToKubernetesCluster",
    { id: recordOf(operation), virtualmachineids: machines.map((machine) => operation.idOf(machine)), iscontrolnode: role === "control-plane" },
    operation.context(subject),
  );
}

export async function delistMachines(operation: Operation, { recordId, machineIds }: Extract<Work, { kind: "delistMachines" }>): Promise<void> {
  const { mold } = operation.world;
  const context = operation.context(subject);
  await orAlready(
    () => mold.call("removeVirtualMachinesFromKubernetesCluster", { id: recordId, virtualmachineids: machineIds }, context),
    async () => {
      const [record] = await mold.list("listKubernetesClusters", { id: recordId }, context).catch(goneAsEmpty);
      return !((record?.virtualmachines ?? []) as { id?: string }[]).some(({ id }) => machineIds.includes(id ?? ""));
    },
  );
}

/** Before it is destroyed: a record counts a machine that is gone for ever. A delete takes the whole record away. */
export async function delistLeaving(operation: Operation, machine: MachineRef): Promise<void> {
  if (!operation.keepsRecord) return;
  const id = operation.idOf(machine);
  for (const record of operation.observed.records ?? []) {
    if (record.machineIds.includes(id)) await delistMachines(operation, { kind: "delistMachines", recordId: record.id, machineIds: [id] });
  }
}

export async function unregisterCluster(operation: Operation, { recordId }: Extract<Work, { kind: "unregisterCluster" }>): Promise<void> {
  const { mold } = operation.world;
  const context = operation.context(subject);
  await orAlready(
    () => mold.run("deleteKubernetesCluster", { id: recordId }, context),
    async () => (await mold.list("listKubernetesClusters", { id: recordId }, context).catch(goneAsEmpty)).length === 0,
  );
}

/** Mold deletes the comments on a record with it. */
export async function carryComments(operation: Operation, { from, without }: Extract<Work, { kind: "carryComments" }>): Promise<void> {
  const { world, desired } = operation;
  const there = new Set((await commentsOn(world, recordOf(operation))).map(({ text }) => text));
  for (const comment of await commentsOn(world, from)) {
    const text = carriedText(comment, desired.comments);
    if (there.has(text) || without.includes(comment.text)) continue;
    there.add(text);
    await world.mold.call("addAnnotation", { entitytype: commented, entityid: recordOf(operation), annotation: text, ...(comment.adminsOnly ? { adminsonly: true } : {}) }, operation.context(subject));
  }
}

export async function addComment(operation: Operation, { text }: Extract<Work, { kind: "addComment" }>): Promise<void> {
  await writeComment(operation, recordOf(operation), text);
}

/** Who writes comments: the steps on a cluster of either management. */
interface Commenting {
  readonly world: Pick<World, "mold">;
  context(subject?: string): CallContext;
}

export async function writeComment(operation: Commenting, recordId: string, text: string): Promise<void> {
  await operation.world.mold.call("addAnnotation", { entitytype: commented, entityid: recordId, annotation: text }, { ...operation.context("comment"), property: "comments" });
}

export async function removeComment(operation: Commenting, { commentId }: { readonly commentId: string }): Promise<void> {
  const { mold } = operation.world;
  const context = { ...operation.context("comment"), property: "comments" };
  await orAlready(
    () => mold.call("removeAnnotation", { id: commentId }, context),
    async () => (await mold.list("listAnnotations", { id: commentId }, context).catch(goneAsEmpty)).length === 0,
  );
}
