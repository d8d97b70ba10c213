/** Steps on add-ons. The order goes by a control plane's own object, and so does the answer: see provider/node/agent/addons.sh. */
import { addonOrder } from "../addons";
import { ClusterError } from "../errors";
import { addonsAnnotation, wantedAddonsAnnotation } from "../ownership";
import type { Work } from "../step";
import { whatBecameOf } from "./machines";
import type { Operation } from "./operation";

export async function putCloudConfig({ desired, kubernetes }: Operation): Promise<void> {
  await kubernetes.putCloudConfig(desired.addons.cloudConfig ?? "");
}

/** An agent that can't apply what it has tries again each minute or so. */
const failingMs = 180_000;

export async function orderAddons(operation: Operation, { machine, install, remove }: Extract<Work, { kind: "orderAddons" }>): Promise<void> {
  const { world, kubernetes, nodes } = operation;
  const context = { ...operation.context("add-ons"), property: "addons" };
  const all = await kubernetes.nodes();
  const node = all.find(({ name }) => name === machine.name);
  if (!node) throw new ClusterError(`${machine.name} is no node of the cluster any more. Run again: another control plane is told.`, context);
  const order = addonOrder(node.version, { install, remove });
  // Only one of them is to know of it: what another was told earlier it would do again after a reboot.
  for (const { name, annotations } of all) if (name !== machine.name && wantedAddonsAnnotation in annotations) await kubernetes.annotateNode(name, { [wantedAddonsAnnotation]: undefined, [addonsAnnotation]: undefined });
  await kubernetes.annotateNode(machine.name, { [wantedAddonsAnnotation]: order });
  let said: string | undefined;
  let failingSince: number | undefined;
  await nodes.ready(machine.name, {
    restarted: false,
    lost: () => whatBecameOf(operation, machine),
    advice: "Its agent's journal says more (on the machine: journalctl -u ablestack-kubernetes-agent). The cluster itself is there. Run again: it goes on from here.",
    missing: ({ annotations: { [addonsAnnotation]: answer } }) => {
      if (answer?.startsWith(`${order} refused: `)) throw new ClusterError(`${answer.slice(`${order} refused: `.length)}. The cluster itself is there. Leave that add-on out, or have an ISO registered that has it.`, context);
      const failed = answer?.startsWith(`${order} failed: `) ? answer.slice(`${order} failed: `.length) : undefined;
      if (failed !== undefined && failed !== said) world.log.info(`${machine.name}: ${(said = failed)}; its agent tries again`);
      failingSince = failed === undefined ? undefined : (failingSince ?? world.clock.now());
      if (failingSince !== undefined && world.clock.now() - failingSince > failingMs) throw new ClusterError(`${failed!}. The cluster itself is there. Mend that, then run again.`, context);
      return answer === order ? undefined : `its agent has not done ${JSON.stringify(order)}, and says: ${answer ?? "nothing"}`;
    },
  });
}
