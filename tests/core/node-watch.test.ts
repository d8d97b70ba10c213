/** How soon it is seen that a node is done. */
import { NodeWatch } from "../../provider/core/actions/node-watch";
import type { KubernetesNode, KubernetesPort } from "../../provider/core/ports";
import { VirtualClock } from "./world/virtual-clock";

const told = (answer: string | undefined): KubernetesNode => ({ name: "n", ready: true, version: "1.35.4", annotations: answer === undefined ? {} : { "ablestack.io/agent": answer } }) as unknown as KubernetesNode;

/** How many looks it took, and how many seconds after it was done that was seen. @param at the node, by the seconds since it was first looked at */
async function looks(at: (seconds: number) => KubernetesNode | undefined, doneAt: number): Promise<{ late: number; looks: number }> {
  const clock = new VirtualClock();
  const begun = clock.now();
  const seconds = (): number => (clock.now() - begun) / 1000;
  let count = 0;
  const kubernetes = {
    nodes: () => {
      count += 1;
      const node = at(seconds());
      return Promise.resolve(node === undefined ? [] : [node]);
    },
  } as unknown as KubernetesPort;
  const watch = new NodeWatch(kubernetes, clock, new AbortController().signal, 3_600_000);
  await clock.run(watch.ready("n", { restarted: false, advice: "", missing: () => (seconds() < doneAt ? "not yet" : undefined) }));
  return { late: seconds() - doneAt, looks: count };
}

test("a node that has shown nothing new for long is looked at every five seconds", async () => {
  const found = await looks(() => told(undefined), 602);
  expect(found.late).toBeLessThanOrEqual(5);
  expect(found.looks).toBeLessThan(190);
});

test.each([
  ["has just appeared", (at: number) => (at < 600 ? undefined : told(undefined))],
  ["whose agent has just spoken", (at: number) => told(at < 600 ? "upgrading 1.35.4" : "upgraded 1.35.4")],
  ["is Ready since a moment ago", (at: number) => ({ ...told("upgrading 1.35.4"), ready: at >= 600 })],
])("a node that %s is looked at again within a second: it is about to be done", async (_, at) => {
  const found = await looks(at, 607.5);
  expect(found.late).toBeLessThanOrEqual(1);
  expect(found.looks).toBeLessThan(190);
});
