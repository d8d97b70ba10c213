/** Steps of an upgrade. The order goes by the node's own object, and so does the answer: see provider/node/agent/upgrade.sh. */
import * as semver from "semver";
import { findVersion } from "../catalogue";
import { endingCertificates, staysAt } from "../certificate-life";
import { ClusterError } from "../errors";
import { agentAnnotation, isCordonedBy, parseMachineName, preparedAnnotation, prepareVersionAnnotation, upgradeRoleAnnotation, wantedVersionAnnotation } from "../ownership";
import { isNoAnswer, type KubernetesNode } from "../ports";
import { missingRoom } from "../room";
import type { Work } from "../step";
import { awaitAgent, behind } from "./agent-answer";
import { whatBecameOf } from "./machines";
import type { Operation } from "./operation";
import { awaitWhole } from "./whole";

/** What may be on its way to good by itself when a hop is looked at: a node that comes back, a budget whose pods are being made. */
const settleMs = 60_000;

/** Everything that would stop the hop half-way, before it begins. */
export async function checkHop(operation: Operation, { from, to, drains }: Extract<Work, { kind: "checkHop" }>): Promise<void> {
  const { desired, catalogue } = operation;
  const stays = (why: string): string => `${staysAt(desired.name, from, why)}. Nothing of this hop was begun. Mend that, then run again: it goes on from here.`;
  const disc = findVersion(to, await catalogue.versionsNow(desired.place.zoneId));
  if (typeof disc === "string") throw new ClusterError(stays(disc), { ...operation.context(), property: "version" });
  await settled(operation, () => whatHinders(operation, to), stays);
  if (drains) await settled(operation, () => drainHinders(operation), stays);
  operation.hops.begin(to);
}

async function settled(operation: Operation, look: () => Promise<string[]>, stays: (why: string) => string): Promise<void> {
  let wrong: string[] = [];
  await operation.patienceOf(settleMs).until(
    async () => {
      wrong = await look().catch((error: unknown) => {
        if (isNoAnswer(error)) return [error.message];
        throw error;
      });
      return wrong.length === 0 ? true : undefined;
    },
    (waited) => stays(`${wrong.join("; ")} (for ${waited})`),
  );
}

async function whatHinders(operation: Operation, to: string): Promise<string[]> {
  const { kubernetes, desired, world } = operation;
  const nodes = (await kubernetes.nodes()).filter(({ annotations }) => agentAnnotation in annotations);
  const controlPlanes = nodes.filter(({ name }) => parseMachineName(desired.name, name)?.role === "control-plane");
  const ending = endingCertificates(nodes, { now: world.clock.now(), hopSeconds: desired.timeouts.upgradeSeconds });
  return [...nodes.flatMap((node) => nodeHinders(node, to)), ...ending, ...(await etcdHinders(operation, controlPlanes))];
}

/** kubelets from 1.36 on speak to containerd 2.0 and later only: https://kubernetes.io/blog/2025/12/17/kubernetes-v1-35-release/ */
const containerdTwoFrom = 36;

function nodeHinders({ name, ready, reason, version, pressures, runtime }: KubernetesNode, to: string): string[] {
  const behind = semver.valid(version) ? semver.minor(to) - semver.minor(version) : 0;
  const containerd = /^containerd:\/\/(\d+)\./.exec(runtime)?.[1];
  return [
    ...(ready ? [] : [`${name} is NotReady${reason ? ` (${reason})` : ""}`]),
    ...(behind > 1 ? [`${name} runs ${version}, ${behind} minors away`] : []),
    ...(pressures.length > 0 ? [`${name} reports ${pressures.join(", ")}`] : []),
    ...(semver.minor(to) >= containerdTwoFrom && containerd !== undefined && Number(containerd) < 2 ? [`${name} has ${runtime}, and the kubelet of ${to} needs containerd 2.0 or later: replace it by a machine of a newer image`] : []),
  ];
}

async function etcdHinders({ kubernetes }: Operation, controlPlanes: readonly KubernetesNode[]): Promise<string[]> {
  const via = controlPlanes.find(({ ready }) => ready);
  if (!via) return [];
  const members = await kubernetes.etcdMembers(via.name);
  const voting = members.filter(({ isLearner }) => !isLearner);
  return [
    ...controlPlanes.flatMap(({ name }) => (voting.some((member) => member.name === name) ? [] : [`${name} is no voting member of etcd`])),
    ...members.flatMap(({ name, peerUrls, isLearner }) => (isLearner || !controlPlanes.some((node) => node.name === name) ? [`etcd has a member that no control plane answers for (${name || peerUrls.join(", ")})`] : [])),
    ...(members.some(({ isLeader }) => isLeader) ? [] : ["nobody leads etcd"]),
  ];
}

/** A budget that lets nobody go would stop every drain; without room elsewhere the pods would be nowhere. */
async function drainHinders({ kubernetes, desired }: Operation): Promise<string[]> {
  const holding = (await kubernetes.budgets()).filter(({ pods, allowed }) => pods > 0 && allowed === 0);
  const workers = (await kubernetes.nodes()).filter(({ name }) => parseMachineName(desired.name, name)?.role === "worker");
  // Those that an interrupted run had cordoned are first, and open again before another goes.
  const open = workers.map((node) => (isCordonedBy(node, desired.uid) ? { ...node, unschedulable: false } : node));
  // A single worker's pods have nowhere to go anyway, and a surge makes the room.
  const missing = workers.length > 1 && desired.upgrade.maxSurge === 0 ? missingRoom(open, await kubernetes.pods()) : undefined;
  return [
    ...holding.map(({ namespace, name }) => `the disruption budget ${namespace}/${name} lets no pod go, so that its nodes could not be drained: give it room (more replicas, or a lower minimum)`),
    ...(missing === undefined ? [] : [`there is no room for one worker fewer: ${missing}. Declare more workers, or upgrade.maxSurge`]),
  ];
}

/** Until its agent says that it has the images. */
export async function prepareNode(operation: Operation, { machine, version }: Extract<Work, { kind: "prepareNode" }>): Promise<void> {
  const stops = (why: string): ClusterError =>
    new ClusterError(`${machine.name} can't be prepared for ${version}: ${why}. Nothing of Kubernetes was changed on it. Mend that, then run again.`, operation.context(`node ${machine.name}`));
  await operation.kubernetes.annotateNode(machine.name, { [prepareVersionAnnotation]: version });
  await awaitAgent(operation, machine, {
    order: version,
    answerIn: preparedAnnotation,
    // An interrupted run has given it the order already: it loads them on its way, and no longer answers this.
    isMoot: ({ [wantedVersionAnnotation]: wanted }) => wanted === version,
    undone: `loaded the images of ${version}`,
    refused: stops,
    failed: stops,
    advice: "Nothing of Kubernetes was changed on it. Run again: it goes on from here.",
    longestMs: operation.hops.leftMs(version),
  });
}

/** Who is the first of its hop is known only now: the one that comes while the cluster's own record is still of the version before. */
export async function orderUpgrade(operation: Operation, { machine, version }: Extract<Work, { kind: "orderUpgrade" }>): Promise<void> {
  const { kubernetes } = operation;
  const order = { [wantedVersionAnnotation]: version, [prepareVersionAnnotation]: undefined, [preparedAnnotation]: undefined };
  if (machine.role === "worker") return kubernetes.annotateNode(machine.name, order);
  const node = (await kubernetes.nodes()).find(({ name }) => name === machine.name);
  // It may have been told so by an interrupted run, and has changed the record since; what is left for it to do is still the first one's.
  const wasFirst = node?.annotations[wantedVersionAnnotation] === version && node.annotations[upgradeRoleAnnotation] === "first";
  const isFirst = wasFirst || (await kubernetes.clusterVersion()) !== version;
  await kubernetes.annotateNode(machine.name, { ...order, [upgradeRoleAnnotation]: isFirst ? "first" : undefined });
}

/** Until it says so itself, its kubelet reports that version, and it is Ready; of a control plane its static pods too, and etcd is whole. */
export async function awaitUpgrade(operation: Operation, { machine, version }: Extract<Work, { kind: "awaitUpgrade" }>): Promise<void> {
  const { world, kubernetes, nodes } = operation;
  const context = operation.context(`node ${machine.name}`);
  let said: string | undefined;
  await nodes.ready(machine.name, {
    restarted: false,
    lost: () => whatBecameOf(operation, machine),
    longestMs: operation.hops.leftMs(version),
    advice: `Its agent's journal says more (on the machine: journalctl -u ablestack-kubernetes-agent). A longer timeouts.upgrade gives it more time. Run again: it goes on from here.`,
    missing: ({ annotations, version: now }) => {
      const answer = annotations[agentAnnotation];
      if (answer !== said && answer !== undefined) world.log.info(`${machine.name}: ${(said = answer)}`);
      const refusal = behind("upgrade refused:", answer);
      if (refusal !== undefined && annotations[wantedVersionAnnotation] === version) throw new ClusterError(`${machine.name} refuses to go to ${version}: ${refusal}. Mend that, then run again.`, context);
      return answer === `upgraded ${version}` && now === version ? undefined : `it runs ${now}, and its agent says: ${answer ?? "nothing"}`;
    },
  });
  if (machine.role !== "control-plane") return;
  await awaitWhole(kubernetes, [machine], {
    least: 1,
    patience: operation.patience,
    giveUp: (lacking, waited) => `${machine.name} is upgraded and not whole after ${waited}: ${lacking}. Look at its pods in kube-system, then run again.`,
  });
}
