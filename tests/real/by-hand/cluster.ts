/**
 * Three control planes and two workers by hand: what somebody does who calls Mold's API and then runs kubeadm on every machine (node.sh). Machines are made
 * together, prepare themselves together, and joins are tried until they are let in: as quick as it gets by hand.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { newBootstrapToken } from "../../../provider/kubernetes/bootstrap-token";
import type { Item } from "../../emulator/test-client";
import { entering } from "../world/inside";
import { until, type RealMold } from "../world/mold";

const script = readFileSync(join(__dirname, "node.sh"), "utf8");
const names = { init: ["hand-control-1"], "control-plane": ["hand-control-2", "hand-control-3"], worker: ["hand-worker-1", "hand-worker-2"] } as const;
const kubectl = ["/usr/local/bin/kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"];

/** Resolves, when every node is Ready, with how long that took in seconds. */
export async function clusterByHand(mold: RealMold, version: string): Promise<number> {
  const begun = Date.now();
  const network = await mold.network("by-hand");
  const address = (await mold.call("associateIpAddress", { networkid: network })).ipaddress as { id: string; ipaddress: string };
  const endpoint = `${address.ipaddress}:6443`;
  const rule = (await mold.call("createLoadBalancerRule", { publicipid: address.id, name: "api", algorithm: "roundrobin", publicport: "6443", privateport: "6443", openfirewall: "false" })).id as string;
  const open = mold.call("createFirewallRule", { ipaddressid: address.id, protocol: "tcp", startport: "6443", endport: "6443", cidrlist: "0.0.0.0/0" });
  const iso = ((await mold.first("listKubernetesSupportedVersions", { keyword: version })) as Item).isoid as string;
  const [token, key] = [newBootstrapToken(randomBytes), randomBytes(32).toString("hex")];

  const one = async (action: keyof typeof names, name: string): Promise<string> => {
    const id = await mold.deploy(network, name, "#cloud-config\n{}\n", "k8s-2c-4g");
    await mold.call("attachIso", { id: iso, virtualmachineid: id });
    if (action !== "worker") await inTurn(() => mold.call("assignToLoadBalancerRule", { id: rule, virtualmachineids: id }));
    await until(`${name} boots`, () => mold.inside(id, "systemctl", "is-active", "containerd") === "active", 120_000);
    await run(mold.init(id)!, [action, version, endpoint, token, key, name]);
    return id;
  };
  const [first] = await Promise.all([...(Object.entries(names) as [keyof typeof names, readonly string[]][]).flatMap(([action, all]) => all.map((name) => one(action, name))), open]);
  for (;;) {
    const ready = mold.inside(first as string, ...kubectl, "get", "nodes", "-o", 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}');
    if (ready?.split("\n").filter((status) => status === "True").length === 5) return (Date.now() - begun) / 1000;
    await wait(500);
  }
}

let last: Promise<unknown> = Promise.resolve();
/** Mold changes one balancer rule at a time. */
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
};

function run(init: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const child = spawn(...entering(init, ["bash", "-s", "--", ...args]), { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (said += data.toString()));
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${args.at(-1)} ended with ${code}: ${said.slice(-2000)}`))));
    child.stdin.end(script);
  });
}
