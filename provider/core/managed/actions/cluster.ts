/** Steps on the whole cluster. Each looks again just before it asks Mold, and may find its work done or under way. */
import { ClusterError, messageOf, PlanOutdated } from "../../errors";
import { mark, type Role } from "../../ownership";
import { isMoldFailure } from "../../ports";
import type { DesiredManaged } from "../desired";
import { sizeAtBirth } from "../desired";
import { endCluster, hasFailed, mayBeAtWork } from "../end";
import { workersOf } from "../observe";
import type { ManagedWork } from "../work";
import { scaleMachine } from "./nodes";
import type { ManagedOperation } from "./operation";
import { checkSshPorts } from "./ssh-ports";

/** Whatever else Mold says passes: newer ones have states of their own for what is being done (ScalingStoppedCluster). */
const settled = new Set(["Running", "Stopped", "Alert", "Error", "Destroying", "Destroyed"]);
/** From a job's beginning to the state that it has. */
const beginsSeconds = 60;

export async function createCluster(operation: ManagedOperation): Promise<void> {
  const { desired, catalogue, world } = operation;
  if (await operation.record()) throw new PlanOutdated("Mold has begun to make it already", operation.context());
  const [version, control, worker] = await Promise.all([
    catalogue.version(desired.version, desired.place.zoneId),
    catalogue.offering(desired.controlPlane.offering, "controlPlane.offering"),
    catalogue.offering(desired.workers.offering, "workers.offering"),
  ]);
  const { privateRegistry: registry } = desired;
  await asked(operation, "createKubernetesCluster", () =>
    world.mold.run(
      "createKubernetesCluster",
      {
        name: desired.name,
        description: describe(desired),
        clustertype: "CloudManaged",
        zoneid: desired.place.zoneId,
        networkid: desired.place.networkId,
        kubernetesversionid: version.id,
        serviceofferingid: worker.id,
        nodeofferings: [{ node: "control", offering: control.id }, { node: "worker", offering: worker.id }],
        controlnodes: desired.controlPlane.count,
        size: sizeAtBirth(desired),
        noderootdisksize: desired.rootDiskGb,
        keypair: desired.sshKeyPair,
        externalloadbalanceripaddress: desired.externalLoadBalancerIp,
        // A parameter of CloudStack 4.22: one that does not know it is not sent it unasked.
        ...(desired.csi ? { enablecsi: true } : {}),
        ...(registry ? { dockerregistryurl: registry.url, dockerregistryusername: registry.username, dockerregistrypassword: registry.password } : {}),
      },
      operation.jobContext(desired.timeouts.createSeconds),
    ),
  );
}

export const describe = ({ description, name, uid }: DesiredManaged): string => `${description || name} ${mark(uid)}`;

/** Runs a job of Mold's; what it fails with is told with what else Mold knows. */
export async function asked(operation: ManagedOperation, command: string, work: () => Promise<unknown>, hint = ""): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMoldFailure(error) || error.kind === "credentials" || error.kind === "unreachable") throw error;
    throw new ClusterError(`${await told(operation, command, error)}${hint}`, { cause: error });
  }
}

async function told(operation: ManagedOperation, command: string, error: Error): Promise<string> {
  const record = await operation.record().catch(() => undefined);
  if (!record?.id) return error.message;
  const troubles = await operation.troubles(record.id).catch(() => []);
  const machines = (record.virtualmachines ?? []) as { name?: string; state?: string }[];
  const off = machines.filter(({ state }) => state !== "Running").map(({ name, state }) => `${name ?? "?"} is ${state ?? "gone"}`);
  const known = [`Mold shows the cluster as ${record.state ?? "unknown"}`, ...(off.length > 0 ? [off.join(", ")] : []), ...(troubles.length > 0 ? [`its events say: ${troubles.map((text) => `"${text}"`).join("; ")}`] : [])];
  const isRemoved = command === "createKubernetesCluster" && operation.desired.failedCreate === "remove" && hasFailed(record);
  const next = isRemoved ? "" : " Run again: it goes on from there.";
  return `${messageOf(error)} ${known.join("; ")}.${next}`;
}

/** A state that passes by itself, or does not. */
export async function awaitSettled(operation: ManagedOperation, { state, orElse }: Extract<ManagedWork, { kind: "awaitSettled" }>): Promise<void> {
  const { waitSeconds, desired, world } = operation;
  const half = orElse === "restart" ? Math.max(60, waitSeconds / 2) : waitSeconds / 2;
  if (await settles(operation, half)) return;
  if (orElse === "restart") return restart(operation, `it hangs in ${state}`);
  const isLeft = !(await mayBeAtWork(world, operation.context()));
  const { id, state: now } = await operation.recordOrFail();
  if (isLeft && now === "Starting") {
    world.log.warn(`${operation.context().resource}: it is Starting, and no job of Mold's is at work on a cluster any more: it is stopped`);
    return stopCluster(operation);
  }
  if (await settles(operation, waitSeconds - half)) return;
  const troubles = await operation.troubles(id);
  throw new ClusterError(`Mold still shows ${desired.name} as ${state} after ${waitSeconds} s${troubles.length > 0 ? `; its events say: ${troubles.map((text) => `"${text}"`).join("; ")}` : ""}. ${isLeft ? `It will not pass by itself: no job of Mold's is at work on a cluster any more, since its management server was restarted, perhaps. Mold takes no command in that state: an administrator of it has to set another one in its database (kubernetes_cluster: Alert).` : "Look at its machines and events in Mold; a longer timeout gives it more time."} Run again: it goes on from there.`, operation.context());
}

/** Whether it comes out of what it is in. */
async function settles(operation: ManagedOperation, seconds: number): Promise<boolean> {
  try {
    await operation.patienceOf(seconds).until(
      async () => {
        const record = await operation.record();
        return record === undefined || settled.has(record.state ?? "") ? true : undefined;
      },
      () => "it does not settle",
    );
    return true;
  } catch (error) {
    if (error instanceof ClusterError && error.message === "it does not settle") return false;
    throw error;
  }
}

/** Mold has one way out of a start that hangs, and of an Alert that it does not mend by itself: the whole is stopped, and started. */
async function restart(operation: ManagedOperation, why: string): Promise<void> {
  operation.world.log.warn(`${operation.context().resource}: ${why}: it is stopped and started`);
  await stopCluster(operation);
  await startCluster(operation);
}

export async function startCluster(operation: ManagedOperation): Promise<void> {
  const { waitSeconds, world } = operation;
  const { id, state } = await operation.recordOrFail();
  if (state === "Running") return;
  if (state !== "Stopped") throw new PlanOutdated(`it is ${state} by now`, operation.context());
  const half = Math.max(60, waitSeconds / 2);
  try {
    await world.mold.run("startKubernetesCluster", { id }, operation.jobContext(half));
  } catch (error) {
    if (!isMoldFailure(error) || (error.kind !== "timeout" && error.kind !== "refused")) throw error;
    // Half of the time is left for another attempt.
    const now = await operation.recordOrFail();
    if (now.state !== "Starting" && now.state !== "Alert") throw new ClusterError(await told(operation, "startKubernetesCluster", error), { cause: error });
    world.log.warn(`${operation.context().resource}: ${error.message} It is stopped and started once more`);
    await stopCluster(operation);
    await asked(operation, "startKubernetesCluster", () => world.mold.run("startKubernetesCluster", { id }, operation.jobContext(half)));
  }
  await operation.patienceOf(beginsSeconds).until(
    async () => ((await operation.record())?.state === "Running" ? true : undefined),
    () => `Mold says that it has started ${operation.desired.name}, and does not show it as Running. Run again.`,
  );
}

export async function stopCluster(operation: ManagedOperation): Promise<void> {
  const { waitSeconds, world, desired } = operation;
  const { id, state } = await operation.recordOrFail();
  if (state === "Stopped") return;
  await asked(operation, "stopKubernetesCluster", () => world.mold.run("stopKubernetesCluster", { id }, operation.jobContext(waitSeconds)));
  await operation.patienceOf(waitSeconds).until(
    async () => ((await operation.record())?.state === "Stopped" ? true : undefined),
    (waited) => `${desired.name} is not stopped after ${waited}. Look at its machines in Mold, then run again.`,
  );
}

/** Mold's scanner looks every half minute; where it finds nothing well for some of them, the whole is stopped and started. */
const recoverySeconds = 300;

export async function awaitRecovery(operation: ManagedOperation): Promise<void> {
  const { desired } = operation;
  const isWell = async (): Promise<true | undefined> => {
    const record = await operation.record();
    return record !== undefined && record.state !== "Alert" && record.state !== "Recovering" ? true : undefined;
  };
  const giveUp = "it stays in Alert";
  try {
    await operation.patienceOf(Math.min(recoverySeconds, operation.waitSeconds)).until(isWell, () => giveUp);
    return;
  } catch (error) {
    if (!(error instanceof ClusterError) || error.message !== giveUp) throw error;
  }
  await restart(operation, giveUp);
  await operation.patienceOf(recoverySeconds).until(isWell, () => `${desired.name} is still in Alert, although it was stopped and started. Look at its machines and events in Mold, then run again.`);
}

async function scaleTo(operation: ManagedOperation, size: number, isThere: (now: number) => boolean): Promise<void> {
  const { world, desired } = operation;
  const record = await operation.recordOrFail();
  if (record.state !== "Running") throw new PlanOutdated(`it is ${record.state} by now`, operation.context());
  if (isThere(Number(record.size))) return;
  await asked(operation, "scaleKubernetesCluster", () => world.mold.run("scaleKubernetesCluster", { id: record.id, size }, operation.jobContext(desired.timeouts.scaleSeconds, "workers.count")));
}

export async function scaleCluster(operation: ManagedOperation, { size }: Extract<ManagedWork, { kind: "scaleCluster" }>): Promise<void> {
  await checkSshPorts(operation, Math.max(0, size - Number((await operation.recordOrFail()).size)));
  await scaleTo(operation, size, (now) => now >= size);
}

/** Told a number, Mold takes the newest, whichever they are by now: they have to be those that were drained for it. */
export async function settleCount(operation: ManagedOperation, { size, machines }: Extract<ManagedWork, { kind: "settleCount" }>): Promise<void> {
  const going = workersOf(await operation.lookAgain()).slice(size);
  const others = going.filter(({ id }) => !machines.some((machine) => machine.id === id));
  if (others.length > 0) throw new PlanOutdated(`${others.map(({ name }) => name).join(", ")} would go with the others by now, and nothing was moved from there`, operation.context());
  await scaleTo(operation, size, (now) => now <= size);
}

/** One a job: Mold takes no more scaling where it has removed some of those of one job and failed at another. */
export async function removeNodes(operation: ManagedOperation, { machines }: Extract<ManagedWork, { kind: "removeNodes" }>): Promise<void> {
  const { world, desired } = operation;
  for (const { id: machineId } of machines) {
    const { id, state, virtualmachines: there = [] } = await operation.recordOrFail();
    if (!(there as { id?: string }[]).some((machine) => machine.id === machineId)) continue;
    if (state !== "Running") throw new PlanOutdated(`it is ${state} by now`, operation.context());
    await asked(operation, "scaleKubernetesCluster", () => world.mold.run("scaleKubernetesCluster", { id, nodeids: [machineId] }, operation.jobContext(desired.timeouts.scaleSeconds, "workers.count")));
  }
}

/**
 * Mold goes by the first machine of a role: where that has the offering already (it was tried there, or a change stopped half-way), it does nothing, and
 * says that all went well (upstream: KubernetesClusterScaleWorker.getExistingOfferingIdForNodeType). So such machines get back what its record says first.
 */
export async function changeOfferings(operation: ManagedOperation, { controlPlane, workers }: Extract<ManagedWork, { kind: "changeOfferings" }>): Promise<void> {
  const { catalogue } = operation;
  const asks = [
    ...(controlPlane === undefined ? [] : [{ role: "control-plane", node: "control", property: "controlPlane.offering", to: (await catalogue.offering(controlPlane, "controlPlane.offering")).id } as const]),
    ...(workers === undefined ? [] : [{ role: "worker", node: "worker", property: "workers.offering", to: (await catalogue.offering(workers, "workers.offering")).id } as const]),
  ];
  const { cluster, machines } = await operation.lookAgain();
  const recorded = (role: Role): string | undefined => (role === "worker" ? cluster?.workerOffering : cluster?.controlOffering)?.id;
  const left = asks.filter(({ role, to }) => recorded(role) !== to);
  if (left.length === 0) return;
  for (const { role, to } of left) {
    for (const machine of machines) if (machine.role === role && !machine.isExternal && machine.offeringId === to) await scaleMachine(operation, { kind: "scaleMachine", machine, offering: recorded(role) ?? to });
  }
  const { property } = left.at(-1)!;
  const { id } = await operation.recordOrFail();
  await asked(operation, "scaleKubernetesCluster", () => operation.world.mold.run("scaleKubernetesCluster", { id, nodeofferings: left.map(({ node, to }) => ({ node, offering: to })) }, operation.jobContext(operation.waitSeconds, property)));
  const { cluster: now } = await operation.lookAgain();
  const still = left.filter(({ role, to }) => now && (role === "worker" ? now.workerOffering : now.controlOffering).id !== to);
  // Planned anew, the whole cluster would be stopped and started again and again.
  if (still.length > 0) throw new ClusterError(`Mold says that it has given ${operation.desired.name} its offerings, and shows those of before. Look at the offerings of its machines in Mold: the first of each role has to have another one than is declared. Then run again.`, operation.context(undefined, property));
}

export async function setAutoscaling(operation: ManagedOperation, { bounds }: Extract<ManagedWork, { kind: "setAutoscaling" }>): Promise<void> {
  const { world } = operation;
  // The autoscaler itself may be at work.
  await settles(operation, operation.waitSeconds);
  const { id, state, autoscalingenabled: isOn } = await operation.recordOrFail();
  if (state !== "Running") throw new PlanOutdated(`it is ${state} by now`, operation.context());
  if (!bounds && isOn !== true) return;
  const params = bounds ? { autoscalingenabled: true, minsize: bounds.min, maxsize: bounds.max } : { autoscalingenabled: false };
  await asked(operation, "scaleKubernetesCluster", () => world.mold.run("scaleKubernetesCluster", { id, ...params }, operation.jobContext(operation.waitSeconds, "workers.autoscaling")));
}

/** Deletes what Mold has made, and sees that it is gone. */
export async function removeCluster(operation: ManagedOperation, seconds: number, keep?: () => Promise<void>): Promise<void> {
  await endCluster({ world: operation.world, find: () => operation.record(), seconds, context: operation.context(), keep });
}
