/** Orders on Nodes of simulated machines: what their agents make of them, and what a real cluster would suffer. */
import { bootCluster, isoOf, Shelf, SmallCloud, VERSION } from "./cluster-under-test";

const S = 1000;
const NEXT = "1.36.3";
const WANTED = "ablestack.io/wanted-version";
const LEADS = "ablestack.io/upgrade-role";
const controls = ["prod-control-1", "prod-control-2", "prod-control-3"];

interface Node {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly status: { readonly nodeInfo: { readonly kubeletVersion: string }; readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

async function cluster(): Promise<SmallCloud> {
  const cloud = new SmallCloud();
  await bootCluster(cloud);
  return cloud;
}
const annotate = (cloud: SmallCloud, name: string, annotations: Record<string, string | null>): Promise<unknown> =>
  cloud.json("PATCH", `/api/v1/nodes/${name}`, { type: "application/merge-patch+json", body: { metadata: { annotations } } });
async function order(cloud: SmallCloud, name: string, wanted = NEXT, leads: string | null = null, iso: string | undefined = wanted): Promise<void> {
  if (iso !== undefined) cloud.hypervisor.attachIso(cloud.id(name), isoOf(iso));
  await annotate(cloud, name, { [WANTED]: wanted, [LEADS]: leads });
}
const node = (cloud: SmallCloud, name: string): Promise<Node> => cloud.json<Node>("GET", `/api/v1/nodes/${name}`);
const answer = async (cloud: SmallCloud, name: string): Promise<string | undefined> => (await node(cloud, name)).metadata.annotations["ablestack.io/agent"];
const kubelet = async (cloud: SmallCloud, name: string): Promise<string> => (await node(cloud, name)).status.nodeInfo.kubeletVersion;
/** The cluster's version as kubeadm has it. */
const recorded = async (cloud: SmallCloud): Promise<string | undefined> =>
  /kubernetesVersion: v(\S+)/.exec((await cloud.json<{ data: { ClusterConfiguration: string } }>("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config")).data.ClusterConfiguration)?.[1];
/** Versions of the add-on that every node runs. */
async function proxies(cloud: SmallCloud): Promise<string[]> {
  const { items } = await cloud.json<{ items: { metadata: { name: string }; spec: { containers: { image: string }[] } }[] }>("GET", "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-proxy");
  return items.map(({ spec }) => spec.containers[0]!.image.split(":v")[1]!);
}
/** The API servers behind the balancer, each asked once. */
async function servers(cloud: SmallCloud): Promise<string[]> {
  const found: string[] = [];
  for (const _ of cloud.members) found.push((await cloud.json<{ gitVersion: string }>("GET", "/version")).gitVersion);
  return found.sort();
}
/** The whole hop as it should be done: the first, the others one at a time, the workers. */
async function hop(cloud: SmallCloud, wanted = NEXT): Promise<void> {
  for (const name of controls) {
    await order(cloud, name, wanted, name === "prod-control-1" ? "first" : null);
    cloud.clock.pass(93 * S);
  }
  for (const name of ["prod-worker-1", "prod-worker-2"]) {
    await order(cloud, name, wanted);
    cloud.clock.pass(28 * S);
  }
}

describe("an order", () => {
  test("to the first control plane: its API server goes for 8 s and is the new version, 5 s later its kubelet is; the node is Ready all the time", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    expect(await answer(cloud, "prod-control-1")).toBe(`upgrading ${NEXT}`);
    cloud.clock.pass(77 * S - 1);
    expect(await servers(cloud)).toEqual(Array(3).fill(`v${VERSION}`));
    expect(cloud.hypervisor.members(cloud.id("prod-control-1")).filter(({ up }) => up)).toHaveLength(3);
    cloud.clock.pass(1);
    expect(cloud.hypervisor.members(cloud.id("prod-control-1")).filter(({ up }) => up).map(({ name }) => name).sort()).toEqual(["prod-control-2", "prod-control-3"]);
    expect(await cloud.statusOf("GET", "/readyz")).toBe(200);
    cloud.clock.pass(8 * S);
    expect(await servers(cloud)).toEqual([`v${VERSION}`, `v${VERSION}`, `v${NEXT}`]);
    expect([await answer(cloud, "prod-control-1"), await kubelet(cloud, "prod-control-1"), await recorded(cloud)]).toEqual([`upgrading ${NEXT}`, `v${VERSION}`, NEXT]);
    cloud.clock.pass(5 * S);
    expect([await answer(cloud, "prod-control-1"), await kubelet(cloud, "prod-control-1")]).toEqual([`upgraded ${NEXT}`, `v${NEXT}`]);
    expect((await cloud.nodes())["prod-control-1"]).toBe("Ready");
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("to every node in its turn is a hop, after which all of the cluster is the new version", async () => {
    const cloud = await cluster();
    await hop(cloud);
    expect(Object.values(await cloud.nodes())).toEqual(Array(5).fill("Ready"));
    expect(cloud.hypervisor.snapshot()).toMatchObject({ clusters: [{ version: NEXT, nodes: Array.from({ length: 5 }, () => ({ ready: true, version: `v${NEXT}` })) }], violations: [] });
    expect(await servers(cloud)).toEqual(Array(3).fill(`v${NEXT}`));
    const text = JSON.stringify([await cloud.json("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config"), await cloud.json("GET", "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"), await cloud.json("GET", "/api/v1/namespaces/kube-system/pods/etcd-prod-control-2")]);
    for (const part of [`kubernetesVersion: v${NEXT}`, `kube-proxy:v${NEXT}`, "etcd:3.6.8-0"]) expect(text).toContain(part);
  });

  test("to the last control plane renews the add-ons, pods too; those before it leave them as they are", async () => {
    const cloud = await cluster();
    for (const name of controls) {
      expect(await proxies(cloud)).toEqual(Array(5).fill(VERSION));
      await order(cloud, name, NEXT, name === "prod-control-1" ? "first" : null);
      cloud.clock.pass(93 * S);
    }
    expect(await proxies(cloud)).toEqual(Array(5).fill(NEXT));
  });

  test("to a worker takes 25 s, and its node is Ready all the time", async () => {
    const cloud = await cluster();
    for (const name of controls) {
      await order(cloud, name, NEXT, name === "prod-control-1" ? "first" : null);
      cloud.clock.pass(93 * S);
    }
    await order(cloud, "prod-worker-1");
    cloud.clock.pass(25 * S - 1);
    expect([await answer(cloud, "prod-worker-1"), await kubelet(cloud, "prod-worker-1")]).toEqual([`upgrading ${NEXT}`, `v${VERSION}`]);
    cloud.clock.pass(1);
    expect([await answer(cloud, "prod-worker-1"), await kubelet(cloud, "prod-worker-1"), (await cloud.nodes())["prod-worker-1"]]).toEqual([`upgraded ${NEXT}`, `v${NEXT}`, "Ready"]);
  });

  test("to the only control plane takes the API away for 8 s", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(40 * S);
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.clock.pass(82 * S);
    expect(await cloud.request("GET", "/readyz")).toBeUndefined();
    cloud.clock.pass(8 * S);
    expect([await servers(cloud), await answer(cloud, "prod-control-1")]).toEqual([[`v${NEXT}`], `upgraded ${NEXT}`]);
    cloud.clock.pass(3 * S);
    expect(await cloud.nodes()).toEqual({ "prod-control-1": "Ready" });
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("to be what it is already is answered at once, and an answer that was wiped is given again", async () => {
    const cloud = await cluster();
    expect(await answer(cloud, "prod-worker-1")).toBe(`joined ${VERSION}`);
    await order(cloud, "prod-worker-1", VERSION);
    expect(await answer(cloud, "prod-worker-1")).toBe(`upgraded ${VERSION}`);
    await annotate(cloud, "prod-worker-1", { "ablestack.io/agent": null });
    expect(await answer(cloud, "prod-worker-1")).toBe(`upgraded ${VERSION}`);
  });

  test("that was carried out is not again after a reboot, and the answer stands", async () => {
    const cloud = await cluster();
    await hop(cloud);
    cloud.hypervisor.detachIso(cloud.id("prod-worker-1"));
    cloud.hypervisor.reboot(cloud.id("prod-worker-1"));
    cloud.clock.pass(30 * S);
    expect([await answer(cloud, "prod-worker-1"), await kubelet(cloud, "prod-worker-1"), (await cloud.nodes())["prod-worker-1"]]).toEqual([`upgraded ${NEXT}`, `v${NEXT}`, "Ready"]);
  });
});

describe("what is refused", () => {
  test.each([
    ["an older version", "1.35.3", "1.35.3 is older than 1.35.4"],
    ["another major version", "2.35.4", "2.35.4 is more than one minor away from 1.35.4"],
    ["a version with a v", "v1.36.3", "the wanted version is not of the form 1.35.4"],
    ["a version with a line behind it", "1.36.3\n", "the wanted version is not of the form 1.35.4"],
  ])("%s is, on the node", async (_, wanted, reason) => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", wanted, "first", NEXT);
    cloud.clock.pass(600 * S);
    expect([await answer(cloud, "prod-control-1"), await kubelet(cloud, "prod-control-1")]).toEqual([`upgrade refused: ${reason}`, `v${VERSION}`]);
    expect(cloud.console("prod-control-1").match(/upgrade refused/g)).toHaveLength(1);
  });

  test("a minor that is skipped is, and whoever ordered it has a violation", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", "1.37.2", "first");
    expect(await answer(cloud, "prod-control-1")).toBe("upgrade refused: 1.37.2 is more than one minor away from 1.35.4");
    expect(cloud.hypervisor.violations()).toEqual([{ kind: "minor-skipped", text: "prod-control-1 is 1.35.4 and was ordered to be 1.37.2" }]);
  });

  test("a worker that is told to be the first is", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-worker-1", NEXT, "first");
    expect(await answer(cloud, "prod-worker-1")).toBe("upgrade refused: a worker cannot be the first of an upgrade");
  });

  test("a wrong ISO is, until another one is there", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first", "1.36.1");
    expect(await answer(cloud, "prod-control-1")).toBe("upgrade refused: wrong Kubernetes ISO: it holds v1.36.1, want v1.36.3");
    cloud.clock.pass(3600 * S);
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf(NEXT));
    expect(await answer(cloud, "prod-control-1")).toBe(`upgrading ${NEXT}`);
  });
});

describe("what fails", () => {
  test("a missing ISO does, and the upgrade begins when it comes", async () => {
    const cloud = await cluster();
    cloud.hypervisor.detachIso(cloud.id("prod-control-1"));
    await annotate(cloud, "prod-control-1", { [WANTED]: NEXT, [LEADS]: "first" });
    expect(await answer(cloud, "prod-control-1")).toBe("upgrade failed: no Kubernetes ISO: none is attached");
    cloud.clock.pass(5 * S);
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf(NEXT));
    expect(await answer(cloud, "prod-control-1")).toBe(`upgrading ${NEXT}`);
  });

  test("an ISO that goes in the middle does", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.hypervisor.detachIso(cloud.id("prod-control-1"));
    cloud.clock.pass(82 * S);
    expect(cloud.console("prod-control-1")).toContain("upgrade failed: k8s/kubelet cannot be copied from the ISO");
    cloud.hypervisor.attachIso(cloud.id("prod-control-1"), isoOf(NEXT));
    cloud.clock.pass(93 * S);
    expect([await answer(cloud, "prod-control-1"), (await cloud.nodes())["prod-control-1"]]).toEqual([`upgraded ${NEXT}`, "Ready"]);
  });

  test("a node that is told before its cluster does, and tries again with longer and longer pauses", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-worker-1");
    const failures = (): number => cloud.console("prod-worker-1").match(/upgrade failed: the cluster is at 1\.35\.4, its first control plane has not been upgraded to 1\.36\.3 yet/g)?.length ?? 0;
    const seen: number[] = [failures()];
    for (const pause of [20, 40, 80, 160, 320, 320]) {
      cloud.clock.pass(pause * S - 1);
      seen.push(failures());
      cloud.clock.pass(1);
      seen.push(failures());
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]);
  });

  test("a control plane whose etcd would go while another is lost with its host does, and goes on once that is back", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.clock.pass(40 * S);
    cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: true });
    cloud.clock.pass(42 * S);
    expect(await answer(cloud, "prod-control-1")).toBe("upgrade failed: kubeadm upgrade: etcd cluster is not healthy: prod-control-2 cannot be reached");
    const spec = cloud.specs.get("prod-control-2");
    if (spec) cloud.hypervisor.start(spec);
    cloud.clock.pass((20 + 93) * S);
    expect([await answer(cloud, "prod-control-1"), (await cloud.nodes())["prod-control-1"]]).toEqual([`upgraded ${NEXT}`, "Ready"]);
    expect(cloud.hypervisor.violations()).toEqual([]);
  });

  test("an order that is taken back is not tried again", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-worker-1");
    await annotate(cloud, "prod-worker-1", { [WANTED]: null });
    const before = cloud.console("prod-worker-1");
    cloud.clock.pass(3600 * S);
    expect(cloud.console("prod-worker-1")).toBe(before);
  });

  test("a power cut at any moment is made good by the order that still stands, and there is no way back", async () => {
    for (const seconds of [1, 40, 83, 89]) {
      const cloud = await cluster();
      await order(cloud, "prod-control-1", NEXT, "first");
      cloud.clock.pass(seconds * S);
      cloud.hypervisor.stop(cloud.id("prod-control-1"), { forced: true });
      cloud.clock.pass(60 * S);
      const spec = cloud.specs.get("prod-control-1");
      if (spec) cloud.hypervisor.start({ ...spec, iso: isoOf(NEXT) });
      cloud.clock.pass((21 + 93) * S);
      expect([await answer(cloud, "prod-control-1"), await kubelet(cloud, "prod-control-1"), (await cloud.nodes())["prod-control-1"]]).toEqual([`upgraded ${NEXT}`, `v${NEXT}`, "Ready"]);
      expect(cloud.hypervisor.violations()).toEqual([]);
    }
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.hypervisor.reboot(cloud.id("prod-control-1"));
    await order(cloud, "prod-control-1", VERSION);
    cloud.clock.pass(60 * S);
    expect(await answer(cloud, "prod-control-1")).toBe(`upgrade refused: ${VERSION} is older than ${NEXT}`);
  });
});

describe("a violation is recorded for", () => {
  test("a worker's kubelet that is newer than an API server", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.clock.pass(93 * S);
    await order(cloud, "prod-worker-1");
    cloud.clock.pass(28 * S);
    expect(cloud.hypervisor.violations().map(({ kind }) => kind)).toEqual(["kubelet-newer", "kubelet-newer"]);
  });

  test("API servers two minors apart", async () => {
    const cloud = await cluster();
    for (const wanted of [NEXT, "1.37.2"]) {
      await order(cloud, "prod-control-1", wanted, "first");
      cloud.clock.pass(93 * S);
    }
    expect(cloud.hypervisor.violations().map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
      "api-servers-apart: prod-control-1 is 1.37.2, prod-control-2 1.35.4",
      "api-servers-apart: prod-control-1 is 1.37.2, prod-control-3 1.35.4",
    ]);
  });

  test("two control planes that restart at once", async () => {
    const cloud = await cluster();
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.clock.pass(93 * S);
    for (const name of ["prod-control-2", "prod-control-3"]) await order(cloud, name);
    cloud.clock.pass(93 * S);
    expect(cloud.hypervisor.violations()).toEqual([{ kind: "two-control-planes-down", text: "prod-control-3 went down while prod-control-2 was" }]);
  });

  test("a control plane that restarts while another is powered off, and one that is powered off while another restarts", async () => {
    for (const stopAfter of [10, 80]) {
      const cloud = await cluster();
      await order(cloud, "prod-control-1", NEXT, "first");
      cloud.clock.pass(stopAfter * S);
      cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: false });
      cloud.clock.pass(93 * S);
      expect(cloud.hypervisor.violations().map(({ kind }) => kind)).toEqual(["two-control-planes-down"]);
    }
  });

  test("neither a whole cluster that is stopped, nor a host that is lost while one restarts, nor one that is off before", async () => {
    const cloud = await cluster();
    for (const name of controls) cloud.hypervisor.stop(cloud.id(name), { forced: false });
    for (const name of controls) {
      const spec = cloud.specs.get(name);
      if (spec) cloud.hypervisor.start(spec);
    }
    cloud.clock.pass(60 * S);
    await order(cloud, "prod-control-1", NEXT, "first");
    cloud.clock.pass(80 * S);
    cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: true });
    expect(cloud.hypervisor.violations()).toEqual([]);
  });
});

describe("a restart of the process", () => {
  test.each([0, 1, 50, 82, 86, 90, 92, 150, 182, 200])("after %i s of a hop goes on where it was, and ends the same", async (seconds) => {
    const shelf = new Shelf();
    const first = new SmallCloud({ shelf });
    first.hypervisor.restore([]);
    await bootCluster(first);
    await order(first, "prod-control-1", NEXT, "first");
    // Held back until the first is done: its timer has to be set again.
    await order(first, "prod-worker-1", VERSION);
    await order(first, "prod-control-2");
    first.clock.pass(seconds * S);
    await first.hypervisor.close();

    const second = new SmallCloud({ shelf, clock: first.clock });
    second.members = first.members;
    first.specs.forEach((spec, name) => second.specs.set(name, { ...spec, iso: isoOf(name === "prod-control-1" || name === "prod-control-2" ? NEXT : VERSION) }));
    second.hypervisor.restore([...second.specs.values()].map((spec) => ({ spec, running: true })));
    second.expose();
    second.clock.pass((400 - seconds) * S);
    expect(await second.nodes()).toEqual(Object.fromEntries([...controls, "prod-worker-1", "prod-worker-2"].map((name) => [name, "Ready"])));
    expect([await kubelet(second, "prod-control-1"), await kubelet(second, "prod-control-2"), await kubelet(second, "prod-control-3")]).toEqual([`v${NEXT}`, `v${NEXT}`, `v${VERSION}`]);
    expect([await answer(second, "prod-control-2"), await answer(second, "prod-worker-1")]).toEqual([`upgraded ${NEXT}`, `upgraded ${VERSION}`]);
    expect(second.hypervisor.violations()).toEqual([]);
  });
});
