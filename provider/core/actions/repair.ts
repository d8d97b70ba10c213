/** Steps on machines that run and whose nodes are not there. */
import { ClusterError, PlanOutdated } from "../errors";
import { parseMachineName } from "../ownership";
import { areMany, comingBackSeconds, lookElsewhere } from "../plan-repair";
import { isLockedOut } from "../certificate-life";
import { isMoldFailure } from "../ports";
import { listed } from "../wording";
import type { MachineRef, Work } from "../step";
import { leaveApiBalancer } from "./api";
import { handOverEtcd } from "./etcd";
import { whatElse } from "./joining";
import { controlPlanesNow } from "./lost";
import type { Operation } from "./operation";
import { readmit } from "./readmission";

/** Its machine may just be rebooting, or be on its way already. */
export async function awaitRecovery(operation: Operation, { machine, orElse }: Extract<Work, { kind: "awaitRecovery" }>): Promise<void> {
  const { nodes, world } = operation;
  if (orElse === "fail") {
    await nodes.ready(machine.name, { restarted: true, longestMs: operation.longestReturnMs, advice: `${lookElsewhere}; ${whatElse(operation, machine)}` });
    return;
  }
  const isBack = await nodes.isBack(machine.name, comingBackSeconds * 1000);
  world.log.info(`${machine.name} ${isBack ? "is back" : "does not come back by itself"}`);
}

/** Heartbeats come every ten seconds. */
const lastLookMs = 15_000;

/** Only what is still away by now, and only while that takes nothing away that is needed. That it comes back is waited for by the next step. */
export async function reviveMachine(operation: Operation, machine: MachineRef & { id: string }): Promise<void> {
  const { world, nodes } = operation;
  if (await nodes.isBack(machine.name, lastLookMs)) return;
  if (machine.role === "control-plane") {
    await leaveApiBalancer(operation, machine);
    await handOverEtcd(operation, machine);
  } else if (isLockedOut("worker", (await operation.nodesNow()).find(({ name }) => name === machine.name), world.clock.now())) await readmit(operation, machine);
  else await refuseAmongMany(operation, machine);
  world.log.warn(`${machine.name} is rebooted: its node is away`);
  const context = operation.context(`machine ${machine.name}`);
  try {
    await world.mold.run("rebootVirtualMachine", { id: machine.id }, context);
  } catch (error) {
    if (!isMoldFailure(error) || error.kind !== "refused") throw error;
    throw new ClusterError(`${machine.name} is NotReady and can't be rebooted: Mold says "${error.said ?? error.message}". Look at its host in Mold; ${whatElse(operation, machine)}`, { ...context, cause: error });
  }
}

async function refuseAmongMany(operation: Operation, machine: MachineRef): Promise<void> {
  const { desired, kubernetes } = operation;
  const workers = (await kubernetes.nodes()).filter(({ name }) => parseMachineName(desired.name, name)?.role === "worker");
  const down = workers.filter(({ ready }) => !ready).map(({ name }) => name);
  if (!areMany(down.length, workers.length, desired.upgrade.maxUnavailable)) return;
  throw new ClusterError(`${machine.name} is not rebooted: by now ${down.length} of ${workers.length} workers are NotReady (${listed(down)}), too many for it to be the machines. ${lookElsewhere}, then run again.`, operation.context(`machine ${machine.name}`));
}

/** Longer than an election, or a balancer's look at whom it has. */
const silenceMs = 60_000;

/** Everything that is left goes after this: it must not be for a moment's silence. */
export async function confirmSilence(operation: Operation): Promise<void> {
  const { world, kubernetes, desired, observed } = operation;
  const since = world.clock.now();
  while (world.clock.now() - since < silenceMs) {
    if (await kubernetes.ready()) throw new PlanOutdated(`the API of ${desired.name} answers after all, so that nothing was removed. Run again: it goes on with what is there.`, operation.context());
    await world.clock.sleep(5000, world.signal);
  }
  // A list that lacked machines for a moment would be followed by a second etcd beside theirs.
  const unseen = (await controlPlanesNow(operation)).filter(({ name }) => !observed.machines.some((machine) => machine.name === name));
  if (unseen.length > 0) throw new PlanOutdated(`${listed(unseen.map(({ name }) => name))} ${unseen.length === 1 ? "is" : "are"} there after all, so that nothing was removed. Run again: it goes on with what is there.`, operation.context());
}
