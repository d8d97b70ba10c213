/** A node that loads the next version's images: its agent's answer decides. */
import { HopTimes } from "../../provider/core/actions/hop-times";
import { NodeWatch } from "../../provider/core/actions/node-watch";
import type { Operation } from "../../provider/core/actions/operation";
import { prepareNode } from "../../provider/core/actions/upgrade";
import type { KubernetesNode, KubernetesPort } from "../../provider/core/ports";
import { VirtualClock } from "./world/virtual-clock";

const machine = { name: "prod-worker-3", role: "worker", id: "id-3" } as const;

/** @param answerAt what the agent has answered, by the seconds since it was asked */
async function prepared(answerAt: (seconds: number) => string | undefined): Promise<{ outcome: string; seconds: number; lines: string[] }> {
  const clock = new VirtualClock();
  const begun = clock.now();
  const seconds = (): number => (clock.now() - begun) / 1000;
  const lines: string[] = [];
  const kubernetes = {
    annotateNode: () => Promise.resolve(),
    nodes: () => Promise.resolve([{ name: machine.name, ready: true, annotations: { "ablestack.io/prepared": answerAt(seconds()) } } as unknown as KubernetesNode]),
  } as unknown as KubernetesPort;
  const operation = {
    world: { clock, log: { info: (line: string) => lines.push(line) } },
    kubernetes,
    nodes: new NodeWatch(kubernetes, clock, new AbortController().signal, 3_600_000),
    hops: new HopTimes(clock, 3_600_000),
    context: (resource: string) => ({ resource }),
  } as unknown as Operation;
  operation.hops.begin("1.35.4");
  const work = prepareNode(operation, { kind: "prepareNode", machine, version: "1.35.4" });
  const outcome = await clock.run(work.then(() => "prepared", (error: unknown) => (error as Error).message));
  return { outcome, seconds: seconds(), lines };
}

const broken = "kube-proxy:v1.35.4.tar cannot be loaded: unexpected EOF";

test("what its agent can't load stops it after some minutes of trying, with the agent's reason, long before the hop's time is over", async () => {
  const { outcome, seconds, lines } = await prepared(() => `1.35.4 failed: ${broken}`);
  expect(outcome).toBe(`node prod-worker-3: prod-worker-3 can't be prepared for 1.35.4: ${broken}. Nothing of Kubernetes was changed on it. Mend that, then run again.`);
  expect(seconds).toBeGreaterThan(180);
  expect(seconds).toBeLessThan(240);
  expect(lines).toEqual([`prod-worker-3: ${broken}; its agent tries again`]);
});

test("what fails once and works with the next try is waited for", async () => {
  expect(await prepared((seconds) => (seconds < 10 ? undefined : seconds < 100 ? `1.35.4 failed: ${broken}` : "1.35.4"))).toMatchObject({ outcome: "prepared" });
});

test("failures that come and go again do not add up", async () => {
  const { outcome, seconds } = await prepared((at) => (at > 900 ? "1.35.4" : at % 200 < 100 ? `1.35.4 failed: ${broken}` : "1.34.9"));
  expect([outcome, seconds > 900]).toEqual(["prepared", true]);
});

test("a disc that is the wrong one does not get better: at once", async () => {
  const { outcome, seconds } = await prepared(() => "1.35.4 refused: wrong Kubernetes ISO: it holds v1.34.2, want v1.35.4");
  expect(outcome).toMatch(/^node prod-worker-3: prod-worker-3 can't be prepared for 1\.35\.4: wrong Kubernetes ISO: it holds v1\.34\.2, want v1\.35\.4\. /);
  expect(seconds).toBeLessThan(10);
});
