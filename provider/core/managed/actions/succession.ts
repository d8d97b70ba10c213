/** What names a node that leaves is led to the machine that has taken its place, before it is drained. */
import { leadForward } from "../../actions/leaving";
import { balancerMembers, readBalancerRule, readForward } from "../../observe";
import { tagKeys, tagsOf, type Tags } from "../../ownership";
import { namesIn } from "../../succession";
import { successorsAmong, type ManagedSuccession } from "../succession";
import type { ManagedWork } from "../work";
import { tagMachines } from "./nodes";
import type { ManagedOperation } from "./operation";

export async function leadToSuccessors(operation: ManagedOperation, { places, leaving }: Extract<ManagedWork, { kind: "leadToSuccessors" }>): Promise<void> {
  const { publicIpAddressId: address } = operation.desired.place;
  const pairs = successorsAmong(await operation.lookAgain(), places, leaving);
  // Written down first: a run that dies from here on finds the same pairs.
  for (const { successor, names } of pairs) await tagMachines(operation, { kind: "tagMachines", machines: [successor], tags: { [tagKeys.succeeds]: names } });
  if (address === "" || pairs.length === 0) return;
  await moveForwards(operation, address, pairs);
  await moveMembers(operation, address, pairs);
}

const isOurs = ({ desired }: ManagedOperation, tags: Tags): boolean => tags[tagKeys.cluster] === desired.uid && tags[tagKeys.target] !== undefined;

async function moveForwards(operation: ManagedOperation, address: string, pairs: readonly ManagedSuccession[]): Promise<void> {
  const rules = await operation.world.mold.list("listPortForwardingRules", { ipaddressid: address }, operation.context());
  for (const forward of rules.filter((rule) => isOurs(operation, tagsOf(rule))).map(readForward)) {
    const pair = pairs.find(({ old }) => old.id === forward.machineId);
    if (pair) await leadForward(operation, forward, pair.successor.id);
  }
}

async function moveMembers(operation: ManagedOperation, address: string, pairs: readonly ManagedSuccession[]): Promise<void> {
  const { mold } = operation.world;
  const rules = await mold.list("listLoadBalancerRules", { publicipid: address }, operation.context());
  for (const { id, name, tags } of rules.map(readBalancerRule).filter((rule) => isOurs(operation, rule.tags))) {
    const followed = namesIn(tags);
    const moved = pairs.filter(({ names }) => names.split(",").some((each) => followed.includes(each)));
    if (moved.length === 0) continue;
    const members = await balancerMembers(operation.world, id);
    const context = operation.context(`balancer rule ${name}`);
    const coming = moved.map(({ successor }) => successor.id).filter((each) => !members.includes(each));
    if (coming.length > 0) await mold.run("assignToLoadBalancerRule", { id, virtualmachineids: coming }, context);
    const going = moved.map(({ old }) => old.id).filter((each) => members.includes(each));
    if (going.length > 0) await mold.run("removeFromLoadBalancerRule", { id, virtualmachineids: going }, context);
  }
}
