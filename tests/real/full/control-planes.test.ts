/** One control plane becomes three; one that is destroyed for good while its cluster is upgraded. Linux and root; `make test-real-full`. */
import { etcdMembers } from "../world/etcd";
import { until } from "../world/mold";
import { lackingForClusters, RealStack } from "../world/real-stack";
import { record } from "../world/results";

jest.setTimeout(1_800_000);
if (lackingForClusters.length > 0) console.warn(`clusters of real machines are skipped: ${lackingForClusters.join("; ")}`);

(lackingForClusters.length > 0 ? describe.skip : describe)("control planes that come and go", () => {
  let real: RealStack;
  const names = ["life-control-1", "life-control-2", "life-control-3"];

  beforeAll(async () => {
    real = await RealStack.create(7, { version: "1.35", controlPlanes: "1", workers: "1" });
    await real.up();
    await real.writeKubeconfig();
  });
  afterAll(() => real?.close());

  test("from one to three: etcd follows, one member at a time", async () => {
    real.kubectl(["create", "configmap", "kept", "--from-literal=since=one"]);
    const { seconds } = await real.up({ controlPlanes: "3" });
    expect(etcdMembers(real, names[0]!)).toEqual(names);
    expect(real.nodes().filter(({ ready }) => ready)).toHaveLength(4);
    record({ what: "one control plane becomes three", seen: `${seconds.toFixed(0)} s` });
  });

  test("one is destroyed for good while it is upgraded: the run says so, the next one makes it anew, its etcd member included", async () => {
    await real.set({ version: "1.36" });
    const running = real.stack.start(["up", "--yes", "--skip-preview"]);
    const upgrading = (name: string): boolean => {
      try {
        return real.kubectl(["get", "node", name, "-o", "jsonpath={.metadata.annotations.ablestack\\.io/agent}"]).startsWith("upgrading 1.36");
      } catch {
        return false; // The API may be away for a moment.
      }
    };
    await until("the second one is upgraded", () => upgrading(names[1]!), 600_000);
    const lost = real.ids.get(names[1]!)!;
    await real.mold("destroyVirtualMachine", { id: lost, expunge: "true" });
    const { code, output } = await running.ended;
    expect(code).not.toBe(0);
    expect(output).toContain(names[1]);
    const said = output.split("\n").find((line) => line.includes(names[1]!) && /gone|destroyed|not there|no longer/i.test(line));
    const { seconds } = await real.up();
    const nodes = real.nodes();
    expect(nodes.map(({ name }) => name).sort()).toEqual([...names, "life-worker-1"]);
    expect(nodes.filter(({ ready, version }) => ready && version.startsWith("v1.36."))).toHaveLength(4);
    expect(etcdMembers(real, names[0]!)).toEqual(names);
    expect(real.ids.get(names[1]!)).not.toBe(lost);
    expect(real.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.since}"])).toBe("one");
    expect(said).toBeDefined();
    record({ what: "a control plane destroyed for good while it is upgraded", seen: `the run: ${said!.trim().slice(0, 300)}; the next one replaces it, etcd member included, in ${seconds.toFixed(0)} s` });
  });
});
