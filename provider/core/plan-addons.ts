/** Add-ons: the keys that they ask Mold with, and the control plane whose agent installs or removes them. Pure. */
import { addonChange, addonsOf, addonsOnDisc, hasAddons, type AddonChange } from "./addons";
import { nodesByName } from "./nodes-by-name";
import { wantedAddonsAnnotation } from "./ownership";
import type { PlanInput, Problem } from "./plan-input";
import type { PlannedMachine } from "./plan-joining";
import type { KubernetesNode } from "./ports";
import type { Release } from "./release";
import type { Steps } from "./steps";

export function planAddons(steps: Steps, input: PlanInput, { hops }: Release, machines: readonly PlannedMachine[], initialised: boolean): void {
  const { desired, observed, former } = input;
  const change = addonChange(desired.addons, former?.addons);
  if (change.install.length + change.remove.length === 0) return;
  // Of a cluster that is there and does not answer nobody knows what it has: the round that comes when it answers does.
  if (initialised && observed.addons === undefined) return;
  const { cloudConfig } = observed.addons ?? {};
  const controlPlanes = controlPlanesOf(input, machines);
  const before = hops.length > 0 ? steps.all.map(({ id }) => id) : steps.has("awaitApi") ? ["awaitApi"] : [];
  const keys = change.install.length > 0 ? planKeys(steps, input, before) : undefined;
  const via = controlPlanes[0];
  const isDone = hops.length === 0 && controlPlanes.some(({ node }) => node !== undefined && hasAddons(node, change));
  const ordered =
    isDone || via === undefined
      ? undefined
      : steps.add({ kind: "orderAddons", machine: via.machine.ref, ...change }, titleOf(change, desired.name), [keys, ...before, ...(steps.has(`awaitNode ${via.machine.ref.name}`) ? [`awaitNode ${via.machine.ref.name}`] : [])], {
          why: hops.length > 0 ? `from the ISO of ${hops.at(-1)!.to.version}` : "from the Kubernetes ISO",
        });
  if (change.install.length === 0 && cloudConfig?.isOurs === true) steps.add({ kind: "deleteCloudConfig" }, `take the keys for Mold out of ${desired.name}`, [ordered], { why: "nothing in it asks Mold any more" });
}

interface Installer {
  readonly machine: PlannedMachine;
  readonly node?: KubernetesNode;
}

/** Who has been told already first, then those that are Ready. */
function controlPlanesOf({ observed }: PlanInput, machines: readonly PlannedMachine[]): Installer[] {
  const nodes = nodesByName(observed.nodes ?? []);
  const found = machines.filter(({ ref }) => ref.role === "control-plane").map((machine): Installer => ({ machine, node: nodes.get(machine.ref.name) }));
  const rank = ({ node }: Installer): number => (node?.ready !== true ? 2 : wantedAddonsAnnotation in node.annotations ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}

function planKeys(steps: Steps, { desired, observed }: PlanInput, before: readonly string[]): string | undefined {
  const { name, addons } = desired;
  const now = observed.addons?.cloudConfig;
  const title = `put the keys of the connection ${addons.credentials ?? ""} into ${name}`;
  if (now === undefined) return steps.add({ kind: "putCloudConfig" }, title, before, { why: "its add-ons ask Mold with them" });
  const isOther = addons.cloudConfig !== undefined && addons.cloudConfig !== now.text;
  const put = isOther ? steps.add({ kind: "putCloudConfig" }, title, before, { why: "others are configured now" }) : undefined;
  return isOther || now.restarts ? steps.add({ kind: "restartCloudUsers" }, `restart what asks Mold from within ${name}`, [put], { why: "it reads its keys as it starts" }) : undefined;
}

const named = (names: AddonChange["install"]): string => names.map((name) => addonsOf[name].title).join(" and ");

const titleOf = ({ install, remove }: AddonChange, cluster: string): string =>
  [...(install.length > 0 ? [`install ${named(install)} in ${cluster}`] : []), ...(remove.length > 0 ? [`remove ${named(remove)}${install.length > 0 ? "" : ` from ${cluster}`}`] : [])].join(", and ");

export function addonProblems({ desired, observed, former }: PlanInput, { hops }: Pick<Release, "hops">): Problem[] {
  const { install, remove } = addonChange(desired.addons, former?.addons);
  const discs = (observed.nodes ?? []).flatMap((node) => {
    const has = addonsOnDisc(node);
    return has ? [{ has, version: node.version }] : [];
  });
  const missing = install.filter((name) => hops.length === 0 && discs.length > 0 && !discs.some(({ has }) => has.includes(name)));
  return [
    ...missing.map((name) => ({ property: `addons.${name}`, reason: `the Kubernetes ISO of ${discs[0]!.version} that the cluster was made from has no ${addonsOf[name].manifest}, which ${addonsOf[name].title} is installed from. Leave it out, or go to a version whose ISO has it.` })),
    ...remove.flatMap((name) => {
      const users = observed.addons?.users[name] ?? [];
      return users.length === 0 ? [] : [{ property: `addons.${name}`, reason: `was taken out, and ${users.slice(0, 5).join(", ")}${users.length > 5 ? ` and ${users.length - 5} more` : ""} ${users.length === 1 ? "hangs" : "hang"} on ${addonsOf[name].title}: without it nobody would clean up in Mold. Delete ${users.length === 1 ? "it" : "them"} first.` }];
    }),
    ...(install.length > 0 && observed.addons?.cloudConfig?.isOurs === false
      ? [{ property: "addons.credentials", reason: "there is a secret cloudstack-secret in kube-system that this library did not make. What installed it may still use it: delete it together with that, or leave the add-ons out." }]
      : []),
  ];
}
