import { createServer, type Server } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Clock, ClusterAccess, KubernetesPort, Log } from "../../provider/core/ports";
import { createKubernetesClient, type KubernetesClientOptions } from "../../provider/kubernetes/client";
import type { KubernetesRequest, KubernetesResponse } from "../../provider/kubernetes/transport";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import { servingCertificate } from "./identity";

let holding = 0;
let held = 0;
const clock: Clock = {
  now: () => Date.now(),
  sleep: () => Promise.reject(new Error("the client does not sleep")),
  hold: async (work) => {
    holding++;
    held++;
    try {
      return await work();
    } finally {
      holding--;
    }
  },
};
const logged: string[] = [];
const log: Log = { debug: (line) => logged.push(line), info: (line) => logged.push(line), warn: (line) => logged.push(line) };

const open: (Server | TcpServer)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen<T extends Server | TcpServer>(server: T): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

// Certificates that hold around the machine's own clock, which TLS goes by.
const identity = createClusterCertificates({ uid: "k3x0vp9aw2m1", now: Date.now() });
const otherIdentity = createClusterCertificates({ uid: "other0000000", now: Date.now() });

async function access(port: number): Promise<ClusterAccess> {
  const { caCertificate, adminCertificate, adminKey } = await identity;
  return { endpoint: `https://127.0.0.1:${port}`, caCertificate, clientCertificate: adminCertificate, clientKey: adminKey };
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void, by = identity, address = "127.0.0.1", validFor?: number): Promise<ClusterAccess> {
  const { caCertificate, caKey } = await by;
  const { certificate, key } = await servingCertificate(caCertificate, caKey, address, validFor);
  return access(await listen(createServer({ cert: certificate, key, ca: caCertificate, requestCert: true, rejectUnauthorized: true }, answer)));
}

const client = (to: ClusterAccess, options: Partial<KubernetesClientOptions> = {}): KubernetesPort => createKubernetesClient(to, { clock, log, ...options });

describe("over HTTPS", () => {
  it("is ready when /readyz answers 200 under our CA, to our certificate", async () => {
    let subject: unknown;
    const to = await serve((request, response) => {
      subject = (request.socket as TLSSocket).getPeerCertificate().subject;
      response.end("ok");
    });
    await expect(client(to).ready()).resolves.toBe(true);
    expect(subject).toMatchObject({ O: "system:masters" });
  });

  it("is not ready while the server says that it is starting", async () => {
    const to = await serve((_, response) => response.writeHead(500).end("[-]etcd failed"));
    await expect(client(to).ready()).resolves.toBe(false);
  });

  it("is not ready, and unreachable for everything else, when nobody listens", async () => {
    const port = await listen(createTcpServer());
    await new Promise((resolve) => open.pop()?.close(resolve));
    const nobody = client(await access(port));
    await expect(nobody.ready()).resolves.toBe(false);
    await expect(nobody.nodes()).rejects.toMatchObject({ name: "KubernetesError", kind: "unreachable", message: expect.stringContaining(`GET https://127.0.0.1:${port}/api/v1/nodes`) });
  });

  it("calls a server under another CA foreign", async () => {
    const to = await serve((_, response) => response.end("ok"), otherIdentity);
    await expect(client(to).ready()).rejects.toMatchObject({ kind: "foreign" });
  });

  it("calls a server of ours at an address that its certificate does not name refused", async () => {
    const to = await serve((_, response) => response.end("ok"), identity, "127.0.0.9");
    await expect(client(to).ready()).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("not for this address") });
  });

  it("says that a serving certificate has expired", async () => {
    const to = await serve((_, response) => response.end("ok"), identity, "127.0.0.1", -60_000);
    await expect(client(to).ready()).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("expired") });
  });

  it("ends a request that nobody answers in time", async () => {
    const to = await serve(() => undefined);
    await expect(client(to, { timeoutMs: 200 }).nodes()).rejects.toMatchObject({ kind: "timeout" });
    await expect(client(to, { timeoutMs: 200 }).ready()).resolves.toBe(false);
  });

  it("ends a connection that never becomes one in time", async () => {
    const to = await access(await listen(createTcpServer((socket) => socket.resume())));
    await expect(client(to, { timeoutMs: 200 }).nodes()).rejects.toMatchObject({ kind: "unreachable" });
  });

  it("asks once more over a new connection when a kept one is not answered on: its machine may be gone, and no one there to say so", async () => {
    const sockets: unknown[] = [];
    let gone = false;
    const to = await serve((request, response) => {
      if (!sockets.includes(request.socket)) sockets.push(request.socket);
      if (!(gone && request.socket === sockets[0])) response.end("ok");
    });
    const kept = client(to, { timeoutMs: 300 });
    await kept.ready();
    gone = true;
    await expect(kept.ready()).resolves.toBe(true);
    expect(sockets).toHaveLength(2);
  });

  it("keeps its connection, and goes over a new one when the kept one was closed", async () => {
    const sockets = new Set<unknown>();
    let dropNext = false;
    const to = await serve((request, response) => {
      if (dropNext && sockets.has(request.socket)) {
        dropNext = false;
        request.socket.destroy();
        return;
      }
      sockets.add(request.socket);
      response.end("ok");
    });
    const kept = client(to);
    await kept.ready();
    await kept.ready();
    expect(sockets.size).toBe(1);
    dropNext = true;
    await expect(kept.ready()).resolves.toBe(true);
    expect(sockets.size).toBe(2);
  });

  it("pays no heed to a proxy in the environment", async () => {
    const before = process.env.HTTPS_PROXY;
    process.env.HTTPS_PROXY = "http://127.0.0.1:9";
    try {
      await expect(client(await serve((_, response) => response.end("ok"))).ready()).resolves.toBe(true);
    } finally {
      if (before === undefined) delete process.env.HTTPS_PROXY;
      else process.env.HTTPS_PROXY = before;
    }
  });
});

describe("over a transport handed in", () => {
  const somewhere: ClusterAccess = { endpoint: "https://127.80.0.3:6443", caCertificate: "ca", clientCertificate: "cert", clientKey: "KEY" };
  const ok = (value: unknown, status = 200): KubernetesResponse => ({ status, headers: {}, body: JSON.stringify(value) });
  function scripted(...answers: (KubernetesResponse | Error)[]): { requests: KubernetesRequest[]; port: KubernetesPort } {
    const requests: KubernetesRequest[] = [];
    const port = client(somewhere, {
      transport: async (request, given) => {
        expect(given).toBe(somewhere);
        expect(holding).toBe(1);
        requests.push(request);
        const answer = answers.shift();
        if (answer === undefined) throw new Error("one request too many");
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
    return { requests, port };
  }

  it("holds the clock for each request", async () => {
    held = 0;
    await scripted(ok("ok")).port.ready();
    expect(held).toBe(1);
  });

  it("reads nodes over all pages, in the core's words", async () => {
    const node = (name: string, status: string): object => ({
      metadata: { name, labels: { a: "b" } },
      spec: { unschedulable: status !== "True" || undefined },
      status: {
        conditions: [
          { type: "MemoryPressure", status: "False" },
          { type: "Ready", status, message: "container runtime network not ready", lastTransitionTime: "2026-01-01T00:00:05Z" },
        ],
        nodeInfo: { kubeletVersion: "v1.35.4", containerRuntimeVersion: "containerd://2.1.9" },
        allocatable: { cpu: "1900m", memory: "3584Mi" },
        addresses: [
          { type: "Hostname", address: name },
          { type: "InternalIP", address: "10.1.1.7" },
        ],
      },
    });
    const { port, requests } = scripted(ok({ metadata: { continue: "more" }, items: [node("one", "True")] }), ok({ metadata: {}, items: [node("two", "False"), { metadata: { name: "new" } }] }));
    const nodes = await port.nodes();
    expect(requests.map(({ query }) => query)).toEqual([{ limit: "500" }, { limit: "500", continue: "more" }]);
    expect(nodes).toEqual([
      { name: "one", ready: true, version: "1.35.4", internalIp: "10.1.1.7", labels: { a: "b" }, annotations: {}, unschedulable: false, reason: undefined, pressures: [], runtime: "containerd://2.1.9", allocatable: { cpu: 1.9, memory: 3_758_096_384 }, since: Date.parse("2026-01-01T00:00:05Z") },
      expect.objectContaining({ name: "two", ready: false, unschedulable: true, reason: "container runtime network not ready" }),
      expect.objectContaining({ name: "new", ready: false, version: "", reason: "the kubelet has not reported yet" }),
    ]);
  });

  it("lists services of type LoadBalancer alone, with the addresses they were given", async () => {
    const service = (name: string, type: string, ingress?: object[]): object => ({ metadata: { namespace: "shop", name }, spec: { type, ports: [{ port: 80 }, { port: 443 }] }, status: { loadBalancer: ingress ? { ingress } : {} } });
    const { port, requests } = scripted(ok({ metadata: {}, items: [service("web", "LoadBalancer", [{ ip: "203.0.113.9" }, { hostname: "web.example.com" }]), service("inner", "ClusterIP"), service("new", "LoadBalancer")] }));
    expect(await port.loadBalancers()).toEqual([
      { namespace: "shop", name: "web", ports: [80, 443], addresses: ["203.0.113.9", "web.example.com"] },
      { namespace: "shop", name: "new", ports: [80, 443], addresses: [] },
    ]);
    expect(requests.map(({ path }) => path)).toEqual(["/api/v1/services"]);
  });

  it("lists volumes with whose they are, how large, and what keeps them", async () => {
    const usage = { capacity: { storage: "10Gi" }, accessModes: ["ReadWriteOnce"], persistentVolumeReclaimPolicy: "Delete", storageClassName: "fast", volumeMode: "Filesystem" };
    const volume = (name: string, spec: object): object => ({ metadata: { name }, spec: { ...usage, ...spec } });
    const { port } = scripted(
      ok({
        metadata: {},
        items: [
          volume("by-driver", { csi: { driver: "csi.example.com", volumeHandle: "x" }, claimRef: { namespace: "shop", name: "data" } }),
          volume("on-disk", { local: { path: "/data" }, nodeAffinity: { required: {} } }),
          volume("on-path", { hostPath: { path: "/data" } }),
          volume("elsewhere", { nfs: { server: "10.0.0.9", path: "/" } }),
          { metadata: { name: "bare" } },
        ],
      }),
    );
    expect(await port.volumes()).toEqual([
      { name: "by-driver", claim: "shop/data", size: "10Gi", onNode: false, keptBy: "csi.example.com" },
      { name: "on-disk", size: "10Gi", onNode: true },
      { name: "on-path", size: "10Gi", onNode: true },
      { name: "elsewhere", size: "10Gi", onNode: false, keptBy: "nfs" },
      { name: "bare", onNode: false },
    ]);
  });

  it("labels a node by a merge patch", async () => {
    const { port, requests } = scripted(ok({}));
    await port.labelNode("prod-worker-1", { "node-role.kubernetes.io/worker": "" });
    expect(requests).toMatchObject([
      { method: "PATCH", path: "/api/v1/nodes/prod-worker-1", headers: { "content-type": "application/merge-patch+json" }, body: '{"metadata":{"labels":{"node-role.kubernetes.io/worker":""}}}' },
    ]);
  });

  it("makes a bootstrap token, and renews the one that is there", async () => {
    const first = scripted(ok({}, 201));
    await first.port.putBootstrapToken("abcdef.0123456789abcdef", new Date(0));
    expect(first.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /api/v1/namespaces/kube-system/secrets"]);
    const again = scripted(ok({ message: "already exists" }, 409), ok({}));
    await again.port.putBootstrapToken("abcdef.0123456789abcdef", new Date(0));
    expect(again.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /api/v1/namespaces/kube-system/secrets", "PUT /api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef"]);
  });

  it("takes what is gone already for deleted", async () => {
    await scripted(ok({ message: "not found" }, 404)).port.deleteNode("gone");
    await scripted(ok({ message: "not found" }, 404)).port.deleteBootstrapToken("abcdef.0123456789abcdef");
  });

  it.each([
    [401, "forbidden"],
    [403, "forbidden"],
    [404, "refused"],
    [422, "refused"],
    [429, "unreachable"],
    [503, "unreachable"],
  ])("turns %i into %s with the server's words", async (status, kind) => {
    const { port } = scripted(ok({ kind: "Status", message: "the reason why." }, status));
    await expect(port.labelNode("n", {})).rejects.toMatchObject({ kind, status, message: expect.stringContaining(`PATCH https://127.80.0.3:6443/api/v1/nodes/n: ${status}: the reason why. `) });
  });

  // As the API server words them: registry/core/pod/storage/eviction.go, admission/plugin/namespace/lifecycle and webhook/errors of Kubernetes.
  it.each([
    [429, "Cannot evict pod as it would violate the pod's disruption budget."],
    [500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."],
    [403, 'pods "web-1" is forbidden: unable to create new content in namespace shop because it is being terminated'],
    [403, 'admission webhook "drain.example.com" denied the request: the operator rolls this pod'],
    [400, 'admission webhook "drain.example.com" denied the request without explanation'],
  ])("a pod that %i holds for now is held, by the server's words, and no reason to give up", async (status, message) => {
    const pod = { namespace: "shop", name: "web-1" };
    expect(await scripted(ok({ kind: "Status", message }, status)).port.evictPod(pod)).toBe(message.replace(/\.$/, ""));
  });

  it("a pod that we may not ask to go, or while the server can't say, is no held one", async () => {
    const pod = { namespace: "shop", name: "web-1" };
    const nobody = scripted(ok({ kind: "Status", message: 'pods "web-1" is forbidden: User "system:anonymous" cannot create resource "pods/eviction" in API group "" in the namespace "shop"' }, 403));
    await expect(nobody.port.evictPod(pod)).rejects.toMatchObject({ kind: "forbidden", message: expect.stringContaining("admin certificate") });
    await expect(scripted(ok({ kind: "Status", message: "etcdserver: request timed out" }, 500)).port.evictPod(pod)).rejects.toMatchObject({ kind: "unreachable" });
    expect(await scripted(ok({ message: "not found" }, 404)).port.evictPod(pod)).toBeUndefined();
  });

  it("does not call it a matter of certificates when something in the cluster forbids a change", async () => {
    const { port } = scripted(ok({ kind: "Status", message: 'admission webhook "nodes.example.com" denied the request: no' }, 403));
    await expect(port.labelNode("n", {})).rejects.toMatchObject({ kind: "forbidden", message: expect.stringMatching(/denied the request: no\. Something in the cluster forbids it/) });
  });

  it("says when something that is no Kubernetes API answers", async () => {
    await expect(scripted({ status: 200, headers: {}, body: "<html>" }).port.nodes()).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("not JSON") });
  });

  it("is not ready while the transport finds nobody, and keeps a transport's own verdict", async () => {
    await expect(scripted(Object.assign(new Error("refused"), { code: "ECONNREFUSED" })).port.ready()).resolves.toBe(false);
    await expect(scripted(Object.assign(new Error("x"), { code: "SELF_SIGNED_CERT_IN_CHAIN" })).port.ready()).rejects.toMatchObject({ kind: "foreign" });
  });

  it("puts neither keys nor tokens into errors or logs", async () => {
    logged.length = 0;
    const refusal = await scripted(ok({ message: "no" }, 422))
      .port.putBootstrapToken("abcdef.0123456789abcdef", new Date(0))
      .catch((error: Error) => `${error.message} ${error.stack}`);
    await scripted(new Error("down")).port.ready();
    expect([refusal, ...logged].join("\n")).not.toMatch(/0123456789abcdef|KEY/);
  });
});
