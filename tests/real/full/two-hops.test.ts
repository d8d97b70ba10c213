/** From 1.34 to 1.36 in one `pulumi up`, under load, and where its time goes. Linux and root; `make test-real-full`. */
import { execFileSync } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { LoadReport } from "../world/load";
import { describeOnRealNodes, RealStack } from "../world/real-stack";
import { inWords, record } from "../world/results";
import { agentSteps, coreSteps, spansInWords } from "../world/timeline";
import { pages } from "../world/workload";

jest.setTimeout(2_400_000);

describeOnRealNodes("two minors in one go", () => {
  let real: RealStack;
  const recordLoad = (when: string, { reads, writes, pages: asked }: LoadReport): void => {
    record({ what: `${when}: reads through the API's balancer`, seen: inWords(reads), goal: "no gap longer than 1 s" });
    record({ what: `${when}: writes`, seen: inWords(writes), goal: "no gap longer than 1 s" });
    record({ what: `${when}: pages of a service with 3 replicas through the ingress balancer`, seen: inWords(asked!), goal: "none failed" });
  };

  beforeAll(async () => {
    real = await RealStack.create(3, { version: "1.34", controlPlanes: "3", workers: "2" });
    await real.up();
    await real.writeKubeconfig();
    const nodes = real.nodes().map(({ name }) => name);
    await real.loadImages(nodes.filter((name) => name.includes("worker")));
    real.kubectl(["apply", "-f", "-"], pages);
    real.kubectl(["rollout", "status", "deployment/pages", "--timeout=120s"]);
    // What five machines have written in their first minutes is on the one disk that they share: it is no part of an upgrade.
    execFileSync("sync");
  });
  afterAll(() => real?.close());

  test("half a minute without any change: what the machine itself costs", async () => {
    const end = await real.load(true);
    await wait(30_000);
    const report = await end();
    recordLoad("at rest", report);
    expect([report.reads, report.writes, report.pages!].flatMap(({ failures }) => failures)).toEqual([]);
  });

  test("from 1.34 to 1.36 under load: no page fails, of reads and writes fewer than one in 200, and no gap is five seconds long", async () => {
    const end = await real.load(true);
    const { seconds, output } = await real.up({ version: "1.36" });
    const report = await end();
    const nodes = real.nodes();
    expect(nodes.map(({ version }) => version.replace(/\.\d+$/, ""))).toEqual(nodes.map(() => "v1.36"));
    expect(nodes.filter(({ ready, schedulable }) => ready && schedulable)).toHaveLength(5);
    record({ what: "3+2 from 1.34 to 1.36 under load, in one `pulumi up`", seen: `${seconds.toFixed(0)} s` });
    recordLoad("two hops", report);
    for (const { name } of nodes) {
      const journal = real.inside(name, "journalctl", "--no-pager", "--output=short-unix", "--unit", "ablestack-kubernetes-agent") ?? "";
      record({ what: `steps of the core for ${name}`, seen: spansInWords(coreSteps(output, name)) });
      for (const version of new Set(output.match(/1\.3[56]\.\d+/g))) record({ what: `steps of the agent of ${name} to ${version}`, seen: spansInWords(agentSteps(journal, version)) });
    }
    const { reads, writes, pages: asked } = report;
    expect(asked!.failures).toEqual([]);
    expect([...reads.failures, ...writes.failures].length).toBeLessThan((reads.requests + writes.requests) / 200);
    expect(Math.max(reads.longestGapMs, writes.longestGapMs)).toBeLessThan(5_000);
  });
});
