/** Certificates: renewed in time, one control plane at a time; and mended when they ended while the machine was off. */
import { controlPlane, worker } from "../bootstraps";
import type { NodeBootstrap } from "../../../provider/node/spec";
import { Machine, type Run } from "./machine";

jest.setTimeout(1_200_000);

const machines: Machine[] = [];
afterEach(() => machines.splice(0).forEach((machine) => machine.remove()));

const day = 86_400;
/** An hour of the day that is that of the node whose name ends in 1. */
const now = 2_000_000_000 - (2_000_000_000 % day) + 3600;
const certificate = (end: number): string => `ends ${end}\n`;
const nextYear = certificate(now + 365 * day);
const kubelet = "var/lib/kubelet/pki/kubelet-client-current.pem";

/** A node that has joined, whose certificates end when they are told to. */
async function node(spec: NodeBootstrap, ends: { kubeadm?: number; kubelet?: number; server?: number } = {}): Promise<Machine> {
  const made = new Machine(spec);
  machines.push(made);
  await made.boot();
  made.set("calls", "");
  made.unset("answers");
  made.set("now", String(now));
  made.set("renewed", nextYear);
  const { kubeadm = 365 * day, kubelet: client = 365 * day, server = 365 * day } = ends;
  if (spec.role === "control-plane") {
    for (const name of ["apiserver", "etcd/server"]) made.write(`/etc/kubernetes/pki/${name}.crt`, certificate(now + kubeadm));
    made.write("/etc/kubernetes/admin.conf", `    client-certificate-data: ${Buffer.from(certificate(now + kubeadm)).toString("base64")}\n`);
  }
  made.write("/etc/kubernetes/kubelet.conf", "    server: https://127.80.0.3:6443\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n");
  made.write(`/${kubelet}`, certificate(now + client));
  made.write("/var/lib/kubelet/pki/kubelet.crt", certificate(now + server));
  made.write("/var/lib/kubelet/pki/kubelet.key", "key\n");
  return made;
}
const stopped = (run: Run): void => expect(run).toMatchObject({ signal: "SIGTERM", code: null, journal: run.signal === "SIGTERM" ? run.journal : "" });
const renewals = (of: Machine): number => of.calls("kubeadm").filter((call) => call.startsWith("kubeadm certs renew")).length;
const said = (of: Machine): string => of.fact("annotation-certificates-end").replace("ablestack.io/certificates-end=", "");
const answers = (of: Machine): string[] => of.fact("answers").split("\n").map((line) => line.replace("ablestack.io/agent=", "")).filter((line) => line !== "");
const pods = ["etcd-1", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

it("says on its Node when the first of its certificates ends", async () => {
  const first = await node(await controlPlane(), { kubeadm: 200 * day, kubelet: 100 * day });
  stopped(await first.boot());
  expect(said(first)).toBe(new Date((now + 100 * day) * 1000).toISOString().replace(".000", ""));
  expect([renewals(first), first.fact("ended")]).toEqual([0, ""]);
});

describe("a control plane whose certificates end within 30 days", () => {
  it("renews them, restarts its static pods one after another, and needs the API for none of it", async () => {
    const first = await node(await controlPlane(), { kubeadm: 29 * day });
    const run = await first.boot();
    stopped(run);
    expect(first.calls("kubeadm").filter((call) => call.startsWith("kubeadm certs"))).toEqual([expect.stringMatching(/^kubeadm certs renew all --config \S+\/cluster\.yaml$/)]);
    expect(first.read("etc/kubernetes/pki/apiserver.crt")).toBe(nextYear);
    expect(first.fact("ended").split("\n")).toEqual(pods);
    expect(run.journal).toContain(`certificates: renewed, until ${new Date((now + 365 * day) * 1000).toISOString().slice(0, 10)}`);
    expect([said(first), answers(first)]).toEqual([new Date((now + 365 * day) * 1000).toISOString().replace(".000", ""), []]);
    first.set("calls", "");
    stopped(await first.boot());
    expect(renewals(first)).toBe(0);
  });

  it("waits for the hour of the day that is its own: no two restart etcd or the API server at a time", async () => {
    const hours = new Map<string, number[]>();
    for (const name of ["prod-control-1", "prod-control-2", "prod-control-3"]) {
      const one = await node(await controlPlane({ nodeName: name }), { kubeadm: 20 * day });
      for (let hour = 0; hour < 24; hour += 1) {
        one.set("now", String(now - (now % day) + hour * 3600));
        if (hour > 4) continue; // Each boot takes a moment; none of the three has an hour after these.
        one.unset("ended");
        one.set("calls", "");
        for (const file of ["apiserver", "etcd/server"]) one.write(`/etc/kubernetes/pki/${file}.crt`, certificate(now + 20 * day));
        stopped(await one.boot());
        if (renewals(one) > 0) hours.set(name, [...(hours.get(name) ?? []), hour]);
      }
    }
    expect([...hours]).toEqual([["prod-control-1", [1]], ["prod-control-2", [2]], ["prod-control-3", [3]]]);
  });

  it("leaves etcd alone while another member is away", async () => {
    const first = await node(await controlPlane(), { kubeadm: 20 * day });
    first.set("etcd", "broken");
    stopped(await first.boot());
    expect([renewals(first), first.fact("ended")]).toEqual([0, ""]);
  });

  it("with less than two days left waits for a quarter of an hour that is its own, one in every two hours", async () => {
    const quarters = new Map<string, number[]>();
    for (const name of ["prod-control-1", "prod-control-2", "prod-control-3"]) {
      const one = await node(await controlPlane({ nodeName: name }), { kubeadm: day });
      for (let quarter = 0; quarter < 4; quarter += 1) {
        one.set("now", String(now - (now % day) + quarter * 900));
        one.unset("ended");
        one.set("calls", "");
        for (const file of ["apiserver", "etcd/server"]) one.write(`/etc/kubernetes/pki/${file}.crt`, certificate(now + day));
        stopped(await one.boot());
        if (renewals(one) > 0) quarters.set(name, [...(quarters.get(name) ?? []), quarter]);
      }
    }
    expect([...quarters]).toEqual([["prod-control-1", [1]], ["prod-control-2", [2]], ["prod-control-3", [3]]]);
  });

  it("waits for nobody when less than six hours are left", async () => {
    const second = await node(await controlPlane({ nodeName: "prod-control-2" }), { kubeadm: 5 * 3600 });
    second.set("etcd", "broken");
    stopped(await second.boot());
    expect(renewals(second)).toBe(1);
  });

  it.each([["", "joined 1.35.4"], [", an order being there that it has carried out", "upgraded 1.35.4"]])("says on the Node why it could not, beside its other answer, until it could%s", async (ordered, answer) => {
    const first = await node(await controlPlane(), { kubeadm: 3600 });
    if (ordered !== "") first.order("1.35.4", "first");
    first.set("kubeadm-fails", "no space left on device\n");
    first.set("polls", "3");
    stopped(await first.boot());
    const failure = "ablestack.io/certificates=certificates failed: kubeadm certs: no space left on device";
    expect([first.fact("annotation-certificates"), first.fact("annotation")]).toEqual([failure, `ablestack.io/agent=${answer}`]);
    first.unset("kubeadm-fails");
    stopped(await first.boot());
    expect([first.fact("annotation-certificates"), first.fact("annotation"), renewals(first)]).toEqual(["", `ablestack.io/agent=${answer}`, 2]);
  });

  it("that could not be renewed are said to be so in all the hours of the day", async () => {
    const first = await node(await controlPlane(), { kubeadm: 20 * day });
    first.set("kubeadm-fails", "no space left on device\n");
    stopped(await first.boot());
    const failure = first.fact("annotation-certificates");
    first.set("now", String(now + 5 * 3600));
    stopped(await first.boot());
    expect([failure, first.fact("annotation-certificates")]).toEqual([expect.stringContaining("no space left"), failure]);
  });
});

it.each([["a control plane", () => controlPlane()], ["a worker", () => worker()]] as const)("the self-signed certificate of %s's kubelet is made anew when 30 days are left", async (_, spec) => {
  const one = await node(await spec(), { server: 29 * day });
  stopped(await one.boot());
  expect([one.has("var/lib/kubelet/pki/kubelet.crt"), one.has("var/lib/kubelet/pki/kubelet.key"), one.has("var/lib/kubelet/pki/kubelet.crt.old")]).toEqual([false, false, false]);
  expect(one.calls("systemctl").filter((call) => call === "systemctl restart kubelet")).toHaveLength(1);
});

describe("certificates that ended while the machine was off", () => {
  it("are made anew by a control plane before anything else, its kubelet's too", async () => {
    const first = await node(await controlPlane(), { kubeadm: -day, kubelet: -day });
    first.set("endpoint", "nobody");
    const run = await first.boot();
    stopped(run);
    expect(run.journal.trim().split("\n")[0]).toBe("certificates: the kubelet has a new certificate");
    expect(first.read(kubelet)).toBe(`${nextYear}its key\n`);
    expect(first.read("etc/kubernetes/kubelet.conf")).toContain("client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem");
    expect(first.calls("kubeadm").find((call) => call.startsWith("kubeadm kubeconfig"))).toMatch(/ --client-name system:node:prod-control-1 --org system:nodes$/);
    expect(first.tree()["var/lib/kubelet/pki/kubelet-client-current.pem"]).toMatch(/^600 /);
    expect(renewals(first)).toBe(1);
  });

  it("of a worker: it says so, and waits for the core to let it in again", async () => {
    const one = await node(await worker(), { kubelet: -day });
    stopped(await one.boot());
    expect(one.read("dev/console")).toContain(`prod-worker-1: certificates failed: the kubelet's ended on ${new Date((now - day) * 1000).toISOString().slice(0, 10)}. The next run of the cluster's program lets this machine in again`);
    expect(one.calls("systemctl")).not.toContain("systemctl restart kubelet");
  });

  it("of a worker that the core lets in again: the kubelet gets another one, and the way in is gone at once", async () => {
    const one = await node(await worker(), { kubelet: -day });
    await one.boot();
    one.write("/etc/kubernetes/bootstrap-kubelet.conf", "token: abcdef.0123456789abcdef\n");
    one.set("lets-in", nextYear);
    stopped(await one.boot());
    expect(one.read(kubelet)).toBe(nextYear);
    expect(one.holding("abcdef.0123456789abcdef")).toEqual([]);
    expect([one.fact("annotation"), one.fact("annotation-certificates"), said(one)]).toEqual(["ablestack.io/agent=joined 1.35.4", "", new Date((now + 365 * day) * 1000).toISOString().replace(".000", "")]);
  });
});

describe("a power cut before any stage of", () => {
  it.each([
    ["a renewal", { kubeadm: 20 * day }],
    ["mending what has ended", { kubeadm: -day, kubelet: -day }],
  ])("%s ends in the same machine, its pods restarted", async (_, ends) => {
    const undisturbed = await node(await controlPlane(), ends);
    stopped(await undisturbed.boot());
    const stages = undisturbed.fact("calls").split("\n").filter((line) => line.startsWith("  ")).length;
    expect(stages).toBeGreaterThan(5);
    for (let stage = 1; stage <= stages; stage++) {
      const cut = await node(await controlPlane(), ends);
      expect((await cut.boot({ beforeStage: stage, loses: true })).signal).toBe("SIGKILL");
      stopped(await cut.boot());
      const { [kubelet]: current, ...rest } = withoutDates(cut);
      const { [kubelet]: wanted, ...others } = withoutDates(undisturbed);
      expect([current, rest]).toEqual([wanted, others]);
      expect([...new Set(cut.fact("ended").split("\n"))].sort()).toEqual([...pods].sort());
      expect(cut.has("var/lib/ablestack-kubernetes/renewing")).toBe(false);
      cut.remove();
    }
  });
});

/** The kubelet's certificates carry in their names when they were made; and a reboot starts it too. */
function withoutDates(of: Machine): Record<string, string> {
  return Object.fromEntries(Object.entries(of.tree()).filter(([path]) => !/kubelet-client-\d|kubelet-runs/.test(path)));
}
