import { request } from "node:https";
import { bootCluster, identity, SmallCloud } from "./cluster-under-test";
import { hasKubectl, Kubectl } from "./kubectl";
import { allowed } from "../../../provider/emulator/simulated/kubernetes-api/access";
import { ObjectStore } from "../../../provider/emulator/simulated/kubernetes-api/objects";

jest.setTimeout(60_000);

const onLinux = process.platform === "linux";
const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-protocol": "v5.channel.k8s.io" };

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: { readonly status: string; readonly reason?: string; readonly message?: string; readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] } };
}

const execPath = (node: string, command: readonly string[], pod = `etcd-${node}`): string =>
  `/api/v1/namespaces/kube-system/pods/${pod}/exec?${command.map((word) => `command=${encodeURIComponent(word)}&`).join("")}stdout=true&stderr=true`;

class Etcd {
  constructor(readonly cloud: SmallCloud) {}

  exec(node: string, ...command: string[]): Promise<Ended> {
    return this.cloud.json<Ended>("GET", execPath(node, command), { headers: upgrade });
  }
  async ok(node: string, ...command: string[]): Promise<string> {
    const { stdout, stderr, status } = await this.exec(node, ...command);
    expect({ stderr, status: status.status }).toEqual({ stderr: "", status: "Success" });
    return stdout;
  }
  /** What a member says of an order it refuses. */
  async refused(node: string, ...command: string[]): Promise<string> {
    const { stderr, status } = await this.exec(node, ...command);
    expect(status).toMatchObject({ status: "Failure", reason: "NonZeroExitCode" });
    return stderr;
  }
  id(node: string): string {
    return this.members().find(({ name }) => name === node)?.id ?? "gone";
  }
  members(): ReturnType<SmallCloud["hypervisor"]["members"]> {
    const some = ["prod-control-1", "prod-control-2", "prod-control-3"].map((name) => this.cloud.hypervisor.members(this.cloud.id(name)));
    return some.find((members) => members.length > 0) ?? [];
  }
  leader(): string | undefined {
    return this.members().find(({ leader }) => leader)?.name;
  }
}

async function started(): Promise<Etcd> {
  const cloud = new SmallCloud();
  await bootCluster(cloud);
  return new Etcd(cloud);
}

describe("etcdctl in an etcd pod", () => {
  test("lists members with ids of 64 bits as JSON numbers, every digit of them", async () => {
    const etcd = await started();
    const text = await etcd.ok("prod-control-2", "etcdctl", "member", "list", "-w", "json");
    const member = (name: string, host: string): string => `{"ID":${BigInt(`0x${etcd.id(name)}`)},"name":"${name}","peerURLs":["https://${host}:2380"],"clientURLs":["https://${host}:2379"]}`;
    const rows = [member("prod-control-1", "10.1.1.11"), member("prod-control-2", "10.1.1.12"), member("prod-control-3", "10.1.1.13")];
    expect(text).toMatch(new RegExp(`^{"header":{"cluster_id":\\d+,"member_id":${BigInt(`0x${etcd.id("prod-control-2")}`)},"raft_term":2},"members":`));
    expect(text).toContain(`"members":[${rows.join(",")}]}\n`);
    expect(Number.isSafeInteger(Number(BigInt(`0x${etcd.id("prod-control-1")}`)))).toBe(false);
  });

  test("takes kubeadm's certificates, and finds no others", async () => {
    const etcd = await started();
    const pki = "/etc/kubernetes/pki/etcd";
    const flags = ["--endpoints=https://127.0.0.1:2379", `--cacert=${pki}/ca.crt`, `--cert=${pki}/healthcheck-client.crt`, "--key", `${pki}/healthcheck-client.key`];
    expect(await etcd.ok("prod-control-1", "etcdctl", ...flags, "endpoint", "health")).toContain("https://127.0.0.1:2379 is healthy");
    expect(await etcd.refused("prod-control-1", "etcdctl", "--cacert=/root/ca.crt", "member", "list")).toBe("Error: open /root/ca.crt: no such file or directory\n");
  });

  test("a leader that was moved stays, also when an older member comes back", async () => {
    const etcd = await started();
    expect(etcd.leader()).toBe("prod-control-1");
    expect(await etcd.refused("prod-control-2", "etcdctl", "move-leader", etcd.id("prod-control-3"))).toContain("no leader endpoint given at [127.0.0.1:2379]");
    expect(await etcd.ok("prod-control-1", "etcdctl", "move-leader", etcd.id("prod-control-3"))).toBe(`Leadership transferred from ${etcd.id("prod-control-1")} to ${etcd.id("prod-control-3")}\n`);
    expect(etcd.leader()).toBe("prod-control-3");
    const { hypervisor, clock, specs } = etcd.cloud;
    hypervisor.stop(etcd.cloud.id("prod-control-3"), { forced: true });
    expect(etcd.leader()).toBe("prod-control-1");
    hypervisor.start(specs.get("prod-control-3")!);
    clock.pass(60_000);
    expect(etcd.leader()).toBe("prod-control-1");
    const status = JSON.parse(await etcd.ok("prod-control-2", "etcdctl", "endpoint", "status", "--cluster", "-w", "json")) as { Endpoint: string; Status: { raftTerm: number } }[];
    expect(status.map(({ Endpoint, Status }) => [Endpoint, Status.raftTerm])).toEqual([11, 12, 13].map((last) => [`https://10.1.1.${last}:2379`, 4]));
  });

  test("who leads outlives the process", async () => {
    const etcd = await started();
    await etcd.ok("prod-control-1", "etcdctl", "move-leader", etcd.id("prod-control-2"));
    const again = new SmallCloud({ shelf: etcd.cloud.shelf, clock: etcd.cloud.clock });
    again.hypervisor.restore([...etcd.cloud.specs.values()].map((spec) => ({ spec, running: true })));
    expect(new Etcd(again).leader()).toBe("prod-control-2");
  });

  test("a removed member is gone, and its machine serves no API any more, nor its pod any command", async () => {
    const etcd = await started();
    const id = etcd.id("prod-control-1");
    expect(await etcd.ok("prod-control-2", "etcdctl", "member", "remove", id)).toMatch(new RegExp(`^Member ${id} removed from cluster [0-9a-f]{16}\n$`));
    expect(etcd.members().map(({ name }) => name)).toEqual(["prod-control-2", "prod-control-3"]);
    expect(etcd.leader()).toBe("prod-control-2");
    expect((await etcd.exec("prod-control-1", "etcdctl", "member", "list")).status).toMatchObject({ reason: "InternalError", message: expect.stringContaining('container not found ("etcd")') });
    etcd.cloud.members = ["prod-control-1"];
    etcd.cloud.expose();
    expect(await etcd.cloud.request("GET", "/readyz")).toBeUndefined();
    etcd.cloud.members = ["prod-control-2"];
    etcd.cloud.expose();
    etcd.cloud.clock.pass(120_000);
    expect((await etcd.cloud.nodes())["prod-control-1"]).toBe("NotReady");
  });

  test("what is no member can't be removed, nor what is no id", async () => {
    const etcd = await started();
    expect(await etcd.refused("prod-control-1", "etcdctl", "member", "remove", "8e9e05c52164694d")).toBe("Error: etcdserver: member not found\n");
    expect((await etcd.exec("prod-control-1", "etcdctl", "member", "remove", "prod-control-2")).status.details?.causes).toEqual([{ reason: "ExitCode", message: "128" }]);
  });

  test("etcd keeps its majority: a member that others depend on is not let go, one that is down is", async () => {
    const etcd = await started();
    etcd.cloud.hypervisor.stop(etcd.cloud.id("prod-control-3"), { forced: true });
    expect(await etcd.refused("prod-control-1", "etcdctl", "member", "remove", etcd.id("prod-control-2"))).toBe("Error: etcdserver: unhealthy cluster\n");
    await etcd.ok("prod-control-1", "etcdctl", "member", "remove", etcd.id("prod-control-3"));
    await etcd.ok("prod-control-1", "etcdctl", "member", "remove", etcd.id("prod-control-2"));
    expect(await etcd.refused("prod-control-1", "etcdctl", "member", "remove", etcd.id("prod-control-1"))).toBe("Error: etcdserver: re-configuration failed due to not enough started members\n");
  });

  test("the leadership goes to no stranger, and to none that is down", async () => {
    const etcd = await started();
    expect(await etcd.refused("prod-control-1", "etcdctl", "move-leader", "1")).toBe("Error: etcdserver: bad leader transferee\n");
    etcd.cloud.hypervisor.stop(etcd.cloud.id("prod-control-3"), { forced: true });
    expect(await etcd.refused("prod-control-1", "etcdctl", "move-leader", etcd.id("prod-control-3"))).toContain("leader transfer took too long");
    const { stdout, status } = await etcd.exec("prod-control-1", "etcdctl", "endpoint", "health", "--cluster");
    expect(stdout.match(/is (un)?healthy/g)).toEqual(["is healthy", "is healthy", "is unhealthy"]);
    expect(status.status).toBe("Failure");
  });

  test("a learner that never finished joining has no name, is in the way of the next, and can be removed", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(60_000);
    await cloud.node("prod-control-2");
    const etcd = new Etcd(cloud);
    for (let seconds = 0; seconds < 60 && etcd.members().length < 2; seconds++) cloud.clock.pass(1000);
    cloud.hypervisor.destroy(cloud.id("prod-control-2"));
    const learner = etcd.id("prod-control-2");
    expect(await etcd.ok("prod-control-1", "etcdctl", "member", "list", "--write-out=json")).toContain(`{"ID":${BigInt(`0x${learner}`)},"peerURLs":["https://10.1.1.12:2380"],"isLearner":true}`);
    await cloud.node("prod-control-3");
    cloud.clock.pass(60_000);
    expect(cloud.console("prod-control-3")).toContain("too many learner members");
    await etcd.ok("prod-control-1", "etcdctl", "member", "remove", learner);
    cloud.clock.pass(60_000);
    expect(etcd.members().map(({ name, learner: is }) => [name, is])).toEqual([["prod-control-1", false], ["prod-control-3", false]]);
  });

  test("a machine whose learner was removed while it joined starts its join anew", async () => {
    const cloud = new SmallCloud();
    await cloud.node("prod-control-1");
    cloud.clock.pass(60_000);
    await cloud.node("prod-control-2");
    const etcd = new Etcd(cloud);
    for (let seconds = 0; seconds < 60 && etcd.members().length < 2; seconds++) cloud.clock.pass(1000);
    await etcd.ok("prod-control-1", "etcdctl", "member", "remove", etcd.id("prod-control-2"));
    cloud.clock.pass(120_000);
    expect(cloud.console("prod-control-2")).toContain("its learner was removed meanwhile");
    expect(etcd.members().map(({ name, learner }) => [name, learner])).toEqual([["prod-control-1", false], ["prod-control-2", false]]);
  });

  test("nothing but etcdctl is there to be run", async () => {
    const etcd = await started();
    for (const command of [["sh", "-c", "id"], ["etcd"]]) {
      const { stderr, status } = await etcd.exec("prod-control-1", ...command);
      expect(stderr).toContain(`exec: "${command[0]}": executable file not found in $PATH`);
      expect(status.details?.causes).toEqual([{ reason: "ExitCode", message: "127" }]);
    }
    expect(await etcd.refused("prod-control-1", "etcdctl", "member", "add")).toBe('Error: unknown command "add" for "etcdctl member"\n');
  });
});

describe("who may run it, and where", () => {
  test("a pod on a machine that is down can't be dialled, one that is not there is not found, a container has to be its own", async () => {
    const etcd = await started();
    etcd.cloud.hypervisor.stop(etcd.cloud.id("prod-control-2"), { forced: true });
    expect((await etcd.exec("prod-control-2", "etcdctl", "member", "list")).status).toMatchObject({ status: "Failure", reason: "InternalError", message: "Internal error occurred: error dialing backend: dial tcp 10.1.1.12:10250: connect: no route to host" });
    expect(await etcd.cloud.statusOf("GET", execPath("prod-control-9", ["etcdctl"]), { headers: upgrade })).toBe(404);
    expect(await etcd.cloud.statusOf("GET", `${execPath("prod-control-1", ["etcdctl"])}&container=sidecar`, { headers: upgrade })).toBe(400);
  });

  test("nothing runs for a request that asks for no upgrade, or by who is no administrator", async () => {
    const etcd = await started();
    const path = execPath("prod-control-2", ["etcdctl", "member", "remove", etcd.id("prod-control-1")]);
    expect(await etcd.cloud.statusOf("POST", path)).toBe(400);
    expect(await etcd.cloud.statusOf("GET", path, { headers: { ...upgrade, upgrade: "SPDY/3.1" } })).toBe(400);
    expect(await etcd.cloud.statusOf("GET", path, { headers: upgrade, certificate: null })).toBe(403);
    expect(await etcd.cloud.statusOf("GET", path, { headers: { ...upgrade, authorization: "Bearer abcdef.0123456789abcdef" }, certificate: null })).toBe(403);
    expect(etcd.members()).toHaveLength(3);
  });
});

test("a kubelet reads pods and runs nothing in them", () => {
  const store = new ObjectStore({ save: () => undefined }, () => 0, () => "uid");
  const kubelet = { user: "system:node:prod-worker-1", groups: ["system:nodes", "system:authenticated"] };
  const ask = { verb: "get", group: "", resource: "pods", namespace: "kube-system", name: "etcd-prod-control-1" };
  expect(allowed(store, kubelet, { ...ask, subresource: "" })).toBe(true);
  expect(allowed(store, kubelet, { ...ask, subresource: "exec" })).toBe(false);
});

(onLinux ? describe : describe.skip)("a connection that is not upgraded", () => {
  let cloud: SmallCloud;
  beforeAll(async () => {
    cloud = new SmallCloud({ listen: true, address: "127.83.0.7" });
    await bootCluster(cloud);
    cloud.hypervisor.stop(cloud.id("prod-control-2"), { forced: true });
    await cloud.hypervisor.settled();
  });
  afterAll(() => cloud.hypervisor.close());

  async function answer(headers: Record<string, string>, path: string): Promise<{ status: number | undefined; said: string }> {
    const { caCertificate, adminCertificate, adminKey } = await identity();
    return new Promise((resolve, reject) => {
      const asked = request({ host: cloud.address, port: cloud.port, path, ca: caCertificate, cert: adminCertificate, key: adminKey, agent: false, headers: { connection: "Upgrade", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", ...headers } });
      asked.on("response", (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode, said: (JSON.parse(text) as { message: string }).message }));
      });
      asked.on("upgrade", () => reject(new Error("upgraded")));
      asked.on("error", reject);
      asked.end();
    });
  }

  test("says of SPDY that it is not there, and of other paths what they hold", async () => {
    expect(await answer({ upgrade: "SPDY/3.1" }, execPath("prod-control-1", ["etcdctl", "version"]))).toEqual({ status: 400, said: "Upgrade request required" });
    expect(await answer(upgrade, "/api/v1/nodes/nope")).toEqual({ status: 404, said: 'nodes "nope" not found' });
  });

  test("tells a client of the fourth version with an HTTP status that the kubelet can't be dialled", async () => {
    const before = { ...upgrade, "sec-websocket-protocol": "v4.channel.k8s.io" };
    expect(await answer(before, execPath("prod-control-2", ["etcdctl", "version"]))).toEqual({ status: 500, said: "Internal error occurred: error dialing backend: dial tcp 10.1.1.12:10250: connect: no route to host" });
  });
});

(onLinux && hasKubectl ? describe : describe.skip)("the real kubectl exec", () => {
  let etcd: Etcd;
  let kubectl: Kubectl;
  beforeAll(async () => {
    const cloud = new SmallCloud({ listen: true, address: "127.83.0.5" });
    etcd = new Etcd(cloud);
    await bootCluster(cloud);
    await cloud.hypervisor.settled();
    kubectl = new Kubectl(cloud.endpoint, await identity());
  });
  afterAll(async () => {
    kubectl.remove();
    await etcd.cloud.hypervisor.close();
  });
  const exec = (node: string, ...command: string[]): ReturnType<Kubectl["run"]> => kubectl.run("exec", "-n", "kube-system", `etcd-${node}`, "--", ...command);

  test("reads what was printed, and the exit code", async () => {
    const listed = await exec("prod-control-1", "etcdctl", "member", "list", "-w", "json");
    expect(listed).toMatchObject({ code: 0, err: "" });
    expect(listed.out).toBe(await etcd.ok("prod-control-1", "etcdctl", "member", "list", "-w", "json"));
    const wrong = await exec("prod-control-1", "etcdctl", "member", "remove", "1");
    expect(wrong).toMatchObject({ code: 1, out: "" });
    expect(wrong.err).toContain("Error: etcdserver: member not found\n");
    expect((await exec("prod-control-1", "ls")).code).toBe(127);
  });

  test("hears the end of an order that ends API servers, over any of them, and why a machine that is down can't be reached", async () => {
    const removed = await exec("prod-control-2", "etcdctl", "member", "remove", etcd.id("prod-control-1"));
    expect(removed.err).toBe("");
    expect(removed).toMatchObject({ code: 0, out: expect.stringContaining("removed from cluster") });
    expect(JSON.parse((await exec("prod-control-2", "etcdctl", "member", "list", "-w", "json")).out).members).toHaveLength(2);
    etcd.cloud.hypervisor.destroy(etcd.cloud.id("prod-control-1"));
    const down = await exec("prod-control-1", "etcdctl", "member", "list");
    expect(down.code).not.toBe(0);
    expect(down.err).toContain("error dialing backend: dial tcp 10.1.1.11:10250");
  });
});
