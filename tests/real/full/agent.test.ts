/** The node agent on machines that boot, with real kubeadm, etcd and kubelets. Linux and root; the ISOs have to be built already. */
import { rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { machineUserData, encodeUserData, decodeUserData } from "../../../provider/node/user-data";
import { newBootstrapToken } from "../../../provider/kubernetes/bootstrap-token";
import { randomBytes } from "node:crypto";
import { oneAndOne, RealCluster, registry } from "../agent/cluster";
import { isosFolder, missingIsos } from "../agent/isos";
import { runScript } from "../world/inside";
import { leavings } from "../world/leavings";
import { lacking, RealMold, until } from "../world/mold";
import { kubeletClient, redateControlPlane, redateWorker } from "../world/redate";

const [version, other] = ["1.34.2", "1.35.4"];
const why = [...lacking, ...missingIsos([version, other])];
if (why.length > 0) console.warn(`the agent on real machines is skipped: ${why.join("; ")}`);

const year = 365 * 86_400;
const now = (): number => Math.floor(Date.now() / 1000);

(why.length > 0 ? describe.skip : describe)("the node agent on real machines", () => {
  const isos = why.length > 0 ? "" : isosFolder([version, other]);
  const mold = new RealMold(4, ["--isos", isos]);
  // What a shell, YAML and JSON each would read in their own way.
  const password = `q7Zk2 '"$(x)\\ ö: #`;
  const cluster = new RealCluster(mold, oneAndOne("real", version, password));
  const ids = new Map<string, string>();
  const [first, worker, late] = ["real-control-1", "real-worker-1", "real-late"];
  const inside = (name: string, text: string, ...args: string[]): string => runScript(mold.init(ids.get(name)!), text, args);
  const journal = (name: string): string => inside(name, "journalctl --boot --no-pager --output=cat --unit ablestack-kubernetes-agent");
  const kubectl = (text: string): string => inside(first, `export KUBECONFIG=/etc/kubernetes/admin.conf PATH=/usr/local/bin:$PATH\n${text}`);
  const areReady = async (...names: string[]): Promise<void> => {
    for (const deadline = Date.now() + 180_000; ; await wait(1000)) {
      const ready = await cluster.ready();
      if (names.every((name) => ready.includes(name))) return;
      if (Date.now() > deadline) throw new Error(`not Ready: ${names.join(", ")}; ${ready.join(", ")} are`);
    }
  };
  /** Files of a machine that hold the text, memory file systems aside. */
  const holding = (name: string, text: string): string[] =>
    inside(name, `grep -rIlF --exclude-dir={proc,sys,dev,containerd,overlay2} -e "$1" /etc /root /home /opt /srv /tmp /usr/local/lib /var /run/cloud-init /run/ablestack-kubernetes 2>/dev/null || true`, text)
      .split("\n")
      .filter((path) => path !== "");
  const endOf = (name: string, file: string): number => Number(inside(name, `date -d "$(openssl x509 -noout -enddate -in ${file} | cut -d= -f2)" +%s`));

  beforeAll(async () => {
    await mold.start();
    await cluster.create();
    for (const { name, id } of (await mold.call("listVirtualMachines")).virtualmachine as { name: string; id: string }[]) ids.set(name, id);
  }, 300_000);
  afterAll(async () => {
    await mold.end();
    rmSync(isos, { recursive: true });
    expect(leavings(mold.machines)).toEqual([]);
  }, 120_000);

  test("a join leaves no token on any disk, in any journal or in Mold, and a worker without any of the CA's keys", async () => {
    await areReady(first, worker);
    expect(cluster.tokens.size).toBe(1);
    for (const token of cluster.tokens) {
      for (const name of [first, worker]) {
        expect(holding(name, token)).toEqual([]);
        expect(inside(name, "journalctl --no-pager")).not.toContain(token);
        const { userdata } = (await mold.call("getVirtualMachineUserData", { virtualmachineid: ids.get(name)! })).virtualmachineuserdata as { userdata: string };
        expect(decodeUserData(userdata)).not.toContain(token);
      }
    }
    // A public key of the kubelet's own aside.
    expect(holding(worker, "PRIVATE KEY").filter((path) => !/^\/etc\/ssh\/|^\/var\/lib\/kubelet\/pki\/kubelet/.test(path))).toEqual([]);
    expect(holding(first, "PRIVATE KEY").filter((path) => !/^\/etc\/(ssh|kubernetes\/pki)\/|^\/var\/lib\/kubelet\/pki\/kubelet/.test(path))).toEqual([]);
    expect(kubectl("kubectl -n kube-system get secrets -o name | grep bootstrap-token || true")).toBe("");
  });

  test("the password of a private registry reaches containerd with each pull, and shows nowhere", async () => {
    inside(worker, registry, "builder", password);
    await until("the registry answers", () => inside(worker, "curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:5000/v2/ || true") === "401");
    kubectl(`kubectl run pulled --image=127.0.0.1:5000/team/pause:1 --image-pull-policy=Always --overrides='{"spec":{"nodeName":"${worker}","hostNetwork":true}}'`);
    await until("it runs", () => kubectl("kubectl get pod pulled -o jsonpath='{.status.phase}'") === "Running");
    // By its beginning, which nobody escapes.
    expect(inside(worker, "journalctl --no-pager; ps -eo args")).not.toContain("q7Zk2");
    expect(holding(worker, "q7Zk2").filter((path) => !path.startsWith("/etc/ablestack-kubernetes/registry/"))).toEqual([]);
    expect(inside(worker, "stat -c %a /etc/ablestack-kubernetes/registry/response.json")).toBe("600");
    kubectl("kubectl delete pod pulled --now");
  });

  test("certificates that end soon are renewed, the static pods run with them, and the Node says until when", async () => {
    const soon = now() + 5 * 3600;
    redateControlPlane(inside, first, soon);
    const uids = (): string => kubectl("kubectl -n kube-system get pods -l tier=control-plane -o jsonpath='{range .items[*]}{.status.containerStatuses[0].containerID}{\"\\n\"}{end}' | sort");
    const before = uids();
    inside(first, "systemctl restart ablestack-kubernetes-agent");
    await until("they are renewed", () => journal(first).includes("certificates: renewed, until "), 180_000);
    await areReady(first, worker);
    for (const file of ["apiserver", "apiserver-etcd-client", "front-proxy-client", "etcd/server", "etcd/peer"]) expect(endOf(first, `/etc/kubernetes/pki/${file}.crt`)).toBeGreaterThan(now() + year - 7200);
    const served = Number(inside(first, `date -d "$(openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null | openssl x509 -noout -enddate | cut -d= -f2)" +%s`));
    expect(served).toBeGreaterThan(soon);
    await until("their pods are other containers", () => uids().split("\n").filter((id) => !before.includes(id)).length === 4);
    const { annotations } = (await cluster.kubernetes.nodes()).find(({ name }) => name === first)!;
    expect(Date.parse(annotations["ablestack.io/certificates-end"]!) / 1000).toBeGreaterThan(soon);
  }, 240_000);

  test("a cluster that was stopped past the end of all its certificates is back after the next up, with what etcd held", async () => {
    kubectl("kubectl create configmap kept --from-literal=what=this");
    const end = now() + 45;
    redateWorker(inside, first, worker, end);
    const said = async (): Promise<string> => (await cluster.kubernetes.nodes()).find(({ name }) => name === worker)!.annotations["ablestack.io/certificates-end"]!;
    for (const deadline = Date.now() + 30_000; Date.parse(await said()) !== end * 1000; await wait(500)) if (Date.now() > deadline) throw new Error(`the worker says ${await said()}`);
    redateControlPlane(inside, first, end, { kubelet: true });
    await cluster.up({ powerState: "stopped" });
    await wait(Math.max(0, (end + 2 - now()) * 1000));
    cluster.tokens.clear();
    await cluster.up();
    await areReady(first, worker);
    expect(journal(first)).toContain("certificates: the kubelet has a new certificate");
    // It looks every three seconds whether the kubelet has one.
    await until("the worker's agent is done", () => /certificates: the kubelet's certificate ended on .*, asking for another one\ncertificates: the kubelet has a new certificate/.test(journal(worker)));
    for (const name of [first, worker]) expect(endOf(name, kubeletClient)).toBeGreaterThan(now() + 86_400);
    expect(kubectl("kubectl get configmap kept -o jsonpath='{.data.what}'")).toBe("this");
    expect(inside(worker, "ls /etc/kubernetes/bootstrap-kubelet.conf 2>/dev/null || true")).toBe("");
    // Its name is not known here: what it looks like is.
    expect(inside(worker, "grep -rIlE 'token: ?\"?[a-z0-9]{6}\\.[a-z0-9]{16}' /etc/kubernetes /etc/ablestack-kubernetes /var/lib/cloud /run/cloud-init /var/log 2>/dev/null || true")).toBe("");
    expect(kubectl("kubectl -n kube-system get secrets -o name | grep bootstrap-token || true")).toBe("");
  }, 300_000);

  test("a join through all that can go wrong: wrong ISO, no room, containerd restarted, agent killed, plug pulled, a token that is not there yet, an API that hangs", async () => {
    const token = newBootstrapToken(randomBytes);
    const data = machineUserData({ nodeName: late, role: "worker", action: "join", kubernetesVersion: version, clusterUid: "k3x9abcdef02", endpoint: `${cluster.address}:6443`, token, podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12", joinTimeoutSeconds: 900, certificates: { caCertificate: cluster.caCertificate } });
    const zone = await mold.first("listZones", { name: "zone-1" });
    const template = await mold.first("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
    const offering = await mold.first("listServiceOfferings", { name: "k8s-2c-2g" });
    const id = (await mold.call("deployVirtualMachine", { zoneid: zone.id as string, templateid: template.id as string, serviceofferingid: offering.id as string, networkids: cluster.networkId, name: late, userdata: encodeUserData(data) })).id as string;
    ids.set(late, id);
    const shows = (text: string): Promise<void> => until(`the console of ${late} shows: ${text}`, () => mold.console(id).includes(text), 120_000);
    const iso = async (which: string): Promise<string> => (await mold.first("listIsos", { name: `v${which}-Kubernetes-Binaries-ISO` })).id as string;
    await shows("iso waits: none is attached");
    await mold.call("attachIso", { id: await iso(other), virtualmachineid: id });
    await shows(`iso waits: it holds v${other}, want v${version}`);
    // A disk that is too small: the machine's own is the host's, and nobody fills that.
    inside(late, "systemctl stop containerd; mount -t tmpfs -o size=64m none /var/lib/containerd; systemctl start containerd");
    await mold.call("detachIso", { virtualmachineid: id });
    await mold.call("attachIso", { id: await iso(version), virtualmachineid: id });
    await shows("iso waits: no room on this disk: ");
    expect(inside(late, "ls /usr/local/bin/kubeadm 2>/dev/null || true")).toBe("");
    inside(late, "systemctl stop containerd; umount /var/lib/containerd; systemctl start containerd");
    await until("images are being loaded", () => inside(late, "pgrep -fc 'images import' || true") !== "0", 60_000);
    inside(late, "systemctl restart containerd");
    await until("images are being loaded again", () => inside(late, "pgrep -fc 'images import' || true") !== "0", 60_000);
    inside(late, "systemctl kill --signal KILL ablestack-kubernetes-agent");
    await until("and again", () => inside(late, "pgrep -fc 'images import' || true") !== "0", 60_000);
    await mold.call("stopVirtualMachine", { id, forced: "true" });
    await mold.call("startVirtualMachine", { id });
    await shows("join waits: kubeadm join: ");
    expect(mold.console(id)).not.toContain(token);
    inside(first, "pkill -STOP -x kube-apiserver; sleep 15; pkill -CONT -x kube-apiserver");
    // What the core does in every run for machines that have not joined: their token counts anew.
    for (const deadline = Date.now() + 60_000; ; await wait(1000)) {
      const published = await cluster.kubernetes.putBootstrapToken(token, new Date(Date.now() + 600_000)).then(() => true, () => false);
      if (published) break;
      if (Date.now() > deadline) throw new Error("the API does not answer after it hung");
    }
    await areReady(late);
    await until("what it joined with is gone", () => holding(late, token).length === 0, 60_000);
    expect(journal(late)).not.toContain(token);
    await cluster.kubernetes.deleteBootstrapToken(token);
  }, 300_000);
});
