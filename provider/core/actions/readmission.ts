/** A worker whose kubelet's certificate has ended is let in again: by new user data, before it is started or rebooted. */
import { randomBytes } from "node:crypto";
import { newBootstrapToken } from "../../kubernetes/bootstrap-token";
import { readmissionUserData } from "../../node/readmission";
import { encodeUserData } from "../../node/user-data";
import { apiPort } from "../desired";
import { isLockedOut } from "../certificate-life";
import { tagKeys, tagParameters } from "../ownership";
import { joinSeconds } from "../plan-input";
import { isKubernetesFailure } from "../ports";
import type { MachineRef } from "../step";
import { replaceUserData } from "./machines";
import type { Operation } from "./operation";

/** The tag comes first, and goes when nothing of it is left: by it the next run finds the user data that an interrupted one has left. */
export async function readmit(operation: Operation, machine: MachineRef): Promise<void> {
  if (machine.role !== "worker" || !(await isOut(operation, machine))) return;
  const { world, desired, kubernetes, readmissions } = operation;
  const id = operation.idOf(machine);
  world.log.info(`${machine.name}: its kubelet's certificate has ended; it gets user data that let it in again`);
  if (!isTagged(operation, machine) && !readmissions.has(machine.name)) await operation.tagger.add("UserVm", id, readmitted);
  const token = readmissions.get(machine.name) ?? newBootstrapToken(randomBytes);
  readmissions.set(machine.name, token);
  await kubernetes.putBootstrapToken(token, new Date(world.clock.now() + joinSeconds * 1000));
  const { identity, place } = desired;
  const userdata = encodeUserData(readmissionUserData({ endpoint: `${place.publicIpAddress}:${apiPort}`, caCertificate: identity.caCertificate, token }));
  await world.mold.call("updateVirtualMachine", { id, userdata }, operation.context(`machine ${machine.name}`));
}

/** Its node is Ready: what let it in goes. */
export async function endReadmission(operation: Operation, machine: MachineRef): Promise<void> {
  const token = operation.readmissions.get(machine.name);
  if (token === undefined && !isTagged(operation, machine)) return;
  if (token !== undefined) await operation.kubernetes.deleteBootstrapToken(token);
  await replaceUserData(operation, machine);
  await operation.world.mold.run("deleteTags", { resourcetype: "UserVm", resourceids: [operation.idOf(machine)], tags: tagParameters(readmitted) }, operation.context(`machine ${machine.name}`));
  operation.readmissions.delete(machine.name);
}

const readmitted = { [tagKeys.readmitted]: "yes" };

const isTagged = ({ observed }: Operation, { name }: MachineRef): boolean => observed.machines.some((machine) => machine.name === name && tagKeys.readmitted in machine.tags);

/** While the API is away nobody can be let in, and nobody knows. */
async function isOut(operation: Operation, { name, role }: MachineRef): Promise<boolean> {
  try {
    const node = (await operation.nodesNow()).find((each) => each.name === name);
    return isLockedOut(role, node, operation.world.clock.now());
  } catch (error) {
    if (isKubernetesFailure(error)) return false;
    throw error;
  }
}
