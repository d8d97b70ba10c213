import { certificateHash } from "../../../provider/emulator/simulated/certificates";
import { anotherIdentity, bootCluster, identity, SmallCloud, TOKEN } from "./cluster-under-test";

const S = 1000;
const apply = "application/apply-patch+yaml";
const configMaps = "/api/v1/namespaces/default/configmaps";

let cloud: SmallCloud;
beforeEach(async () => {
  cloud = new SmallCloud();
  await bootCluster(cloud);
});

describe("who may do what", () => {
  test("anonymous: version, health and cluster-info, nothing else", async () => {
    const anonymous = { certificate: null };
    for (const path of ["/version", "/readyz", "/livez", "/healthz", "/api/v1/namespaces/kube-public/configmaps/cluster-info"]) expect([path, await cloud.statusOf("GET", path, anonymous)]).toEqual([path, 200]);
    for (const path of ["/api", "/api/v1/nodes", "/api/v1/namespaces/kube-system/secrets"]) expect([path, await cloud.statusOf("GET", path, anonymous)]).toEqual([path, 403]);
  });

  test("a certificate of another CA is 401, one of ours in system:masters may do everything", async () => {
    expect(await cloud.statusOf("GET", "/api/v1/nodes", { certificate: (await anotherIdentity()).adminCertificate })).toBe(401);
    expect(await cloud.statusOf("GET", "/api/v1/nodes")).toBe(200);
  });

  test("a bootstrap token reads what a join needs and no more; an unknown or expired one is 401", async () => {
    const as = (token: string): { certificate: null; headers: Record<string, string> } => ({ certificate: null, headers: { Authorization: `Bearer ${token}` } });
    expect(await cloud.statusOf("GET", "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", as(TOKEN))).toBe(200);
    expect(await cloud.statusOf("GET", "/api/v1/namespaces/kube-system/secrets", as(TOKEN))).toBe(403);
    expect(await cloud.statusOf("GET", "/api", as("aaaaaa.0123456789abcdef"))).toBe(401);
    cloud.clock.pass(25 * 3600 * S);
    expect(await cloud.statusOf("GET", "/api", as(TOKEN))).toBe(401);
  });

  test("cluster-info is signed with every living token", async () => {
    const read = async (): Promise<string[]> => Object.keys((await cloud.json<{ data: Record<string, string> }>("GET", "/api/v1/namespaces/kube-public/configmaps/cluster-info")).data);
    expect(await read()).toEqual(["kubeconfig", "jws-kubeconfig-abcdef"]);
    cloud.clock.pass(25 * 3600 * S);
    expect(await read()).toEqual(["kubeconfig"]);
  });
});

describe("objects", () => {
  test("create, read, update with a stale version, delete", async () => {
    const made = await cloud.json<{ metadata: { resourceVersion: string } }>("POST", configMaps, { body: { metadata: { name: "a" }, data: { x: "1" } } });
    expect(await cloud.json("POST", configMaps, { body: { metadata: { name: "a" } } })).toMatchObject({ kind: "Status", reason: "AlreadyExists", code: 409 });
    const next = await cloud.json<{ metadata: { resourceVersion: string } }>("PUT", `${configMaps}/a`, { body: { ...made, data: { x: "2" } } });
    expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion));
    expect(await cloud.json("PUT", `${configMaps}/a`, { body: { ...made, data: { x: "3" } } })).toMatchObject({ reason: "Conflict", code: 409 });
    expect(await cloud.statusOf("DELETE", `${configMaps}/a`)).toBe(200);
    expect(await cloud.json("GET", `${configMaps}/a`)).toEqual({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: 'configmaps "a" not found', reason: "NotFound", details: { name: "a", kind: "configmaps" }, code: 404 });
  });

  test("a list in pages is the whole list", async () => {
    const names: string[] = [];
    let next = "";
    do {
      const page = await cloud.json<{ items: { metadata: { name: string } }[]; metadata: { continue?: string } }>("GET", `/api/v1/nodes?limit=2${next && `&continue=${next}`}`);
      names.push(...page.items.map((item) => item.metadata.name));
      next = page.metadata.continue ?? "";
    } while (next !== "");
    expect(names).toEqual(Object.keys(await cloud.nodes()));
  });

  test("nothing goes into a namespace that is not there; deleting one takes its objects along", async () => {
    expect(await cloud.json("POST", "/api/v1/namespaces/demo/configmaps", { body: { metadata: { name: "a" } } })).toMatchObject({ code: 404, message: 'namespaces "demo" not found' });
    await cloud.json("POST", "/api/v1/namespaces", { body: { metadata: { name: "demo" } } });
    await cloud.json("POST", "/api/v1/namespaces/demo/configmaps", { body: { metadata: { name: "a" } } });
    await cloud.json("DELETE", "/api/v1/namespaces/demo");
    await cloud.json("POST", "/api/v1/namespaces", { body: { metadata: { name: "demo" } } });
    expect(await cloud.statusOf("GET", "/api/v1/namespaces/demo/configmaps/a")).toBe(404);
  });

  test("a finalizer holds what is deleted until it is taken off", async () => {
    await cloud.json("POST", configMaps, { body: { metadata: { name: "a", finalizers: ["x/y"] } } });
    await cloud.json("DELETE", `${configMaps}/a`);
    expect(await cloud.json("GET", `${configMaps}/a`)).toHaveProperty("metadata.deletionTimestamp");
    await cloud.json("PATCH", `${configMaps}/a`, { type: "application/merge-patch+json", body: { metadata: { finalizers: null } } });
    expect(await cloud.statusOf("GET", `${configMaps}/a`)).toBe(404);
  });

  test("dryRun=All changes nothing", async () => {
    expect(await cloud.statusOf("POST", `${configMaps}?dryRun=All`, { body: { metadata: { name: "a" } } })).toBe(201);
    expect(await cloud.statusOf("GET", `${configMaps}/a`)).toBe(404);
  });
});

describe("patches", () => {
  const node = "/api/v1/nodes/prod-worker-1";
  const spec = async (): Promise<unknown> => (await cloud.json<{ spec: unknown }>("GET", node)).spec;

  test("strategic merge cordons, and its null uncordons, with the taint that follows", async () => {
    await cloud.json("PATCH", node, { type: "application/strategic-merge-patch+json", body: { spec: { unschedulable: true } } });
    expect(await spec()).toMatchObject({ unschedulable: true, taints: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] });
    await cloud.json("PATCH", node, { type: "application/strategic-merge-patch+json", body: { spec: { unschedulable: null } } });
    expect(await spec()).toEqual({ podCIDR: expect.any(String), podCIDRs: [expect.any(String)] });
  });

  test("strategic merge goes by the key of a list, merge replaces it, JSON patch goes by place", async () => {
    const taints = (): Promise<string[]> => spec().then((found) => ((found as { taints?: { key: string }[] }).taints ?? []).map(({ key }) => key));
    const strategic = { type: "application/strategic-merge-patch+json" };
    await cloud.json("PATCH", node, { ...strategic, body: { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } } });
    await cloud.json("PATCH", node, { ...strategic, body: { spec: { taints: [{ key: "b", effect: "NoSchedule" }] } } });
    expect(await taints()).toEqual(["a", "b"]);
    await cloud.json("PATCH", node, { ...strategic, body: { spec: { taints: [{ key: "a", $patch: "delete" }] } } });
    expect(await taints()).toEqual(["b"]);
    await cloud.json("PATCH", node, { type: "application/merge-patch+json", body: { spec: { taints: [{ key: "c", effect: "NoSchedule" }] } } });
    expect(await taints()).toEqual(["c"]);
    await cloud.json("PATCH", node, { type: "application/json-patch+json", body: [{ op: "add", path: "/metadata/labels/my~1label", value: "1" }, { op: "remove", path: "/spec/taints/0" }] });
    expect(await taints()).toEqual([]);
    expect(await cloud.json("GET", node)).toHaveProperty(["metadata", "labels", "my/label"], "1");
  });

  test("server-side apply: what its manager no longer names goes, what another applied is a conflict unless forced", async () => {
    const path = (manager: string, force = false): string => `${configMaps}/a?fieldManager=${manager}&force=${force}`;
    const body = (data: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: ${data}}`;
    expect(await cloud.statusOf("PATCH", path("one"), { type: apply, body: body("{x: '1', y: '1'}") })).toBe(201);
    expect(await cloud.json("PATCH", path("one"), { type: apply, body: body("{x: '2'}") })).toMatchObject({ data: { x: "2" } });
    expect((await cloud.json<{ data: unknown }>("GET", `${configMaps}/a`)).data).toEqual({ x: "2" });
    expect(await cloud.json("PATCH", path("two"), { type: apply, body: body("{x: '3', z: '3'}") })).toMatchObject({ code: 409, message: 'Apply failed with 1 conflict: conflict with "one": .data.x' });
    expect(await cloud.json("PATCH", path("two", true), { type: apply, body: body("{x: '3', z: '3'}") })).toMatchObject({ data: { x: "3", z: "3" } });
  });
});

describe("a watch", () => {
  const events = async (query: string): Promise<{ type: string; object: { metadata: { name: string } } }[]> => {
    const answer = await cloud.request("GET", `/api/v1/nodes?watch=true${query}`);
    return (answer?.body ?? "").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as never);
  };

  test("begins with what is there, or with what has changed since", async () => {
    expect((await events("")).map(({ type }) => type)).toEqual(Array(5).fill("ADDED"));
    const { resourceVersion } = (await cloud.json<{ metadata: { resourceVersion: string } }>("GET", "/api/v1/nodes")).metadata;
    expect(await events(`&resourceVersion=${resourceVersion}`)).toEqual([]);
    await cloud.json("PATCH", "/api/v1/nodes/prod-worker-1", { type: "application/merge-patch+json", body: { metadata: { labels: { a: "b" } } } });
    await cloud.json("DELETE", "/api/v1/nodes/prod-worker-2");
    expect((await events(`&resourceVersion=${resourceVersion}`)).map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(["MODIFIED prod-worker-1", "DELETED prod-worker-2"]);
    expect((await events(`&resourceVersion=${resourceVersion}&labelSelector=a%3Db`)).map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual(["ADDED prod-worker-1"]);
  });

  test("of a version that nobody remembers is told to list again", async () => {
    expect(await events("&resourceVersion=999999")).toMatchObject([{ type: "ERROR", object: { reason: "Expired", code: 410 } }]);
  });
});

describe("pods follow their owners and their nodes", () => {
  const pods = async (namespace: string, selector: string): Promise<string[]> => {
    const list = await cloud.json<{ items: { spec: { nodeName?: string }; status: { phase: string } }[] }>("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
    return list.items.map((pod) => `${pod.spec.nodeName ?? "nowhere"} ${pod.status.phase}`).sort();
  };
  const web = { metadata: { name: "web" }, spec: { replicas: 4, selector: { matchLabels: { app: "web" } }, template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "nginx" }] } } } };

  test("a deployment's pods spread over the workers, move when one is evicted, and end with it", async () => {
    await cloud.json("POST", "/apis/apps/v1/namespaces/default/deployments", { body: web });
    expect(await pods("default", "app=web")).toEqual(["prod-worker-1 Running", "prod-worker-1 Running", "prod-worker-2 Running", "prod-worker-2 Running"]);
    await cloud.json("PATCH", "/api/v1/nodes/prod-worker-2", { type: "application/merge-patch+json", body: { spec: { unschedulable: true } } });
    await cloud.json("DELETE", "/api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dprod-worker-2");
    expect(await pods("default", "app=web")).toEqual(Array(4).fill("prod-worker-1 Running"));
    await cloud.json("DELETE", "/apis/apps/v1/namespaces/default/deployments/web");
    expect(await pods("default", "app=web")).toEqual([]);
  });

  test("a budget without room refuses an eviction with 429, a dry run evicts nothing", async () => {
    await cloud.json("POST", "/apis/apps/v1/namespaces/default/deployments", { body: web });
    await cloud.json("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", { body: { metadata: { name: "web" }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: "web" } } } } });
    const name = (await cloud.json<{ items: { metadata: { name: string } }[] }>("GET", "/api/v1/namespaces/default/pods")).items[0]?.metadata.name ?? "";
    const evict = (): ReturnType<SmallCloud["json"]> => cloud.json("POST", `/api/v1/namespaces/default/pods/${name}/eviction`, { body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } } });
    expect(await evict()).toMatchObject({ code: 429, reason: "TooManyRequests" });
    await cloud.json("DELETE", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web");
    expect(await cloud.statusOf("POST", `/api/v1/namespaces/default/pods/${name}/eviction?dryRun=All`, { body: { metadata: { name } } })).toBe(201);
    expect(await cloud.statusOf("GET", `/api/v1/namespaces/default/pods/${name}`)).toBe(200);
    expect(await evict()).toMatchObject({ status: "Success" });
    expect(await cloud.statusOf("GET", `/api/v1/namespaces/default/pods/${name}`)).toBe(404);
  });

  test("every node has its kube-proxy, every control plane its static pods, and a deleted node's go", async () => {
    expect(await pods("kube-system", "k8s-app%3Dkube-proxy")).toHaveLength(5);
    expect(await pods("kube-system", "component%3Detcd")).toEqual([1, 2, 3].map((n) => `prod-control-${n} Running`));
    await cloud.json("DELETE", "/api/v1/nodes/prod-worker-2");
    expect(await pods("kube-system", "k8s-app%3Dkube-proxy")).toHaveLength(4);
  });
});

test("the identity's hash of its CA is told with every in-process answer", async () => {
  const answer = await cloud.request("GET", "/version");
  expect(answer?.headers["x-emulated-ca-hash"]).toBe(certificateHash((await identity()).caCertificate));
});
