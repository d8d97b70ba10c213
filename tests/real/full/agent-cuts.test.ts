/**
 * The plug is pulled and the agent killed in the middle of kubeadm init and of an upgrade, on machines that boot: the same `up` goes on
 * to its end. Every other place to be cut off at is tried in tests/node/agent/, where a boot takes no time.
 */
import { rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { oneAndOne, RealCluster, registry } from "../agent/cluster";
import { isosFolder, missingIsos } from "../agent/isos";
import { runScript } from "../world/inside";
import { leavings } from "../world/leavings";
import { lacking, RealMold, until } from "../world/mold";

const [version, next] = ["1.34.2", "1.35.4"];
const why = [...lacking, ...missingIsos([version, next])];
if (why.length > 0) console.warn(`the agent cut off on real machines is skipped: ${why.join("; ")}`);

(why.length > 0 ? describe.skip : describe)("the node agent, cut off on real machines", () => {
  const isos = why.length > 0 ? "" : isosFolder([version, next]);
  const mold = new RealMold(5, ["--isos", isos]);
  const cluster = new RealCluster(mold, oneAndOne("cuts", version, "by night"));
  const [first, worker] = ["cuts-control-1", "cuts-worker-1"];
  const ids = new Map<string, string>();
  const machine = async (name: string): Promise<string> => {
    for (;;) {
      const { virtualmachine = [] } = (await mold.call("listVirtualMachines")) as { virtualmachine?: { name: string; id: string }[] };
      const id = virtualmachine.find((each) => each.name === name)?.id;
      if (id !== undefined) ids.set(name, id);
      if (id !== undefined && mold.init(id) !== undefined) return id;
      await wait(500);
    }
  };
  const inside = (name: string, text: string, ...args: string[]): string => runScript(mold.init(ids.get(name)!), text, args);
  const kubectl = (text: string): string => inside(first, `export KUBECONFIG=/etc/kubernetes/admin.conf PATH=/usr/local/bin:$PATH\n${text}`);
  // By way of stdin: as an argument the condition would be among the processes that it looks for.
  const isSo = (name: string, condition: string): boolean => {
    try {
      return inside(name, `if { ${condition}; } >/dev/null 2>&1; then echo yes; fi`) === "yes";
    } catch {
      return false; // It is off.
    }
  };
  const at = (name: string, condition: string): Promise<void> => until(`on ${name}: ${condition}`, () => isSo(name, condition), 300_000);
  const kill = (name: string): string => inside(name, "systemctl kill --signal KILL ablestack-kubernetes-agent");
  const pull = async (name: string): Promise<void> => {
    await mold.call("stopVirtualMachine", { id: ids.get(name)!, forced: "true" });
    await mold.call("startVirtualMachine", { id: ids.get(name)! });
  };
  const pulls = (): void => {
    inside(worker, `systemctl is-active --quiet registry || {\n${registry}\n}`, "builder", "by night");
    kubectl(`kubectl run pulled --image=127.0.0.1:5000/team/pause:1 --image-pull-policy=Always --restart=Never --overrides='{"spec":{"nodeName":"${worker}","hostNetwork":true}}'; kubectl wait --for=jsonpath='{.status.phase}'=Running --timeout=60s pod/pulled; kubectl delete pod pulled --now`);
  };

  beforeAll(() => mold.start(), 60_000);
  afterAll(async () => {
    await mold.end();
    rmSync(isos, { recursive: true });
    expect(leavings(mold.machines)).toEqual([]);
  }, 120_000);

  test("a create whose first machine loses power while its images load, and again when kubeadm init has started etcd", async () => {
    const created = cluster.create();
    const cut = (async (): Promise<void> => {
      await machine(first);
      await at(first, "pgrep -f 'images import'");
      await pull(first);
      await at(first, "pgrep -f 'kubeadm init' && [ -d /var/lib/etcd/member ]");
      await pull(first);
      await at(first, "pgrep -f 'kubeadm init'");
      kill(first);
    })();
    await Promise.all([created, cut]);
    await machine(worker);
    expect((await cluster.ready()).sort()).toEqual([first, worker]);
    expect((await cluster.kubernetes.etcdMembers(first)).map(({ name }) => name)).toEqual([first]);
    kubectl("kubectl create configmap kept --from-literal=what=this");
    pulls();
  }, 400_000);

  test("an upgrade whose control plane loses power within kubeadm upgrade, and whose agents are killed, goes on to its end; the registry's password is still there", async () => {
    const upgraded = cluster.up({ version: next });
    const cut = (async (): Promise<void> => {
      await at(first, "pgrep -f 'kubeadm upgrade apply' && grep -q 'etcd' /var/lib/ablestack-kubernetes/kubeadm.log");
      await pull(first);
      await at(first, "pgrep -f 'kubeadm upgrade apply'");
      kill(first);
      await at(worker, "pgrep -f 'kubeadm upgrade node'");
      kill(worker);
    })();
    await Promise.all([upgraded, cut]);
    expect((await cluster.kubernetes.nodes()).map(({ name, ready, version: runs }) => [name, ready, runs]).sort()).toEqual([[first, true, next], [worker, true, next]]);
    expect(kubectl("kubectl get configmap kept -o jsonpath='{.data.what}'")).toBe("this");
    expect(inside(first, "ls /etc/kubernetes/tmp 2>/dev/null || true")).toBe("");
    pulls();
  }, 900_000);
});
