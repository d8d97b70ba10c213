/** What `kubectl describe node` shows as a node's events, as kubelets, kube-proxy and the controllers of a real cluster tell them. */
import { recordEvent } from "./admission";
import { objectIn, type KubernetesObject, type ObjectStore } from "./objects";
import { kinds } from "./resources";

type Teller = (store: ObjectStore, node: KubernetesObject, now: number) => void;

const status =
  (reason: string): Teller =>
  (store, node, now) =>
    recordEvent(store, now, node, "Normal", reason, `Node ${node.metadata.name} status is now: ${reason}`, "kubelet");

export const nodeReady = status("NodeReady");

/** A kubelet has started, whatever the node was before. */
export const kubeletStarted: Teller = (store, node, now) => {
  recordEvent(store, now, node, "Normal", "Starting", "Starting kubelet.", "kubelet");
  for (const reason of ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"]) status(reason)(store, node, now);
  recordEvent(store, now, node, "Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods", "kubelet");
};

/** It finds another boot than the one that its Node knows. */
export function rebooted(store: ObjectStore, node: KubernetesObject, now: number, bootId: string): void {
  recordEvent(store, now, node, "Warning", "Rebooted", `Node ${node.metadata.name} has been rebooted, boot id: ${bootId}`, "kubelet");
}

export const proxyStarted: Teller = (store, node, now) => recordEvent(store, now, node, "Normal", "Starting", "", "kube-proxy");

const byController =
  (reason: string, words: (name: string) => string): Teller =>
  (store, node, now) =>
    recordEvent(store, now, node, "Normal", reason, `Node ${node.metadata.name} event: ${words(node.metadata.name)}`, "node-controller");

/** Told of a new node, and of every node by controllers that begin to lead. */
export const registered = byController("RegisteredNode", (name) => `Registered Node ${name} in Controller`);
export const removed = byController("RemovingNode", (name) => `Removing Node ${name} from Controller`);
export const notReady: Teller = (store, node, now) => recordEvent(store, now, node, "Normal", "NodeNotReady", `Node ${node.metadata.name} status is now: NodeNotReady`, "node-controller");

/** Its kubelet sees that it was cordoned, or is not any more. */
export function schedulingChanged(store: ObjectStore, before: KubernetesObject, node: KubernetesObject, now: number): void {
  const [was, is] = [before, node].map((each) => objectIn(each, "spec").unschedulable === true);
  if (node.kind === kinds.node.kind && was !== is) status(is ? "NodeNotSchedulable" : "NodeSchedulable")(store, node, now);
}
