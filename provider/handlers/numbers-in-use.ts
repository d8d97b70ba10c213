/**
 * Numbers in access lists that one run has seen standing or has given. A list may be declared by its own id or by its network's: that two
 * rules share one shows only once it is looked at, and each would then push the other off its number, run after run.
 */
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import type { World } from "../core/ports";
import type { RulePlace } from "../core/rules/place";

interface Claimed {
  readonly list: string;
  readonly number: number;
  readonly resource: string;
}

/** By the signal that ends the run: all of its resources share it, and no other run has it. */
const runs = new WeakMap<AbortSignal, Map<string, Claimed>>();

/** @throws ClusterError when another rule of this run has it */
export function claimNumber({ signal }: Pick<World, "signal">, { id: list }: RulePlace, { kind, number }: CheckedNetworkRuleInputs, resource: string): void {
  const claims = runs.get(signal) ?? new Map<string, Claimed>();
  runs.set(signal, claims);
  claims.delete(resource);
  if (kind !== "acl" || number === undefined) return;
  const other = [...claims.values()].find((each) => each.list === list && each.number === number);
  if (other) throw new ClusterError(`number ${number} is also declared by ${other.resource} for the same access list; Mold takes one rule a number. Change one of the two.`, { resource, property: "number" });
  claims.set(resource, { list, number, resource });
}
