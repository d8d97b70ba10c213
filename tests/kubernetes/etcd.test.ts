/** etcd's members by way of the client: against the emulator over real HTTPS, and against servers and transports that misbehave. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import fc from "fast-check";
import { bootCluster, identity, SmallCloud } from "../emulator/simulated/cluster-under-test";
import { systemClock } from "../../provider/core/clock";
import type { ClusterAccess, KubernetesPort } from "../../provider/core/ports";
import { answerExec } from "../../provider/emulator/simulated/web-socket";
import { createKubernetesClient, type KubernetesClientOptions } from "../../provider/kubernetes/client";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import type { ExecAnswer, ExecRequest } from "../../provider/kubernetes/exec";
import { servingCertificate } from "./identity";

const logged: string[] = [];
const say = (line: string): void => void logged.push(line);
const log = { debug: say, info: say, warn: say };

async function client(endpoint: string, options: Partial<KubernetesClientOptions> = {}): Promise<KubernetesPort> {
  const { caCertificate, adminCertificate, adminKey } = await identity();
  return createKubernetesClient({ endpoint: `https://${endpoint}`, caCertificate, clientCertificate: adminCertificate, clientKey: adminKey }, { clock: systemClock, log, ...options });
}

(process.platform === "linux" ? describe : describe.skip)("over HTTPS", () => {
  let cloud: SmallCloud;
  let kubernetes: KubernetesPort;
  beforeEach(async () => {
    cloud = new SmallCloud({ listen: true, address: "127.83.0.6" });
    await bootCluster(cloud);
    await cloud.hypervisor.settled();
    kubernetes = await client(cloud.endpoint);
  });
  afterEach(() => cloud.hypervisor.close());

  const truth = (): ReturnType<SmallCloud["hypervisor"]["members"]> => cloud.hypervisor.members(cloud.id("prod-control-2"));
  const id = (name: string): string => truth().find((member) => member.name === name)?.id ?? "";

  test("members are read by way of any of them, with who leads", async () => {
    const expected = truth().map((member) => ({ id: member.id, name: member.name, peerUrls: [member.peerUrl], isLearner: false, isLeader: member.leader }));
    expect(expected.map(({ isLeader }) => isLeader)).toEqual([true, false, false]);
    for (const via of ["prod-control-1", "prod-control-2", "prod-control-3"]) expect(await kubernetes.etcdMembers(via)).toEqual(expected);
  });

  test("a member is removed, and removing it again is no error", async () => {
    const gone = id("prod-control-1");
    await kubernetes.removeEtcdMember("prod-control-2", gone);
    await kubernetes.removeEtcdMember("prod-control-2", gone);
    expect((await kubernetes.etcdMembers("prod-control-3")).map(({ name }) => name)).toEqual(["prod-control-2", "prod-control-3"]);
  });

  test("a member is never asked to remove itself", async () => {
    await expect(kubernetes.removeEtcdMember("prod-control-2", id("prod-control-2"))).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("Use the etcd pod of another control plane") });
    expect(truth()).toHaveLength(3);
  });

  test("the leadership moves by way of any member, and moving it to where it is is no error", async () => {
    for (const [via, to] of [["prod-control-2", "prod-control-3"], ["prod-control-1", "prod-control-2"], ["prod-control-3", "prod-control-2"]] as const) {
      await kubernetes.moveEtcdLeader(via, id(to));
      expect((await kubernetes.etcdMembers(via)).find(({ isLeader }) => isLeader)?.name).toBe(to);
    }
  });

  test("a refusal says what etcd said and what to do", async () => {
    cloud.hypervisor.stop(cloud.id("prod-control-3"), { forced: true });
    await expect(kubernetes.removeEtcdMember("prod-control-2", id("prod-control-1"))).rejects.toMatchObject({
      name: "KubernetesError",
      kind: "refused",
      message: `etcdctl in etcd-prod-control-2 by https://${cloud.endpoint}: etcdserver: unhealthy cluster. Another member is down, and without this one etcd would lose its majority: start or remove that one first.`,
    });
    await expect(kubernetes.moveEtcdLeader("prod-control-2", "1")).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("bad leader transferee") });
    await expect(kubernetes.moveEtcdLeader("prod-control-2", id("prod-control-3"))).rejects.toMatchObject({ kind: "timeout" });
  });

  test("a machine that is down can't be gone by way of, and a node without etcd neither", async () => {
    cloud.hypervisor.stop(cloud.id("prod-control-3"), { forced: true });
    await expect(kubernetes.etcdMembers("prod-control-3")).rejects.toMatchObject({ kind: "unreachable", message: expect.stringMatching(/no route to host\. The machine of prod-control-3 is down .*: use the etcd pod of another control plane/) });
    await expect(kubernetes.etcdMembers("prod-worker-1")).rejects.toMatchObject({ kind: "unreachable", status: 404, message: expect.stringContaining('pods "etcd-prod-worker-1" not found') });
    expect(await kubernetes.etcdMembers("prod-control-1")).toHaveLength(3);
  });

  test("a learner that never started is told from the others by its peer URL", async () => {
    await cloud.node("prod-control-4");
    for (let seconds = 0; seconds < 60 && truth().length < 4; seconds++) cloud.clock.pass(1000);
    cloud.hypervisor.destroy(cloud.id("prod-control-4"));
    await cloud.hypervisor.settled();
    const learner = (await kubernetes.etcdMembers("prod-control-1")).find(({ isLearner }) => isLearner);
    expect(learner).toEqual({ id: expect.stringMatching(/^[0-9a-f]{16}$/), name: "", peerUrls: [`https://${cloud.specs.get("prod-control-4")?.guestIp}:2380`], isLearner: true, isLeader: false });
    await kubernetes.removeEtcdMember("prod-control-1", learner?.id ?? "");
    expect(truth()).toHaveLength(3);
  });
});

describe("with servers that misbehave", () => {
  const open: Server[] = [];
  const sockets = new Set<Duplex>();
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  async function serve(upgraded: (request: IncomingMessage, socket: Duplex) => void, by = identity()): Promise<string> {
    const { caCertificate, caKey } = await by;
    const { certificate, key } = await servingCertificate(caCertificate, caKey, "127.0.0.1");
    const server = createServer({ cert: certificate, key, ca: caCertificate, requestCert: true });
    server.on("upgrade", (request, socket) => {
      sockets.add(socket.on("error", () => undefined));
      upgraded(request, socket);
    });
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const status = { metadata: {}, status: "Success" };
  const handshake = (request: IncomingMessage): string => request.headers["sec-websocket-key"] ?? "";

  test("a server that agrees to something else than what was asked for is no API server", async () => {
    const at = await serve((_, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"));
    await expect((await client(at)).etcdMembers("one")).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("not asked for") });
  });

  test("a connection that ends before the command is no success", async () => {
    const cutOff = await serve((request, socket) => {
      const accept = createHash("sha1").update(`${handshake(request)}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    });
    await expect((await client(cutOff)).etcdMembers("one")).rejects.toMatchObject({ kind: "unreachable", message: expect.stringContaining("whether it took effect is not known") });
  });

  test("a command that never ends is given up", async () => {
    const at = await serve(() => undefined);
    await expect((await client(at, { timeoutMs: 200 })).etcdMembers("one")).rejects.toMatchObject({ kind: "timeout" });
  });

  test("another cluster's server is foreign and is asked nothing", async () => {
    let asked = false;
    const at = await serve(() => (asked = true), createClusterCertificates({ uid: "other0000000", now: Date.now() }));
    await expect((await client(at)).etcdMembers("one")).rejects.toMatchObject({ kind: "foreign" });
    expect(asked).toBe(false);
  });

  test("more than etcdctl ever prints is refused", async () => {
    const at = await serve((request, socket) => answerExec(socket, handshake(request), "v4.channel.k8s.io", { stdout: "x".repeat(1024 * 1024 + 1), stderr: "", status }));
    await expect((await client(at)).etcdMembers("one")).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("more than 1048576") });
  });

  test("an old server's answer on the fourth version of the channels is understood", async () => {
    const outs = ['{"members":[{"ID":1,"name":"one","peerURLs":["https://10.1.1.11:2380"]}]}', '[{"Status":{"leader":1}}]'];
    const at = await serve((request, socket) => answerExec(socket, handshake(request), "v4.channel.k8s.io", { stdout: outs.shift() ?? "", stderr: "", status }));
    expect(await (await client(at)).etcdMembers("one")).toEqual([{ id: "1", name: "one", peerUrls: ["https://10.1.1.11:2380"], isLearner: false, isLeader: true }]);
  });
});

describe("over a transport handed in", () => {
  const somewhere: ClusterAccess = { endpoint: "https://127.80.0.3:6443", caCertificate: "ca", clientCertificate: "cert", clientKey: "KEY" };
  const printed = (stdout: string): ExecAnswer => ({ ended: { stdout, stderr: "", status: { status: "Success" } } });
  const failed = (stderr: string, code = "1"): ExecAnswer => ({ ended: { stdout: "", stderr, status: { status: "Failure", reason: "NonZeroExitCode", details: { causes: [{ reason: "ExitCode", message: code }] } } } });
  function scripted(...answers: (ExecAnswer | Error)[]): { requests: ExecRequest[]; port: KubernetesPort } {
    const requests: ExecRequest[] = [];
    const port = createKubernetesClient(somewhere, {
      clock: systemClock,
      log,
      exec: async (request) => {
        requests.push(request);
        const answer = answers.shift() ?? new Error("one command too many");
        if (answer instanceof Error) throw answer;
        return answer;
      },
    });
    return { requests, port };
  }
  const listed = (...members: { id: bigint; name?: string }[]): ExecAnswer =>
    printed(`{"header":{"cluster_id":14841639068965178418,"member_id":7},"members":[${members.map(({ id, name = "n" }) => `{"ID":${id},"name":${JSON.stringify(name)},"clientURLs":[${JSON.stringify(`https://10.1.1.${name}:2379`)}]}`).join(",")}]}\n`);
  const led = (leader: bigint): ExecAnswer => printed(`[{"Endpoint":"https://127.0.0.1:2379","Status":{"header":{"member_id":7},"leader":${leader},"dbSize":25}}]\n`);

  test("no digit of an id is lost, whatever the id, and no digit of a name is touched", async () => {
    const uint64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.oneof(uint64, fc.bigInt({ min: 2n ** 53n, max: 2n ** 53n + 9n })), { minLength: 1, maxLength: 5 }), fc.oneof(fc.string(), fc.constantFrom('"ID":10276657743932975437', "\\", "1e99")), async (ids, name) => {
        const { port, requests } = scripted(listed(...ids.map((id) => ({ id, name }))), led(ids[0]!), listed(...ids.map((id) => ({ id }))), printed(""));
        const members = await port.etcdMembers("one");
        expect(members.map((member) => BigInt(`0x${member.id}`))).toEqual(ids);
        expect(members.map((member) => [member.name, member.isLeader])).toEqual(ids.map((id) => [name, id === ids[0]]));
        // What was read is what is given back to etcdctl.
        if (ids[0] === 7n) return;
        await port.removeEtcdMember("one", members[0]!.id);
        expect(requests.at(-1)!.command.slice(-3)).toEqual(["member", "remove", ids[0]!.toString(16)]);
      }),
    );
  });

  test("etcdctl is given kubeadm's certificates and the pod's own etcd", async () => {
    const { port, requests } = scripted(listed({ id: 7n }), led(7n));
    await port.etcdMembers("prod-control-1");
    const flags = ["--endpoints=https://127.0.0.1:2379", "--cacert=/etc/kubernetes/pki/etcd/ca.crt", "--cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt", "--key=/etc/kubernetes/pki/etcd/healthcheck-client.key"];
    expect(requests).toEqual([["member", "list"], ["endpoint", "status"]].map((words) => ({ namespace: "kube-system", pod: "etcd-prod-control-1", container: "etcd", command: ["etcdctl", ...flags, ...words, "--write-out=json"] })));
  });

  test("the order to hand over goes to the leader, and after a new one when it has changed meanwhile", async () => {
    const both = listed({ id: 7n, name: "7" }, { id: 8n, name: "8" }, { id: 9n, name: "9" });
    const { port, requests } = scripted(both, led(7n), failed("Error: no leader endpoint given at [https://10.1.1.7:2379]", "128"), both, led(8n), printed("Leadership transferred"));
    await port.moveEtcdLeader("seven", "9");
    expect(requests.filter(({ command }) => command.includes("move-leader")).map(({ command }) => command[1])).toEqual(["--endpoints=https://10.1.1.7:2379", "--endpoints=https://10.1.1.8:2379"]);
  });

  test("while nobody leads, nobody is said to, and nothing can be handed over", async () => {
    expect((await scripted(listed({ id: 7n }), led(0n)).port.etcdMembers("one")).map(({ isLeader }) => isLeader)).toEqual([false]);
    await expect(scripted(listed({ id: 7n }), led(0n)).port.moveEtcdLeader("one", "8")).rejects.toMatchObject({ kind: "unreachable", message: expect.stringContaining("no leader now") });
  });

  test("a member that goes while we remove it is removed", async () => {
    await scripted(listed({ id: 8n }), failed('{"level":"warn","msg":"retrying"}\nError: etcdserver: member not found\n')).port.removeEtcdMember("one", "8");
  });

  test("what is no id is never handed to a shell or to etcdctl", async () => {
    const { port, requests } = scripted();
    for (const id of ["", "--help", "g", "11112222333344445", "0x1f"]) await expect(port.removeEtcdMember("one", id)).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("no id of a member") });
    expect(requests).toEqual([]);
  });

  test.each([
    ["Error: context deadline exceeded", "unreachable", "a majority"],
    ["Error: etcdserver: no leader", "unreachable", "electing"],
    ["Error: etcdserver: re-configuration failed due to not enough started members", "refused", "add or start others"],
    ['exec: "etcdctl": executable file not found in $PATH', "refused", "kubeadm"],
    ["", "unreachable", "it ended with 1 and said nothing"],
  ])("%j becomes %s, and says what to do", async (stderr, kind, words) => {
    await expect(scripted(failed(stderr)).port.etcdMembers("one")).rejects.toMatchObject({ name: "KubernetesError", kind, message: expect.stringContaining(words) });
  });

  test.each([
    [403, "forbidden"],
    [404, "unreachable"],
    [500, "unreachable"],
    [503, "unreachable"],
  ])("a refusal with %i before anything ran is %s", async (status, kind) => {
    await expect(scripted({ refused: { status, headers: {}, body: JSON.stringify({ kind: "Status", message: "the reason why" }) } }).port.etcdMembers("one")).rejects.toMatchObject({ kind, message: expect.stringContaining("the reason why") });
  });

  test("what etcdctl prints is not taken for members when it is something else", async () => {
    for (const text of ["", "no JSON", '{"members":[{"ID":"x"}]}']) await expect(scripted(printed(text)).port.etcdMembers("one")).rejects.toMatchObject({ kind: "refused", message: expect.stringContaining("not what is known of it") });
  });

  test("neither keys nor what came in stands in an error or a log", async () => {
    const text = await scripted(printed("SECRET"))
      .port.etcdMembers("one")
      .catch((error: Error) => `${error.message} ${error.stack}`);
    const down = await scripted(Object.assign(new Error("x"), { code: "ECONNREFUSED" }))
      .port.etcdMembers("one")
      .catch((error: Error) => error.message);
    expect(down).toContain("etcdctl in etcd-one by https://127.80.0.3:6443: no answer (ECONNREFUSED)");
    expect([text, down, ...logged].join("\n")).not.toMatch(/SECRET|KEY/);
  });
});
