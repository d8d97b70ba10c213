/**
 * A cluster's life on real nodes, by the real engine: made, reached through its balancers, upgraded under load, scaled, stopped and started, changed,
 * destroyed. Linux and root; `make test-real` builds what it needs.
 */
import { setTimeout as wait } from "node:timers/promises";
import { etcdMembers } from "./world/etcd";
import { knock, until } from "./world/mold";
import { describeOnRealNodes, RealStack } from "./world/real-stack";
import { inWords, record } from "./world/results";
import { pages } from "./world/workload";

jest.setTimeout(1_500_000);
const tenMinutes = 600_000;
/** One minor and a few minutes. */
const isBrief = (process.env.BRIEF ?? "") !== "";
const long = isBrief ? test.skip : test;

describeOnRealNodes("a cluster on real nodes", () => {
  let real: RealStack;
  let version = "1.34";
  let watch: ReturnType<RealStack["watch"]>;
  let watched = 0;
  const controlPlanes = ["life-control-1", "life-control-2", "life-control-3"];
  const workers = (): string[] => real.nodes().map(({ name }) => name).filter((name) => name.includes("worker"));
  const allAt = (count: number, minor: string): void => {
    const nodes = real.nodes();
    expect(nodes.filter(({ ready, schedulable }) => ready && schedulable)).toHaveLength(nodes.length);
    expect(nodes).toHaveLength(count);
    for (const node of nodes) expect(node.version).toContain(`v${minor}.`);
  };
  const pageAt = async (ingress: string): Promise<string> => (await fetch(`http://${ingress}/`, { headers: { connection: "close" }, signal: AbortSignal.timeout(1_000) })).text();

  beforeAll(async () => {
    real = await RealStack.create(1, { version: "1.34", controlPlanes: "3", workers: "2" });
  });
  afterAll(() => {
    watch?.end();
    return real?.close();
  });

  test("three control planes and two workers are Ready from one `pulumi up`", async () => {
    const { seconds, readySeconds } = await real.up();
    await real.writeKubeconfig();
    allAt(5, "1.34");
    expect(real.kubectl(["get", "pods", "-A", "--field-selector", "status.phase!=Running", "-o", "name"])).toBe("");
    record({ what: "3 control planes and 2 workers at 1.34, from `pulumi up` until all are Ready, and to its end", seen: `${readySeconds.toFixed(0)} s, ${seconds.toFixed(0)} s` });
  });

  test("a page that pods serve is had through the ingress balancer; a port that nothing opens is closed", async () => {
    await real.loadImages(workers());
    real.kubectl(["apply", "-f", "-"], pages);
    real.kubectl(["rollout", "status", "deployment/pages", "--timeout=120s"]);
    real.kubectl(["create", "configmap", "kept", "--from-literal=since=1.34"]);
    // kube-proxy and the balancer may take a moment to know of them.
    const ingress = await real.ingress();
    let served = "";
    for (let asked = 0; served === "" && asked < 300; asked++) {
      served = await pageAt(ingress).catch(() => "");
      if (served === "") await wait(100);
    }
    expect(served).toMatch(/^host pages-\S+\nnode life-worker-\d\n/);
    expect([knock(ingress, 30080), knock(ingress, 22), knock(ingress, 10250)]).toEqual(["silence", "silence", "silence"]);
  });

  long("from 1.34 to 1.35 under load: no page fails, of reads and writes fewer than one in 200, and no gap is five seconds long", async () => {
    const end = await real.load(true);
    const { seconds, output } = await real.up({ version: "1.35" });
    const { reads, writes, pages: asked } = await end();
    allAt(5, (version = "1.35"));
    record({ what: "3+2 from 1.34 to 1.35 under load", seen: `${seconds.toFixed(0)} s` });
    record({ what: "meanwhile: reads through the API's balancer", seen: inWords(reads), goal: "no gap longer than 1 s" });
    record({ what: "meanwhile: writes", seen: inWords(writes), goal: "no gap longer than 1 s" });
    record({ what: "meanwhile: pages of a service with 3 replicas through the ingress balancer", seen: inWords(asked!), goal: "none failed" });
    // The engine says all of it once more at its end.
    const turns = new Map([...output.matchAll(/wait for (life-\S+) to run 1\.35\.\d+: done in (\S+ m?s?)/g)].map(([, node, time]) => [node!, time!.trim()]));
    for (const [node, seen] of turns) record({ what: `${node} from the order to whole again`, seen });
    expect(asked!.failures).toEqual([]);
    expect([...reads.failures, ...writes.failures].length).toBeLessThan((reads.requests + writes.requests) / 200);
    expect(Math.max(reads.longestGapMs, writes.longestGapMs)).toBeLessThan(5_000);
  });

  test("scale: four workers, and two again; what ran on them runs on", async () => {
    watch = real.watch(["configmap", "kept", "--output=name"]);
    watched = Date.now();
    const more = await real.up({ workers: "4" });
    allAt(7, version);
    await real.loadImages(workers().slice(2));
    const fewer = await real.up({ workers: "2" });
    allAt(5, version);
    expect(await pageAt(await real.ingress())).toContain("host pages-");
    record({ what: "two workers more, two fewer", seen: `${more.seconds.toFixed(0)} s, ${fewer.seconds.toFixed(0)} s` });
  });

  test("another offering for one node: only that one was away", async () => {
    // Since when each machine's first process runs.
    const since = (): Record<string, string | undefined> => Object.fromEntries(real.nodes().map(({ name }) => [name, real.inside(name, "stat", "-c", "%Y", "/run/systemd/system")]));
    const before = since();
    await real.up({ "nodes.life-worker-1.offering": "k8s-4c-8g" });
    allAt(5, version);
    const { "life-worker-1": changed, ...others } = since();
    const { "life-worker-1": was, ...as } = before;
    expect(others).toEqual(as);
    expect(changed).not.toBe(was);
    expect((await real.stack.output<{ name: string; offering: string }[]>("nodes")).find(({ name }) => name === "life-worker-1")?.offering).toBe("k8s-4c-8g");
  });

  long("a watch that nothing happens on for ten minutes still delivers", async () => {
    await wait(Math.max(0, watched + tenMinutes - Date.now()));
    const before = watch.lines().length;
    expect([before, watch.ended()]).toEqual([1, false]);
    const begun = Date.now();
    real.kubectl(["patch", "configmap", "kept", "--type=merge", "--patch", '{"data":{"idle":"10 min"}}']);
    await until("the change is delivered", () => watch.lines().length > before, 30_000);
    record({ what: "a watch through the API's balancer, idle for ten minutes", seen: `delivers after ${Date.now() - begun} ms` });
    watch.end();
  });

  long("control planes: one, and three again; etcd follows", async () => {
    const fewer = await real.up({ controlPlanes: "1" });
    allAt(3, version);
    expect(etcdMembers(real, controlPlanes[0]!)).toEqual(controlPlanes.slice(0, 1));
    const more = await real.up({ controlPlanes: "3" });
    allAt(5, version);
    expect(etcdMembers(real, controlPlanes[0]!)).toEqual(controlPlanes);
    record({ what: "three control planes become one, and one becomes three", seen: `${fewer.seconds.toFixed(0)} s, ${more.seconds.toFixed(0)} s` });
  });

  test("stop and start: every machine is off in between, and what was written before is read after", async () => {
    const stop = await real.up({ stopped: "true" });
    expect(real.ids.size).toBe(0);
    const start = await real.up({ stopped: "false" });
    allAt(5, version);
    expect(real.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.since}"])).toBe("1.34");
    record({ what: "3+2 stopped, and started until every node is Ready", seen: `${stop.seconds.toFixed(0)} s, ${start.seconds.toFixed(0)} s` });
  });

  test("destroy leaves no machine, namespace, mount, cgroup, link or process", async () => {
    const begun = Date.now();
    await real.stack.succeed(["destroy", "--yes", "--skip-preview"]);
    record({ what: "all of it destroyed", seen: `${((Date.now() - begun) / 1000).toFixed(0)} s` });
    // What is left is said below.
    await until("nothing is left", () => real.left.length === 0, 30_000).catch(() => undefined);
    expect(real.left).toEqual([]);
    expect(real.stack.mold.isEmpty()).toBe(true);
  });
});
