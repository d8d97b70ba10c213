/** Who is behind a balancer rule, and how that is changed. */
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { balancerMembers } from "../observe";
import type { World } from "../ports";
import type { RuleAddress } from "./place";
import { inTurn } from "./turns";

const few = 4;

/**
 * For looking at many rules of one address. Mold lists the machines of a rule, or the rules of a machine, and nothing at once: whichever
 * are fewer are asked for. What fifty rules over five machines cost is five calls, which all of them share.
 * @param rules how many there are on the address
 */
export async function membersSeen(world: World, address: RuleAddress, ruleId: string, rules: number): Promise<string[]> {
  const { mold } = world;
  // One list more is not worth it for a few.
  const machines = rules > few ? await mold.list("listVirtualMachines", { networkid: address.networkId }).catch(goneAsEmpty) : [];
  if (machines.length === 0 || machines.length >= rules) return balancerMembers(world, ruleId);
  const behind = await Promise.all(
    machines.map(async ({ id }) => ((await mold.list("listLoadBalancerRules", { publicipid: address.id, virtualmachineid: id }).catch(goneAsEmpty)).some((rule) => rule.id === ruleId) ? [id!] : [])),
  );
  return behind.flat().sort();
}

/** Assigning a member that is there fails the whole job, so the members are asked for first. New ones come before old ones go. */
export async function setMembers(world: World, address: RuleAddress, ruleId: string, wanted: readonly string[], resource: string): Promise<void> {
  const have = await balancerMembers(world, ruleId);
  const missing = wanted.filter((id) => !have.includes(id));
  const extra = have.filter((id) => !wanted.includes(id));
  const context = { resource, property: "members", signal: world.signal };
  if (missing.length > 0) {
    await orAlready(
      () => inTurn(world, address.id, () => world.mold.run("assignToLoadBalancerRule", { id: ruleId, virtualmachineids: missing }, context)),
      async () => (await balancerMembers(world, ruleId)).filter((id) => missing.includes(id)).length === missing.length,
    );
  }
  if (extra.length > 0) await inTurn(world, address.id, () => world.mold.run("removeFromLoadBalancerRule", { id: ruleId, virtualmachineids: extra }, context));
}
