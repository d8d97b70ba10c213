/** What a change of a balancer does, in words, before it is made. Pure. */
import type { PropertyChange } from "../../schema/changes";
import type { CheckedLoadBalancerInputs } from "../../schema/generated/types";

export function loadBalancerChange(olds: CheckedLoadBalancerInputs, news: CheckedLoadBalancerInputs, changed: readonly PropertyChange[]): string {
  const names = changed.map(({ property }) => property).join(", ");
  const replacing = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
  const gap = "connections through it end, and new ones are refused for that moment";
  if (replacing.length > 0) return `${replacing.join(", ")} can't be changed on a rule: the old rule is deleted, then the new one is made; ${gap}`;
  if (olds.publicPort !== news.publicPort) return `change ${names}: the new rule is made, with its members, before the old one goes`;
  if (olds.privatePort !== news.privatePort) return `change ${names}: Mold can't change the private port and takes no second rule on port ${news.publicPort}, so the old rule goes first; ${gap}`;
  if (olds.autoscale && !news.autoscale) return `change ${names} in place; the machines that Mold made for it go`;
  return `change ${names} in place`;
}
