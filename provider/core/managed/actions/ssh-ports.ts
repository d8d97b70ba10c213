/**
 * Ports of the cluster's address that Mold leads to SSH on its machines, one each from 2222 on (upstream: CLUSTER_NODES_DEFAULT_START_SSH_PORT). Where
 * somebody's rule has the next one, a scaling fails when its machines are there already, and leaves them.
 */
import { ClusterError } from "../../errors";
import { tagKeys, tagsOf } from "../../ownership";
import type { ManagedOperation } from "./operation";

const firstPort = 2222;
const sshPort = 22;

interface Taken {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

const named = (tags: Parameters<typeof tagsOf>[0]): string => {
  const resource = tagsOf(tags)[tagKeys.resource];
  return resource === undefined ? "" : ` (${resource})`;
};

/** @param count how many more there are to be */
export async function checkSshPorts(operation: ManagedOperation, count: number): Promise<void> {
  const { publicIpAddressId: address, publicIpAddress: ip } = operation.desired.place;
  // On a shared network nothing is led anywhere.
  if (address === "") return;
  const { mold } = operation.world;
  const context = operation.context(undefined, "workers.count");
  const [{ machines }, forwards, balancers] = await Promise.all([operation.lookAgain(), mold.list("listPortForwardingRules", { ipaddressid: address }, context), mold.list("listLoadBalancerRules", { publicipid: address }, context)]);
  const isMolds = (rule: (typeof forwards)[number]): boolean => Number(rule.privateport) === sshPort && machines.some(({ id }) => id === rule.virtualmachineid) && tagsOf(rule)[tagKeys.resource] === undefined;
  const taken: Taken[] = [
    ...forwards.filter((rule) => rule.protocol !== "udp" && !isMolds(rule)).map((rule): Taken => ({ from: Number(rule.publicport), to: Number(rule.publicendport ?? rule.publicport), by: `a port forward to ${rule.virtualmachinename ?? "a machine"}${named(rule)}` })),
    ...balancers.filter(({ protocol }) => protocol !== "udp").map((rule): Taken => ({ from: Number(rule.publicport), to: Number(rule.publicport), by: `the balancer rule ${rule.name ?? rule.id ?? ""}` })),
  ];
  for (let port = firstPort; port < firstPort + machines.length + count; port++) {
    const inTheWay = taken.find(({ from, to }) => from <= port && port <= to);
    if (!inTheWay) continue;
    throw new ClusterError(`workers.count: Mold leads the port ${port} of ${ip} to the machine that it would make, for SSH, as one from ${firstPort} on to each; and ${port} is taken by ${inTheWay.by}. Give that rule another port. Nothing was begun. Run again then.`, context);
  }
}
