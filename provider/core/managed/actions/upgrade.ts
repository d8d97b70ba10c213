/** Steps of an upgrade that Mold carries out: before it, itself, and what it leaves. */
import { findVersion } from "../../catalogue";
import { ClusterError, PlanOutdated } from "../../errors";
import { isCordonedBy, keptCordoned } from "../../ownership";
import { isMoldFailure, isNoAnswer, type KubernetesNode } from "../../ports";
import type { ManagedWork } from "../work";
import type { ManagedOperation } from "./operation";

/** What may be on its way to good by itself. */
const settleSeconds = 60;

async function ownNodes(operation: ManagedOperation): Promise<KubernetesNode[]> {
  const names = new Set(operation.observed.machines.filter(({ isExternal }) => !isExternal).map((machine) => operation.nodeOf(machine)));
  return (await (await operation.kubernetesOf()).nodes()).filter(({ name }) => names.has(name));
}

/** Everything that would stop Mold half-way, before it begins: it gives a drain one minute, and no second try. */
export async function checkHop(operation: ManagedOperation, { from, to }: Extract<ManagedWork, { kind: "checkHop" }>): Promise<void> {
  const { desired, catalogue } = operation;
  const stays = (why: string): string => `${desired.name} stays at ${from}: ${why}. Nothing of this hop was begun. Mend that, then run again.`;
  const disc = findVersion(to, await catalogue.versionsNow(desired.place.zoneId));
  if (typeof disc === "string") throw new ClusterError(stays(disc), operation.context(undefined, "version"));
  let wrong: string[] = [];
  await operation.patienceOf(settleSeconds).until(
    async () => {
      wrong = await hinders(operation).catch((error: unknown) => {
        if (isNoAnswer(error)) return [error.message];
        throw error;
      });
      return wrong.length === 0 ? true : undefined;
    },
    (waited) => stays(`${wrong.join("; ")} (for ${waited})`),
  );
}

async function hinders(operation: ManagedOperation): Promise<string[]> {
  const kubernetes = await operation.kubernetesOf();
  const [nodes, budgets] = [await ownNodes(operation), await kubernetes.budgets()];
  const missing = operation.observed.machines.filter((machine) => !machine.isExternal && !nodes.some(({ name }) => name === operation.nodeOf(machine)));
  return [
    ...missing.map(({ name }) => `the machine ${name} is no node of the cluster`),
    ...nodes.filter(({ ready }) => !ready).map(({ name, reason }) => `${name} is NotReady${reason ? ` (${reason})` : ""}`),
    ...nodes.filter(({ pressures }) => pressures.length > 0).map(({ name, pressures }) => `${name} reports ${pressures.join(", ")}`),
    ...budgets.filter(({ pods, allowed }) => pods > 0 && allowed === 0).map(({ namespace, name }) => `the disruption budget ${namespace}/${name} lets no pod go, so that its nodes could not be drained: give it room (more replicas, or a lower minimum)`),
  ];
}

export async function upgradeCluster(operation: ManagedOperation, { from, to }: Extract<ManagedWork, { kind: "upgradeCluster" }>): Promise<void> {
  const { world, desired, catalogue } = operation;
  const record = await operation.recordOrFail();
  const version = await catalogue.version(to, desired.place.zoneId);
  if (record.kubernetesversionid === version.id) return;
  if (record.state !== "Running") throw new PlanOutdated(`it is ${record.state} by now`, operation.context());
  await keepCordons(operation);
  try {
    await world.mold.run("upgradeKubernetesCluster", { id: record.id, kubernetesversionid: version.id }, operation.jobContext(desired.timeouts.upgradeSeconds, "version"));
  } catch (error) {
    if (!isMoldFailure(error) || error.kind === "credentials" || error.kind === "unreachable") throw error;
    throw new ClusterError(`${error.message} ${await leftAs(operation, from, to)} Run again: it goes on from there.`, { cause: error });
  }
}

/** Where the nodes are when Mold gave up, whatever it shows. */
async function leftAs(operation: ManagedOperation, from: string, to: string): Promise<string> {
  try {
    const nodes = await ownNodes(operation);
    const words = nodes.map(({ name, version, unschedulable }) => `${name} runs ${version}${unschedulable ? " and is cordoned" : ""}`);
    return `On the way from ${from} to ${to}: ${words.join(", ")}.`;
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return "What the nodes run can't be seen: the cluster's API does not answer.";
  }
}

/** Mold opens every node that it has upgraded, also those that a person had cordoned: they are noted, and closed again afterwards. */
async function keepCordons(operation: ManagedOperation): Promise<void> {
  // A second attempt would take for a person's what the first one has left.
  if (operation.observed.nodes?.some(({ annotations }) => annotations[keptCordoned] === "noted") === true) return;
  const kubernetes = await operation.kubernetesOf();
  for (const node of await ownNodes(operation)) {
    const isKept = node.unschedulable && !isCordonedBy(node, operation.desired.uid);
    await kubernetes.annotateNode(node.name, { [keptCordoned]: isKept ? "yes" : "noted" });
  }
}

/** Every node at the version and Ready; open, but for those that were not before. */
export async function tidyUpgrade(operation: ManagedOperation, { to }: Extract<ManagedWork, { kind: "tidyUpgrade" }>): Promise<void> {
  const { desired, world } = operation;
  let wrong: string[] = [];
  await operation.patienceOf(Math.min(900, operation.waitSeconds)).until(
    async () => {
      try {
        wrong = (await ownNodes(operation)).flatMap(({ name, version, ready }) => (version === to && ready ? [] : [`${name} ${version === to ? "is NotReady" : `runs ${version}`}`]));
      } catch (error) {
        if (!isNoAnswer(error)) throw error;
        wrong = [error.message];
      }
      return wrong.length === 0 ? true : undefined;
    },
    (waited) => `${desired.name} is not at ${to} as a whole after ${waited}: ${wrong.join("; ")}. Run again: it goes on from there.`,
  );
  const kubernetes = await operation.kubernetesOf();
  const hand = { annotation: keptCordoned, value: "" };
  for (const node of await ownNodes(operation)) {
    const word = node.annotations[keptCordoned];
    if (word === undefined) continue;
    if (word === "noted" && node.unschedulable && !isCordonedBy(node, desired.uid)) {
      world.log.info(`${node.name}: the upgrade had left it cordoned; it is opened`);
      await kubernetes.uncordonNode(node.name, { ...hand, value: word });
    }
    if (word === "yes" && !node.unschedulable) await kubernetes.cordonNode(node.name, { ...hand, value: word });
    await kubernetes.annotateNode(node.name, { [keptCordoned]: undefined });
  }
}
