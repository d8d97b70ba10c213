/** One control plane becomes three; one that is destroyed for good while its cluster is upgraded. Linux and root; `make test-real-full`. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdMembers } from "../world/etcd";
import { until } from "../world/mold";
import { redateControlPlane, redateWorker } from "../world/redate";
import { describeOnRealNodes, RealStack } from "../world/real-stack";
import { inWords, record } from "../world/results";

jest.setTimeout(1_800_000);

const now = (): number => Math.floor(Date.now() / 1000);

describeOnRealNodes("control planes that come and go", () => {
  let real: RealStack;
  const names = ["life-control-1", "life-control-2", "life-control-3"];

  const journal = (name: string): string => real.script(name, "journalctl --boot --no-pager --output=cat --unit ablestack-kubernetes-agent");

  /** Where machines find the ISOs of a minor. */
  const isosOf = (minor: string): string[] => {
    const folder = process.env.ABLESTACK_MACHINES_ISOS!;
    return readdirSync(folder).filter((version) => version.startsWith(`${minor}.`)).map((version) => join(folder, version));
  };

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

  test("certificates of all three that end within hours are renewed at once, and etcd keeps what it has", async () => {
    const soon = now() + 5 * 3600;
    for (const name of names) redateControlPlane(real.script, name, soon);
    const end = await real.load(false);
    for (const name of names) real.script(name, "systemctl restart ablestack-kubernetes-agent");
    for (const name of names) await until(`${name} has renewed its own`, () => journal(name).includes("certificates: renewed, until "), 300_000);
    const { reads, writes } = await end();
    for (const name of names) expect(Number(real.script(name, "date -d \"$(openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -enddate | cut -d= -f2)\" +%s"))).toBeGreaterThan(soon);
    expect(etcdMembers(real, names[0]!)).toEqual(names);
    record({ what: "certificates of three control planes renewed at once, all within hours of their end: reads meanwhile", seen: inWords(reads) });
    record({ what: "certificates of three control planes renewed at once: writes meanwhile", seen: inWords(writes) });
  });

  test("stopped past the end of all their certificates, they are back after the next up, with what etcd held", async () => {
    const end = now() + 60;
    redateWorker(real.script, names[0]!, "life-worker-1", end);
    await until("the worker has said when its certificate ends", () => Date.parse(real.kubectl(["get", "node", "life-worker-1", "-o", "jsonpath={.metadata.annotations.ablestack\\.io/certificates-end}"])) === end * 1000, 30_000);
    for (const name of names) redateControlPlane(real.script, name, end, { kubelet: true });
    await real.up({ stopped: "true" });
    await until("they have ended", () => now() > end + 2, 120_000);
    const { seconds } = await real.up({ stopped: "false" });
    expect(real.nodes().filter(({ ready }) => ready)).toHaveLength(4);
    for (const name of names) expect(journal(name)).toContain("certificates: the kubelet has a new certificate");
    expect(etcdMembers(real, names[0]!)).toEqual(names);
    expect(real.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.since}"])).toBe("one");
    record({ what: "three control planes and a worker, stopped past the end of all their certificates: the next `up`", seen: `${seconds.toFixed(0)} s` });
  });

  test("an ISO that was damaged on its way is named before anything changes", async () => {
    const [link] = isosOf("1.36");
    const [whole, damaged] = [realpathSync(link!), mkdtempSync(join(tmpdir(), "damaged-iso-"))];
    execFileSync("cp", ["-a", `${whole}/.`, damaged]);
    const image = join(damaged, "docker", readdirSync(join(damaged, "docker")).find((name) => name.startsWith("kube-proxy"))!);
    const bytes = readFileSync(image);
    bytes[bytes.length >> 1]! ^= 0xff;
    writeFileSync(image, bytes);
    const lead = (to: string): void => (rmSync(link!), symlinkSync(to, link!));
    lead(damaged);
    try {
      await real.set({ version: "1.36" });
      const { code, output } = await real.stack.run(["up", "--yes", "--skip-preview"]);
      expect(code).not.toBe(0);
      expect(output).toMatch(/can.t be prepared for 1\.36\.\d+: kube-proxy:\S+ cannot be loaded: /);
      expect(real.nodes().filter(({ ready, version }) => ready && version.startsWith("v1.35."))).toHaveLength(4);
      record({ what: "an ISO with one damaged byte", seen: /life-\S+: kube-proxy\S+ cannot be loaded: .*/.exec(output)![0].slice(0, 300) });
    } finally {
      lead(whole);
      // Somebody takes the damaged one out; the next run puts one in again.
      for (const id of real.ids.values()) await real.mold("detachIso", { virtualmachineid: id });
      rmSync(damaged, { recursive: true });
    }
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
