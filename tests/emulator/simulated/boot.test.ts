import { anotherIdentity, bootCluster, identity, isoOf, Shelf, SmallCloud, TOKEN, userData } from "./cluster-under-test";
import { machineUserData, encodeUserData } from "../../../provider/node/user-data";

const S = 1000;

describe("a machine's way into a cluster", () => {
  test("the first control plane answers after boot, cloud-init, import and init, and is Ready 3 s later", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(33 * S - 1);
    expect(await cloud.request("GET", "/readyz")).toBeUndefined();
    cloud.clock.pass(1);
    expect(await cloud.statusOf("GET", "/readyz", { certificate: null })).toBe(200);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "NotReady" });
    cloud.clock.pass(3 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
    expect(cloud.console("prod-control-1")).toContain("Your Kubernetes control-plane has initialized successfully!");
  });

  test("all machines started at once find their own way in: workers side by side, control planes one at a time", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready", "prod-control-2": "Ready", "prod-control-3": "Ready", "prod-worker-1": "Ready", "prod-worker-2": "Ready" });
    const at = (name: string, text: string): number => Number(/\[\s*([\d.]+)\]/.exec(cloud.console(name).split("\n").find((line) => line.includes(text)) ?? "")?.[1]);
    expect([at("prod-worker-1", "This node has joined"), at("prod-worker-2", "This node has joined")]).toEqual([37, 37]);
    expect([at("prod-control-2", "This node has joined"), at("prod-control-3", "This node has joined")].sort()).toEqual([43, 53]);
    expect(cloud.console("prod-control-3")).toContain("waiting: etcd: too many learner members in cluster: prod-control-2 is joining");
    expect(cloud.hypervisor.members(cloud.id("prod-worker-1")).map(({ name, learner, up }) => ({ name, learner, up }))).toEqual([1, 2, 3].map((n) => ({ name: `prod-control-${n}`, learner: false, up: true })));
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("the library's own user data is understood, plain and packed", async () => {
    const certificates = await identity();
    const common = { kubernetesVersion: "1.35.4", clusterUid: "u1u1u1u1u1u1", token: TOKEN, podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12", joinTimeoutSeconds: 900, certificates };
    const cloud = new SmallCloud();
    cloud.members = ["prod-control-1"];
    const data = machineUserData({ ...common, nodeName: "prod-control-1", role: "control-plane", action: "init", tokenTtlSeconds: 3600, endpoint: cloud.endpoint });
    const worker = machineUserData({ ...common, nodeName: "prod-worker-1", role: "worker", action: "join", endpoint: cloud.endpoint });
    const specs = [cloud.spec("prod-control-1", encodeUserData(data)), cloud.spec("prod-worker-1", encodeUserData(worker))];
    cloud.expose();
    specs.forEach((spec) => cloud.hypervisor.start(spec));
    cloud.clock.pass(60 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready", "prod-worker-1": "Ready" });
  });

  test("gzip'ed user data is read", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", { packed: true });
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
  });

  test("a machine without our files is an ordinary machine", () => {
    const cloud = new SmallCloud();
    for (const [name, data] of [["plain", undefined], ["script", Buffer.from("#!/bin/sh\necho hi\n").toString("base64")], ["scrubbed", Buffer.from("#cloud-config\n# removed\n").toString("base64")]] as const) {
      cloud.hypervisor.start(cloud.spec(name, data));
      cloud.clock.pass(20 * S);
      expect(cloud.console(name)).toContain(`${name} login:`);
    }
  });

  test.each([
    ["/etc/kubernetes/pki/etcd/ca.key", "/etc/kubernetes/pki/etcd/ca.key is missing"],
    ["/etc/kubernetes/pki/sa.key", "/etc/kubernetes/pki/sa.key is missing"],
    ["/etc/ablestack-kubernetes/kubeadm.yaml", "kubeadm.yaml is missing"],
    ["/usr/local/lib/ablestack-kubernetes/agent.sh", "agent.sh is missing"],
  ])("a control plane without %s says so on its console", async (without, said) => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", { without });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-control-1")).toContain(said);
    expect(await cloud.request("GET", "/readyz")).toBeUndefined();
  });

  test("broken cloud-config is cloud-init's complaint", () => {
    const cloud = new SmallCloud();
    cloud.hypervisor.start(cloud.spec("odd", Buffer.from("#cloud-config\nwrite_files: [\n").toString("base64")));
    cloud.clock.pass(20 * S);
    expect(cloud.console("odd")).toContain("cloud-init: failed: cloud-config is not YAML");
  });
});

describe("the Kubernetes ISO", () => {
  test("nothing happens without it, a wrong one is refused with the reason, the right one goes on", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", {}, { iso: undefined });
    cloud.clock.pass(100 * S);
    expect(cloud.console("prod-control-1")).toContain("waiting: no Kubernetes ISO is attached");
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf("1.34.2"));
    cloud.clock.pass(100 * S);
    expect(cloud.console("prod-control-1")).toContain("holds Kubernetes 1.34.2, want 1.35.4");
    cloud.hypervisor.detachIso(cloud.id("prod-control-1"));
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf("1.35.4"));
    cloud.clock.pass(20 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
  });

  test("a round without it ends at JOIN_TIMEOUT, and the next begins", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", { joinTimeout: 60 }, { iso: undefined });
    cloud.clock.pass(80 * S);
    expect(cloud.console("prod-control-1")).toContain("failed: no Kubernetes ISO within 60 s: no Kubernetes ISO is attached");
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf("1.35.4"));
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
  });

  test("after the join it is not needed any more, nor the user data", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    for (const name of ["prod-control-1", "prod-worker-1"]) {
      cloud.hypervisor.detachIso(cloud.id(name));
      cloud.hypervisor.updateUserData(cloud.id(name), Buffer.from("#cloud-config\n# removed\n").toString("base64"));
      cloud.hypervisor.reboot(cloud.id(name));
    }
    cloud.clock.pass(60 * S);
    expect(Object.values(await cloud.nodes())).toEqual(Array(5).fill("Ready"));
  });
});

describe("init", () => {
  test("refuses when the endpoint answers under its own CA, and says what to do", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(40 * S);
    await cloud.node("prod-control-2", { action: "init" });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-control-2")).toMatch(/refused: the cluster is initialised already: 127\.80\.0\.3:6443 answers under its CA\. .*replace it/);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("two machines told to init at once make two etcds under one CA, which is a violation", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    await cloud.node("prod-control-2", { action: "init" });
    cloud.clock.pass(60 * S);
    expect(cloud.hypervisor.snapshot()).toMatchObject({ violations: [{ kind: "second-etcd" }] });
    expect(cloud.hypervisor.violations()).toEqual([{ kind: "second-etcd", text: "prod-control-2 has made a second etcd under the CA of prod-control-1" }]);
  });

  test("an address that another cluster holds is a failure that is said", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(40 * S);
    await cloud.node("other-control-1", { certificates: await anotherIdentity() });
    cloud.members.pop();
    cloud.expose();
    cloud.clock.pass(40 * S);
    expect(cloud.console("other-control-1")).toContain("answers under another CA");
  });

  test("a power cut in the middle is made good after the next start", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(25 * S);
    cloud.hypervisor.stop(cloud.id("prod-control-1"), { forced: true });
    cloud.clock.pass(60 * S);
    const spec = cloud.specs.get("prod-control-1");
    if (spec) cloud.hypervisor.start(spec);
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("a machine too small for kubeadm says so", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", {}, { cpu: 1 });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-control-1")).toContain("[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2");
  });
});

describe("join", () => {
  test("waits while the firewall leaves out the guest network, which the router filters too", async () => {
    const cloud = new SmallCloud();
    cloud.cidrs = ["127.0.0.0/8"];
    await cloud.node("prod-control-1");
    await cloud.node("prod-worker-1");
    cloud.clock.pass(100 * S);
    for (const name of ["prod-control-1", "prod-worker-1"]) expect(cloud.console(name)).toContain("no firewall rule lets 10.1.1.0/24 in");
    cloud.cidrs = ["127.0.0.0/8", "10.1.1.0/24"];
    cloud.expose();
    cloud.clock.pass(10 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready", "prod-worker-1": "Ready" });
  });

  test("closing the firewall to the guest network afterwards silences the workers, until it is open again", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    cloud.cidrs = ["127.0.0.0/8"];
    cloud.expose();
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toMatchObject({ "prod-control-1": "Ready", "prod-worker-1": "NotReady", "prod-worker-2": "NotReady" });
    cloud.cidrs = ["0.0.0.0/0"];
    cloud.expose();
    cloud.clock.pass(3 * S);
    expect(await cloud.nodes()).toMatchObject({ "prod-worker-1": "Ready", "prod-worker-2": "Ready" });
  });

  test("waits while the balancer has no member, and goes on when it has one", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    await cloud.node("prod-worker-1");
    cloud.members = [];
    cloud.expose();
    cloud.clock.pass(100 * S);
    for (const name of ["prod-control-1", "prod-worker-1"]) expect(cloud.console(name)).toContain("the rule has no members");
    cloud.members = ["prod-control-1"];
    cloud.expose();
    cloud.clock.pass(10 * S);
    expect(Object.keys(await cloud.nodes())).toContain("prod-worker-1");
  });

  test("an expired token is said, a fresh one made through the API lets the machine in", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1", { ttl: "30m" });
    cloud.clock.pass(3600 * S);
    const token = "fedcba.fedcba9876543210";
    await cloud.node("prod-worker-1");
    await cloud.node("prod-worker-2", { token });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-worker-1")).toContain('the bootstrap token "abcdef" expired at 2026-12-01T00:30:33Z');
    expect(cloud.console("prod-worker-2")).toContain('there is no bootstrap token with the id "fedcba" on the cluster');
    const expiration = new Date(cloud.clock.now() + 600 * S).toISOString();
    const stringData = { "token-id": "fedcba", "token-secret": "fedcba9876543210", expiration, "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true" };
    expect(await cloud.statusOf("POST", "/api/v1/namespaces/kube-system/secrets", { body: { metadata: { name: "bootstrap-token-fedcba" }, type: "bootstrap.kubernetes.io/token", stringData } })).toBe(201);
    cloud.clock.pass(10 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready", "prod-worker-2": "Ready" });
  });

  test("a hash that is not the CA's is refused", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    await cloud.node("prod-worker-1", { caHash: `sha256:${"0".repeat(64)}` });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-worker-1")).toContain("expected sha256:0000");
  });

  test("ends its round at JOIN_TIMEOUT with the reason", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-worker-1", { joinTimeout: 30 });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-worker-1")).toMatch(/failed: not joined within 30 s: connect 127\.80\.0\.3:6443: connection refused/);
  });

  test("a control plane that goes away in the middle leaves a learner that blocks the others, and takes it up again", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    await cloud.node("prod-control-2");
    await cloud.node("prod-control-3");
    cloud.clock.pass(35 * S);
    cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: true });
    cloud.clock.pass(60 * S);
    expect(cloud.console("prod-control-3")).toContain("prod-control-2 never finished joining");
    const spec = cloud.specs.get("prod-control-2");
    if (spec) cloud.hypervisor.start(spec);
    cloud.clock.pass(60 * S);
    expect(Object.values(await cloud.nodes())).toEqual(["Ready", "Ready", "Ready"]);
    expect(cloud.hypervisor.members(cloud.id("prod-control-1"))).toHaveLength(3);
  });

  test("a worker newer than the API server is a violation", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    await cloud.node("prod-worker-1", { version: "1.36.3" }, { iso: isoOf("1.36.3") });
    cloud.clock.pass(60 * S);
    expect(cloud.hypervisor.violations()).toEqual([{ kind: "kubelet-newer", text: "the kubelet of prod-worker-1 is 1.36.3, the API server of prod-control-1 1.35.4" }]);
  });
});

describe("power", () => {
  test("a stopped node is NotReady after 40 s, Ready again after its start", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    cloud.hypervisor.stop(cloud.id("prod-worker-1"), { forced: false });
    cloud.clock.pass(39 * S);
    expect((await cloud.nodes())["prod-worker-1"]).toBe("Ready");
    cloud.clock.pass(S);
    expect((await cloud.nodes())["prod-worker-1"]).toBe("NotReady");
    const spec = cloud.specs.get("prod-worker-1");
    if (spec) cloud.hypervisor.start(spec);
    cloud.clock.pass(24 * S);
    expect((await cloud.nodes())["prod-worker-1"]).toBe("Ready");
  });

  test("two of three control planes down: the API is gone; one back: it answers again, nothing lost", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    await cloud.json("POST", "/api/v1/namespaces/default/configmaps", { body: { metadata: { name: "kept" }, data: { a: "1" } } });
    cloud.hypervisor.stop(cloud.id("prod-control-1"), { forced: true });
    expect(await cloud.statusOf("GET", "/readyz")).toBe(200);
    cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: true });
    expect(await cloud.request("GET", "/readyz")).toBeUndefined();
    const spec = cloud.specs.get("prod-control-1");
    if (spec) cloud.hypervisor.start(spec);
    cloud.clock.pass(21 * S);
    expect(await cloud.json("GET", "/api/v1/namespaces/default/configmaps/kept")).toMatchObject({ data: { a: "1" } });
    cloud.clock.pass(60 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready", "prod-control-2": "NotReady", "prod-control-3": "Ready", "prod-worker-1": "Ready", "prod-worker-2": "Ready" });
  });

  test("all stopped and started again is the same cluster", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    const uid = (await cloud.json<{ metadata: { uid: string } }>("GET", "/api/v1/namespaces/kube-system")).metadata.uid;
    for (const name of [...cloud.specs.keys()].reverse()) cloud.hypervisor.stop(cloud.id(name), { forced: false });
    cloud.clock.pass(3600 * S);
    for (const spec of cloud.specs.values()) cloud.hypervisor.start(spec);
    cloud.clock.pass(30 * S);
    expect(Object.values(await cloud.nodes())).toEqual(Array(5).fill("Ready"));
    expect((await cloud.json<{ metadata: { uid: string } }>("GET", "/api/v1/namespaces/kube-system")).metadata.uid).toBe(uid);
  });

  test("a destroyed machine's node stays until somebody deletes it; a new machine of that name takes it over", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    cloud.hypervisor.destroy(cloud.id("prod-worker-2"));
    cloud.clock.pass(60 * S);
    expect((await cloud.nodes())["prod-worker-2"]).toBe("NotReady");
    await cloud.node("prod-worker-2");
    cloud.clock.pass(60 * S);
    expect((await cloud.nodes())["prod-worker-2"]).toBe("Ready");
    cloud.hypervisor.destroy(cloud.id("prod-worker-1"));
    expect(await cloud.statusOf("DELETE", "/api/v1/nodes/prod-worker-1")).toBe(200);
    expect(Object.keys(await cloud.nodes())).not.toContain("prod-worker-1");
  });

  test("when the last control plane is destroyed nothing of the cluster is left", async () => {
    const cloud = new SmallCloud();
    await bootCluster(cloud);
    for (const name of cloud.specs.keys()) cloud.hypervisor.destroy(cloud.id(name));
    expect(cloud.hypervisor.snapshot()).toEqual({ machines: [], clusters: [], violations: [] });
    expect([...cloud.shelf.values.keys()]).toEqual([]);
  });
});

describe("faults", () => {
  test("a machine that never boots stays where it is until it is started again", async () => {
    const cloud = new SmallCloud();
    cloud.faults.push({ kind: "machineNeverBoots", name: "prod-control-1", count: 1 });
    await cloud.node("prod-control-1");
    cloud.clock.pass(600 * S);
    expect(cloud.console("prod-control-1")).toContain("Booting from Hard Disk");
    cloud.hypervisor.reboot(cloud.id("prod-control-1"));
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
  });

  test("a node that never turns Ready says why, and does after a reboot without the fault", async () => {
    const cloud = new SmallCloud();
    cloud.faults.push({ kind: "nodeNeverReady", name: "prod-control-1", count: 1 });
    await cloud.node("prod-control-1");
    cloud.clock.pass(600 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "NotReady" });
    expect(JSON.stringify(await cloud.json("GET", "/api/v1/nodes/prod-control-1"))).toContain("cni plugin not initialized");
    cloud.hypervisor.reboot(cloud.id("prod-control-1"));
    cloud.clock.pass(40 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
  });
});

describe("a restart of the process", () => {
  test.each([5, 14, 18, 30, 34, 36, 40, 47, 70])("after %i s goes on where it was, and ends the same", async (seconds) => {
    const shelf = new Shelf();
    const before = new SmallCloud();
    await bootCluster(before);
    before.clock.pass(60 * S);

    const first = new SmallCloud({ shelf });
    first.hypervisor.restore([]);
    for (const name of ["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2"]) await first.node(name);
    first.clock.pass(seconds * S);
    await first.hypervisor.close();

    const second = new SmallCloud({ shelf, clock: first.clock });
    second.members = first.members;
    first.specs.forEach((spec, name) => second.specs.set(name, spec));
    second.hypervisor.restore([...first.specs.values()].map((spec) => ({ spec, running: true })));
    second.expose();
    second.clock.pass(60 * S);
    expect(Object.values(await second.nodes())).toEqual(Array(5).fill("Ready"));
    expect(second.hypervisor.snapshot()).toEqual(before.hypervisor.snapshot());
  });

  test("the same calls give the same bytes", async () => {
    const run = async (): Promise<string> => {
      const cloud = new SmallCloud();
      await bootCluster(cloud);
      return (await cloud.request("GET", "/api/v1/pods"))?.body ?? "";
    };
    expect(await run()).toBe(await run());
  });

  test("user data that is replaced before the first boot is over is what counts; afterwards it is not read again", async () => {
    const cloud = new SmallCloud();
    const certificates = await identity();
    await cloud.node("prod-control-1");
    cloud.clock.pass(5 * S);
    cloud.hypervisor.updateUserData(cloud.id("prod-control-1"), userData({ certificates, name: "renamed-control-1", role: "control-plane", action: "init", endpoint: cloud.endpoint }));
    cloud.clock.pass(60 * S);
    expect(await cloud.nodes()).toEqual({ "renamed-control-1": "Ready" });
  });
});
