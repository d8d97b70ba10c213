/** Steps on add-ons. The order goes by a control plane's own object, and so does the answer: see provider/node/agent/addons.sh. */
import { addonOrder } from "../addons";
import { ClusterError } from "../errors";
import { addonsAnnotation, wantedAddonsAnnotation } from "../ownership";
import type { Work } from "../step";
import { awaitAgent } from "./agent-answer";
import type { Operation } from "./operation";

export async function putCloudConfig({ desired, kubernetes }: Operation): Promise<void> {
  await kubernetes.putCloudConfig(desired.addons.cloudConfig ?? "");
}

export async function orderAddons(operation: Operation, { machine, install, remove }: Extract<Work, { kind: "orderAddons" }>): Promise<void> {
  const { kubernetes } = operation;
  const context = { ...operation.context("add-ons"), property: "addons" };
  const all = await kubernetes.nodes();
  const node = all.find(({ name }) => name === machine.name);
  if (!node) throw new ClusterError(`${machine.name} is no node of the cluster any more. Run again: another control plane is told.`, context);
  const order = addonOrder(node.version, { install, remove });
  // Only one of them is to know of it: what another was told earlier it would do again after a reboot.
  for (const { name, annotations } of all) if (name !== machine.name && wantedAddonsAnnotation in annotations) await kubernetes.annotateNode(name, { [wantedAddonsAnnotation]: undefined, [addonsAnnotation]: undefined });
  await kubernetes.annotateNode(machine.name, { [wantedAddonsAnnotation]: order });
  await awaitAgent(operation, machine, {
    order,
    answerIn: addonsAnnotation,
    undone: `done ${JSON.stringify(order)}`,
    refused: (why) => new ClusterError(`${why}. The cluster itself is there. Leave that add-on out, or have an ISO registered that has it.`, context),
    failed: (why) => new ClusterError(`${why}. The cluster itself is there. Mend that, then run again.`, context),
    advice: "The cluster itself is there. Run again: it goes on from here.",
  });
}
