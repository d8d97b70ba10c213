/** What a change of a rule does, in words, before it is made. Pure. */
import type { PropertyChange } from "../../schema/changes";
import type { CheckedNetworkRuleInputs } from "../../schema/generated/types";
import type { Declared } from "./handler";
import { changesInPlace, goTogether } from "./network-rule-kinds";

type Inputs = CheckedNetworkRuleInputs & Declared;

const waits: Readonly<Record<Inputs["kind"], string>> = {
  firewall: "new connections there are refused for that moment",
  portForward: "connections there end, and new ones are refused for that moment",
  egress: "the network's default policy holds for that moment",
  acl: "what else the list says holds for that moment",
};

export function networkRuleChange(olds: Inputs, news: Inputs, changed: readonly PropertyChange[]): string {
  const names = changed.map(({ property }) => property).join(", ");
  const replacing = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
  if (replacing.length > 0) return `${replacing.join(", ")} can't be changed on a rule: the old rule is deleted, then the new one is made; ${waits[olds.kind]}`;
  if (changesInPlace(olds, news)) return `change ${names} in place`;
  if (goTogether(olds, news)) return `change ${names}: the new rule is made before the old one goes`;
  return `change ${names}: Mold takes no second rule beside the old one that shares its ports, so the old one goes first; ${waits[news.kind]}`;
}
