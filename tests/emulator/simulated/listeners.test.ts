import { connect, createServer, type Server } from "node:net";
import { bootCluster, identity, SmallCloud } from "./cluster-under-test";
import { hasKubectl, Kubectl } from "./kubectl";
import { createKubernetesClient } from "../../../provider/kubernetes/client";
import { systemClock } from "../../../provider/core/clock";

// kubectl's drain only looks at its own timeout every five seconds.
jest.setTimeout(60_000);

const onLinux = process.platform === "linux";
/** Other addresses than those of the embedded Mold, so that one may run beside the tests. */
const ADDRESS = "127.83.0.3";

/** Whether something accepts connections there. */
function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

(onLinux ? describe : describe.skip)("listeners", () => {
  let cloud: SmallCloud;
  afterEach(() => cloud.hypervisor.close());

  test("a port is open while a rule, a firewall rule and an API server are there, and closed without one of them", async () => {
    cloud = new SmallCloud({ listen: true, address: ADDRESS });
    await cloud.node("prod-control-1");
    const open = async (): Promise<boolean> => {
      await cloud.hypervisor.settled();
      return accepts(ADDRESS, 6443);
    };
    expect(await open()).toBe(false);
    cloud.clock.pass(40_000);
    expect(await open()).toBe(true);
    cloud.cidrs = ["10.1.1.0/24"];
    cloud.expose();
    expect(await open()).toBe(false);
    cloud.cidrs = ["127.0.0.0/8"];
    cloud.expose();
    expect(await open()).toBe(true);
    cloud.hypervisor.stop(cloud.id("prod-control-1"), { forced: true });
    expect(await open()).toBe(false);
  });

  test("a port that is taken is an event, and is opened when it is free", async () => {
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(6443, ADDRESS, resolve));
    cloud = new SmallCloud({ listen: true, address: ADDRESS });
    await cloud.node("prod-control-1");
    cloud.clock.pass(40_000);
    await cloud.hypervisor.settled();
    expect(cloud.events.map(({ text }) => text)).toContain(`can't listen on ${ADDRESS}:6443: another process listens there; end it, or start the emulator with another --public-range`);
    await new Promise((resolve) => other.close(resolve));
    cloud.clock.pass(5_000);
    await cloud.hypervisor.settled();
    expect(await accepts(ADDRESS, 6443)).toBe(true);
  });

  test("an address that this machine has not says how to add it", async () => {
    cloud = new SmallCloud({ listen: true, address: "192.0.2.1" });
    await cloud.node("prod-control-1");
    cloud.clock.pass(40_000);
    await cloud.hypervisor.settled();
    expect(cloud.events.map(({ text }) => text)).toContainEqual(expect.stringContaining("sudo ifconfig lo0 alias 192.0.2.1 up"));
  });

  test("the library's own client gets in over TLS, and goes on when a member is lost", async () => {
    cloud = new SmallCloud({ listen: true, address: ADDRESS });
    await bootCluster(cloud);
    await cloud.hypervisor.settled();
    const { caCertificate, adminCertificate, adminKey } = await identity();
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const client = createKubernetesClient({ endpoint: `https://${cloud.endpoint}`, caCertificate, clientCertificate: adminCertificate, clientKey: adminKey }, { clock: systemClock, log });
    expect(await client.ready()).toBe(true);
    await client.labelNode("prod-worker-1", { "node-role.kubernetes.io/worker": "" });
    cloud.hypervisor.stop(cloud.id("prod-control-1"), { forced: true });
    for (let turn = 0; turn < 4; turn++) expect(await client.ready()).toBe(true);
    expect((await client.nodes()).find((node) => node.name === "prod-worker-1")).toMatchObject({ ready: true, version: "1.35.4", labels: { "node-role.kubernetes.io/worker": "" } });
  });
});

(onLinux && hasKubectl ? describe : describe.skip)("the real kubectl", () => {
  let cloud: SmallCloud;
  let kubectl: Kubectl;
  beforeAll(async () => {
    cloud = new SmallCloud({ listen: true, address: "127.83.0.4" });
    await bootCluster(cloud);
    await cloud.hypervisor.settled();
    kubectl = new Kubectl(cloud.endpoint, await identity());
  });
  afterAll(async () => {
    kubectl.remove();
    await cloud.hypervisor.close();
  });

  test("get nodes -o wide", async () => {
    const lines = (await kubectl.ok("get", "nodes", "-o", "wide")).trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/^prod-control-1\s+Ready\s+control-plane\s+27s\s+v1\.35\.4\s+10\.1\.1\.11\s+<none>\s+Debian GNU\/Linux 12 \(bookworm\)\s+\S+\s+containerd:/);
    expect(lines[5]).toMatch(/^prod-worker-2\s+Ready\s+<none>/);
  });

  test("version, describe node, get pods, wait, auth", async () => {
    expect(await kubectl.ok("version")).toContain("Server Version: v1.35.4");
    const described = await kubectl.ok("describe", "node", "prod-control-1");
    for (const text of ["KubeletReady", "etcd-prod-control-1", "HolderIdentity:  prod-control-1", "node-role.kubernetes.io/control-plane:NoSchedule", "NodeReady"]) expect(described).toContain(text);
    expect((await kubectl.ok("get", "pods", "-A", "--no-headers")).trimEnd().split("\n")).toHaveLength(24);
    expect(await kubectl.ok("wait", "--for=condition=Ready", "node", "--all", "--timeout=10s")).toContain("node/prod-worker-2 condition met");
    expect(await kubectl.ok("auth", "can-i", "delete", "nodes")).toBe("yes\n");
    expect(await kubectl.ok("auth", "whoami")).toContain("system:masters");
    expect((await kubectl.run("get", "node", "nope")).err).toContain('nodes "nope" not found');
  });

  test("cordon, drain, uncordon: pods move away and the node is open again", async () => {
    await kubectl.ok("create", "deployment", "web", "--image=nginx", "--replicas=4");
    expect(await kubectl.ok("rollout", "status", "deployment/web", "--timeout=10s")).toContain("successfully rolled out");
    expect(await kubectl.ok("drain", "prod-worker-2", "--ignore-daemonsets", "--timeout=20s")).toContain("node/prod-worker-2 drained");
    expect(await kubectl.ok("get", "nodes", "prod-worker-2", "--no-headers")).toContain("Ready,SchedulingDisabled");
    expect(new Set((await kubectl.ok("get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}")).split(" "))).toEqual(new Set(["prod-worker-1"]));
    await kubectl.ok("uncordon", "prod-worker-2");
    expect(await kubectl.ok("get", "nodes", "prod-worker-2", "--no-headers")).not.toContain("SchedulingDisabled");
    await kubectl.ok("delete", "deployment", "web");
  });

  test("a drain is held by a budget, and says so", async () => {
    await kubectl.ok("create", "deployment", "held", "--image=nginx", "--replicas=2");
    await kubectl.ok("create", "poddisruptionbudget", "held", "--selector=app=held", "--min-available=2");
    const held = await kubectl.run("drain", "prod-worker-1", "--ignore-daemonsets", "--timeout=2s");
    expect(held.code).not.toBe(0);
    expect(held.err).toContain("violate the pod's disruption budget");
    await kubectl.ok("delete", "poddisruptionbudget", "held");
    await kubectl.ok("delete", "deployment", "held");
    await kubectl.ok("uncordon", "prod-worker-1");
  });

  test("namespaces, config maps and secrets: create, apply, server-side apply, patch, delete", async () => {
    await kubectl.ok("create", "namespace", "demo");
    await kubectl.ok("-n", "demo", "create", "secret", "generic", "s", "--from-literal=p=q");
    expect(await kubectl.ok("-n", "demo", "get", "secret", "s", "-o", "jsonpath={.data.p}")).toBe("cQ==");
    const manifest = (x: string): string => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "demo" }, data: { x } });
    expect((await kubectl.feed(manifest("1"), "apply", "-f", "-")).out).toContain("configmap/a created");
    expect((await kubectl.feed(manifest("2"), "apply", "-f", "-")).out).toContain("configmap/a configured");
    expect((await kubectl.feed(manifest("2"), "apply", "-f", "-")).out).toContain("configmap/a unchanged");
    expect((await kubectl.feed(manifest("3"), "apply", "--server-side", "--force-conflicts", "-f", "-")).out).toContain("configmap/a serverside-applied");
    expect(await kubectl.ok("-n", "demo", "get", "configmap", "a", "-o", "jsonpath={.data.x}")).toBe("3");
    await kubectl.ok("delete", "namespace", "demo");
    expect((await kubectl.run("get", "namespace", "demo")).code).toBe(1);
  });

  test("a watch sees a change as it happens", async () => {
    const waiting = kubectl.ok("wait", "--for=jsonpath={.metadata.labels.tier}=gold", "node/prod-worker-1", "--timeout=30s");
    await kubectl.ok("label", "node", "prod-worker-1", "tier=gold");
    expect(await waiting).toContain("node/prod-worker-1 condition met");
  });
});
