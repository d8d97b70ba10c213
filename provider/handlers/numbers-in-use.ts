/**
 * Numbers in access lists that one run has seen standing or has given. A list may be declared by its own id or by its network's: that two
 * rules share one shows only once it is looked at, and each would then push the other off its number, run after run.
 */
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { ClusterError } from "../core/errors";
import type { World } from "../core/ports";
import type { RulePlace } from "../core/rules/place";

interface Claimed {
  readonly run: string;
  readonly list: string;
  readonly number: number;
  readonly resource: string;
}

const claims = new Map<string, Claimed>();

/** @throws ClusterError when another rule of this run has it */
export function claimNumber({ run, owner }: World, { id: list }: RulePlace, { kind, number }: CheckedNetworkRuleInputs, resource: string): void {
  const key = JSON.stringify([run, owner, resource]);
  claims.delete(key);
  if (kind !== "acl" || number === undefined) return;
  const other = [...claims.values()].find((each) => each.run === run && each.list === list && each.number === number);
  if (other) throw new ClusterError(`number ${number} is also declared by ${other.resource} for the same access list; Mold takes one rule a number. Change one of the two.`, { resource, property: "number" });
  claims.set(key, { run, list, number, resource });
}
