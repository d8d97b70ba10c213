/** The agent after the join: an order on its own Node, carried out in place. */
import { controlPlane, worker } from "../bootstraps";
import type { NodeBootstrap } from "../../../provider/node/spec";
import { Machine, type Run } from "./machine";

jest.setTimeout(1_200_000);

const machines: Machine[] = [];
afterEach(() => machines.splice(0).forEach((machine) => machine.remove()));

/** A node of 1.34.2 with the ISO of 1.35.4 in its drive. */
async function node(spec: NodeBootstrap): Promise<Machine> {
  const made = new Machine({ ...spec, kubernetesVersion: "1.34.2" }, "1.34.2");
  machines.push(made);
  await made.boot();
  made.set("calls", "");
  made.unset("answers", "applied");
  made.set("configured", "1.34.2");
  made.iso("new", "1.35.4", "new image");
  made.attach("new");
  return made;
}
const leader = async (): Promise<Machine> => {
  const made = await node(await controlPlane());
  made.order("1.35.4", "first");
  return made;
};
const follower = async (spec: NodeBootstrap): Promise<Machine> => {
  const made = await node(spec);
  made.set("configured", "1.35.4");
  made.order("1.35.4");
  return made;
};
const stopped = (run: Run): void => expect(run.signal).toBe("SIGTERM");
const answers = (of: Machine): string[] => of.fact("answers").split("\n").map((line) => line.replace("ablestack.io/agent=", ""));
const upgrades = (of: Machine): string[] => of.calls("kubeadm").filter((call) => call.startsWith("kubeadm upgrade"));
const isUpgraded = (of: Machine): void => {
  expect(answers(of).at(-1)).toBe("upgraded 1.35.4");
  expect(of.read("var/lib/kubelet-runs").trim()).toBe("Kubernetes v1.35.4");
  expect(of.read("var/lib/kubelet-flags").trim()).toBe("v1.35.4");
  for (const binary of ["kubeadm", "kubelet", "kubectl"]) expect(of.read(`usr/local/bin/${binary}`)).toContain("echo v1.35.4");
  expect(of.has("run/ablestack-kubernetes/iso/.mounted")).toBe(false);
  expect(of.holding("secret").filter((path) => path.startsWith("etc/kubernetes/tmp"))).toEqual([]);
};

describe("an order", () => {
  it("to the first control plane takes the cluster to the version, and the network with it", async () => {
    const first = await leader();
    const run = await first.boot();
    stopped(run);
    isUpgraded(first);
    expect(upgrades(first)).toEqual([expect.stringMatching(/^kubeadm upgrade apply v1\.35\.4 --yes --patches \S+\/patches$/)]);
    expect(answers(first)).toEqual(["upgrading 1.35.4", "upgraded 1.35.4"]);
    expect(first.fact("applied")).toBe("kind: List");
    expect(first.fact("configured")).toBe("1.35.4");
    expect(first.read("etc/kubernetes/manifests/etcd.yaml")).toContain("v1.35.4");
    const journal = run.journal.slice(run.journal.indexOf("order:")).trim().split("\n");
    expect(journal.map((line) => line.split(":")[0])).toEqual(["order", "iso", "images", "kubeadm", "kubeadm", "binaries", "kubelet", "network", "node"]);
    expect(journal[0]).toBe("order: from 1.34.2 to 1.35.4 as first");
  });

  it.each([
    ["another control plane", () => controlPlane({ action: "join" })],
    ["a worker", () => worker()],
  ])("to %s follows what the first has done, and leaves the network alone", async (_, spec) => {
    const other = await follower(await spec());
    stopped(await other.boot());
    isUpgraded(other);
    expect(upgrades(other)).toEqual([expect.stringMatching(/^kubeadm upgrade node --patches \S+$/)]);
    expect(other.fact("applied")).toBe("");
  });

  it("that comes while the agent waits is taken up", async () => {
    const other = await follower(await worker());
    other.unset("wanted");
    other.set("polls", "3");
    other.set("on-poll", '#!/bin/sh\nprintf 1.35.4 >"$FAKE/wanted"\n', 0o755);
    stopped(await other.boot());
    isUpgraded(other);
  });

  it("is answered once and for all: neither the next question nor a reboot does anything again", async () => {
    const other = await follower(await worker());
    await other.boot();
    const before = other.tree();
    other.unset("answers");
    other.set("calls", "");
    other.detach();
    other.set("polls", "3");
    stopped(await other.boot());
    expect([upgrades(other), other.calls("mount"), other.fact("answers")]).toEqual([[], [], ""]);
    expect(other.fact("annotation")).toBe("ablestack.io/agent=upgraded 1.35.4");
    expect(other.tree()).toEqual(before);
  });

  it("to be what it is already is answered as done", async () => {
    const other = await node(await worker());
    other.order("1.34.2");
    stopped(await other.boot());
    expect([answers(other), upgrades(other)]).toEqual([["upgraded 1.34.2"], []]);
  });

  it("is answered again when the answer got lost", async () => {
    const other = await follower(await worker());
    await other.boot();
    other.unset("answers", "annotation");
    stopped(await other.boot());
    expect(answers(other)).toEqual(["upgraded 1.35.4"]);
  });

  it("is looked at soon again while its Node does not show the answer, and then as rarely as before", async () => {
    const other = await follower(await worker());
    other.set("polls", "4");
    stopped(await other.boot());
    const pauses = other.calls("sleep").map((call) => Number(call.split(" ")[1]));
    expect(pauses.slice(0, 3).map((seconds) => seconds < 3)).toEqual([true, false, false]);
  });

  it("is not taken from a Node that says nothing, nor while the API does not answer", async () => {
    const other = await node(await worker());
    other.set("polls", "2");
    stopped(await other.boot());
    other.order("1.35.4");
    other.set("endpoint", "nobody");
    other.set("polls", "2");
    const run = await other.boot();
    stopped(run);
    expect([other.calls("kubeadm"), other.calls("mount"), other.fact("answers")]).toEqual([[], [], ""]);
    expect(run.journal.trim().split("\n").at(-1)).toBe("node: done");
  });

  it("from one patch to another is one as well", async () => {
    const other = await node(await worker());
    other.iso("patch", "1.34.9");
    other.attach("patch");
    other.set("configured", "1.34.9");
    other.order("1.34.9");
    stopped(await other.boot());
    expect(answers(other).at(-1)).toBe("upgraded 1.34.9");
  });
});

describe("a node that is to prepare itself", () => {
  const preparations = (of: Machine): string[] => of.fact("preparations").split("\n").filter(Boolean);

  it("loads the images and says so, and nothing else of it changes; the order then finds them", async () => {
    const other = await node(await worker());
    other.prepare("1.35.4");
    other.set("polls", "3");
    const before = other.tree();
    stopped(await other.boot());
    expect([preparations(other), upgrades(other), other.fact("answers")]).toEqual([["1.35.4"], [], ""]);
    const { "var/lib/images": images, "var/lib/ablestack-kubernetes/images-1.35.4": mark, ...after } = other.tree();
    const { "var/lib/images": ___, ...as } = before;
    expect([images?.match(/new image/g)?.length, mark !== undefined]).toEqual([2, true]);
    expect(after).toEqual(as);
    other.set("configured", "1.35.4");
    other.order("1.35.4");
    stopped(await other.boot());
    isUpgraded(other);
    expect(other.read("var/lib/images").match(/new image/g)).toHaveLength(2);
  });

  it("loads them again where the kubelet has thrown them away since: no pod uses them yet, and the disk was rather full", async () => {
    const other = await node(await worker());
    other.prepare("1.35.4");
    stopped(await other.boot());
    other.set("collected", "");
    other.set("configured", "1.35.4");
    other.order("1.35.4");
    stopped(await other.boot());
    isUpgraded(other);
    const calls = other.fact("calls").split("\n").flatMap((call) => /^(?:ctr -n k8s\.io (images import) |(kubeadm upgrade) )/.exec(call)?.slice(1).find(Boolean) ?? []);
    expect(calls).toEqual([...Array<string>(4).fill("images import"), "kubeadm upgrade"]);
  });

  it.each([
    ["an older version", "1.34.1", "1.34.1 is older than 1.34.2"],
    ["a version two minors away", "1.36.3", "1.36.3 is more than one minor away from 1.34.2"],
    ["a command", "$(touch pwned)", "the wanted version is not of the form 1.35.4"],
    ["the version of no ISO here", "1.35.2", "wrong Kubernetes ISO: it holds v1.35.4, want v1.35.2"],
  ])("for %s refuses, and its other answer stays", async (_, version, reason) => {
    const other = await node(await worker());
    const before = other.fact("annotation");
    other.prepare(version);
    other.set("polls", "4");
    stopped(await other.boot());
    expect(preparations(other)).toEqual([`${version} refused: ${reason}`]);
    expect([other.fact("annotation"), upgrades(other)]).toEqual([before, []]);
  });

  it("says what failed, looks again when another disc comes, and says it again when that got lost", async () => {
    const other = await node(await worker());
    other.detach();
    other.prepare("1.35.4");
    other.set("polls", "4");
    other.set("on-poll", '#!/bin/sh\n[ "$(cat "$FAKE/polls")" -gt 2 ] || printf new >"$ABLESTACK_ROOT/dev/sr0"\n', 0o755);
    stopped(await other.boot());
    expect(preparations(other)).toEqual(["1.35.4 failed: no Kubernetes ISO: none is attached", "1.35.4"]);
    other.unset("prepared", "preparations", "on-poll");
    stopped(await other.boot());
    expect(preparations(other)).toEqual(["1.35.4"]);
  });
});

it("has a control plane's kubelet ask the others while its etcd is exchanged, and the one beside it again with its new kubelet", async () => {
  const [first, other] = [await leader(), await follower(await worker())];
  stopped(await first.boot());
  stopped(await other.boot());
  isUpgraded(first);
  const endpoint = /ENDPOINT=(\S+)/.exec(first.read("etc/ablestack-kubernetes/node.env"))![1]!.replaceAll("'", "");
  expect(first.fact("kubelet-asks").split("\n")).toEqual([`server: https://${endpoint}`, "server: https://10.1.1.10:6443"]);
  expect(other.fact("kubelet-asks").split("\n")).toEqual([`server: https://${endpoint}`]);
});

it.each([["until it has taken up its pods", 3, 4], ["and ten seconds at most, if it says that in other words", 100, 10]])("waits for a control plane's kubelet before etcd is exchanged, %s", async (_, taking, looks) => {
  const first = await leader();
  first.set("taking-up", String(taking));
  stopped(await first.boot());
  isUpgraded(first);
  const calls = first.fact("calls").split("\n").flatMap((call) => /^(journalctl|kubeadm upgrade) /.exec(call)?.[1] ?? []);
  expect(calls).toEqual([...new Array<string>(looks).fill("journalctl"), "kubeadm upgrade"]);
});

it("lets off kubeadm and the kubelet on cgroup v1, on workers too", async () => {
  const old = await follower(await worker());
  old.set("cgroup", "tmpfs");
  stopped(await old.boot());
  expect(upgrades(old)[0]).toMatch(/ --ignore-preflight-errors=SystemVerification$/);
  expect(old.read("etc/ablestack-kubernetes/patches/kubeletconfiguration+merge.yaml")).toBe("failCgroupV1: false\n");
});

describe("what is refused", () => {
  it.each([
    ["an older version", "1.34.1", "1.34.1 is older than 1.34.2"],
    ["an older minor", "1.33.9", "1.33.9 is older than 1.34.2"],
    ["a version two minors away", "1.36.3", "1.36.3 is more than one minor away from 1.34.2"],
    ["another major version", "2.35.4", "2.35.4 is more than one minor away from 1.34.2"],
    ["a version with a v", "v1.35.4", "the wanted version is not of the form 1.35.4"],
    ["part of a version", "1.35", "the wanted version is not of the form 1.35.4"],
    ["a version with more behind it", "1.35.4 --force", "the wanted version is not of the form 1.35.4"],
    ["a version with lines around it", "\n1.35.4\n", "the wanted version is not of the form 1.35.4"],
    ["a command", "$(touch pwned)", "the wanted version is not of the form 1.35.4"],
    ["the version of no ISO here", "1.35.2", "wrong Kubernetes ISO: it holds v1.35.4, want v1.35.2"],
  ])("%s is, on the node, once and without touching anything", async (_, wanted, reason) => {
    const other = await node(await worker());
    const before = other.tree();
    other.order(wanted);
    other.set("polls", "12");
    const run = await other.boot();
    stopped(run);
    expect(answers(other)).toEqual([`upgrade refused: ${reason}`]);
    expect(run.journal.match(/refused/g)).toHaveLength(1);
    expect(upgrades(other)).toEqual([]);
    const { "var/lib/ablestack-kubernetes/answer": ___, ...after } = other.tree();
    const { "var/lib/ablestack-kubernetes/answer": ____, ...as } = before;
    expect(after).toEqual(as);
  });

  it("a worker that is told to be the first is", async () => {
    const other = await follower(await worker());
    other.order("1.35.4", "first");
    stopped(await other.boot());
    expect(answers(other)).toEqual(["upgrade refused: a worker cannot be the first of an upgrade"]);
  });

  it.each([
    ["order", 'printf 1.35.4 >"$FAKE/wanted"'],
    ["disc", 'printf fitting >"$ABLESTACK_ROOT/dev/sr0"'],
  ])("is looked at again when the %s changes", async (what, change) => {
    const other = await follower(await worker());
    if (what === "order") other.order("1.36.3");
    else {
      other.iso("fitting", "1.35.4", "new image");
      other.attach("right");
    }
    other.set("polls", "6");
    other.set("on-poll", `#!/bin/sh\n[ "$(cat "$FAKE/polls")" -gt 2 ] || ${change}\n`, 0o755);
    stopped(await other.boot());
    isUpgraded(other);
    expect(answers(other)).toEqual([expect.stringMatching(/^upgrade refused: /), "upgrading 1.35.4", "upgraded 1.35.4"]);
  });

  it("a way back from what was begun is: part of the node may be newer already", async () => {
    const first = await leader();
    first.set("kubeadm-fails", "etcd does not answer\n");
    stopped(await first.boot());
    first.order("1.34.2", "first");
    stopped(await first.boot());
    expect(answers(first).at(-1)).toBe("upgrade refused: 1.34.2 is older than 1.35.4");
  });
});

describe("what fails", () => {
  it("is said on the node, by what kubeadm said last, and tried again with longer and longer pauses", async () => {
    const first = await leader();
    first.set("kubeadm-fails", "[upgrade/health] FATAL: etcd does not answer abcdef.0123456789abcdef\n");
    first.set("polls", "25");
    stopped(await first.boot());
    expect([...new Set(answers(first))]).toEqual(["upgrading 1.35.4", "upgrade failed: kubeadm upgrade: [upgrade/health] FATAL: etcd does not answer [token]"]);
    const waits = first.fact("calls").split("\n").filter((call) => /^sleep |^kubeadm upgrade/.test(call)).map((call) => (call.startsWith("sleep") ? "." : "|")).join("").split("|");
    expect(waits.map((each) => each.length).slice(1, -1)).toEqual([2, 4, 8]);
    first.unset("kubeadm-fails");
    stopped(await first.boot());
    isUpgraded(first);
  });

  it("does not fill the disk: of kubeadm's copies of etcd, one for each attempt, the first stays, from before anything was changed, and the last", async () => {
    const first = await leader();
    first.set("kubeadm-fails", "etcd does not answer\n");
    first.set("polls", "25");
    stopped(await first.boot());
    const copies = (): string[] => [...new Set(Object.keys(first.tree()).flatMap((path) => /^etc\/kubernetes\/tmp\/([^/]+)/.exec(path)?.[1] ?? []))].sort();
    expect([upgrades(first).length, copies()]).toEqual([4, ["kubeadm-backup-etcd-001", "kubeadm-backup-etcd-004"]]);
    first.unset("kubeadm-fails");
    stopped(await first.boot());
    isUpgraded(first);
    expect(copies()).toEqual([]);
  });

  it("a missing ISO does, and the upgrade begins when it comes", async () => {
    const other = await follower(await worker());
    other.detach();
    other.set("polls", "3");
    other.set("on-poll", '#!/bin/sh\nprintf new >"$ABLESTACK_ROOT/dev/sr0"\n', 0o755);
    stopped(await other.boot());
    expect(answers(other)).toEqual(["upgrade failed: no Kubernetes ISO: none is attached", "upgrading 1.35.4", "upgraded 1.35.4"]);
  });

  it("a disk without room does, with how much is missing, before anything is changed; and it goes on when there is room", async () => {
    const other = await follower(await worker());
    const before = other.tree();
    other.set("free", "20");
    stopped(await other.boot());
    expect(answers(other)).toEqual([expect.stringMatching(/^upgrade failed: no room on this disk: 0 MiB are free on \/, want \d+$/)]);
    const { "var/lib/ablestack-kubernetes/answer": ___, ...after } = other.tree();
    const { "var/lib/ablestack-kubernetes/answer": ____, ...as } = before;
    expect(after).toEqual(as);
    other.unset("free");
    stopped(await other.boot());
    isUpgraded(other);
  });

  it("a damaged image does, by its name, and the ISO is let go", async () => {
    const other = await follower(await worker());
    other.iso("damaged", "1.35.4", "damaged");
    other.attach("damaged");
    stopped(await other.boot());
    expect(answers(other).at(-1)).toBe("upgrade failed: kube-proxy.tar cannot be loaded: ctr: unexpected EOF");
    expect([upgrades(other), other.has("run/ablestack-kubernetes/iso/.mounted")]).toEqual([[], false]);
  });

  it("a node that is told before its cluster does: its kubelet would be newer than the API servers", async () => {
    const other = await follower(await worker());
    other.set("configured", "1.34.2");
    other.set("polls", "4");
    other.set("on-poll", '#!/bin/sh\nprintf 1.35.4 >"$FAKE/configured"\n', 0o755);
    stopped(await other.boot());
    expect(answers(other)).toContain("upgrade failed: the cluster is at 1.34.2, its first control plane has not been upgraded to 1.35.4 yet");
    isUpgraded(other);
    expect(upgrades(other)).toHaveLength(1);
  });

  it("a kubelet that does not come back does", async () => {
    const other = await follower(await worker());
    other.set("kubelet", "down");
    stopped(await other.boot());
    expect(answers(other).at(-1)).toBe("upgrade failed: the kubelet does not answer after its restart: see journalctl -u kubelet");
    other.unset("kubelet");
    other.detach(); // All that is needed of it is on the disk.
    stopped(await other.boot());
    isUpgraded(other);
  });

  it("an order that is taken back is not tried again", async () => {
    const other = await follower(await worker());
    other.set("kubeadm-fails", "no\n");
    await other.boot();
    other.unset("wanted", "kubeadm-fails");
    other.set("calls", "");
    other.set("polls", "8");
    stopped(await other.boot());
    expect(upgrades(other)).toEqual([]);
  });
});

describe("a power cut", () => {
  const kinds: [string, () => Promise<Machine>][] = [
    ["the first control plane's upgrade", leader],
    ["another control plane's", async () => follower(await controlPlane({ action: "join" }))],
    ["a worker's", async () => follower(await worker())],
  ];

  it.each(kinds)("before any stage of a command of %s ends in the same machine", async (_, made) => {
    const before = await made();
    const undisturbed = copy(before);
    stopped(await undisturbed.boot());
    isUpgraded(undisturbed);
    const stages = undisturbed.fact("calls").split("\n").filter((line) => line.startsWith("  ")).length;
    expect(stages).toBeGreaterThan(5);
    for (let stage = 1; stage <= stages; stage++) {
      const cut = copy(before);
      expect((await cut.boot({ beforeStage: stage, loses: true })).signal).toBe("SIGKILL");
      stopped(await cut.boot());
      isUpgraded(cut);
      expect(withoutImages(cut)).toEqual(withoutImages(undisturbed));
      cut.remove();
    }
  });

  it.each(kinds)("after %s takes nothing of it back", async (_, made) => {
    const before = await made();
    const [undisturbed, cut] = [copy(before), copy(before)];
    stopped(await undisturbed.boot());
    stopped(await cut.boot({ loses: true }));
    isUpgraded(cut);
    expect(withoutImages(cut)).toEqual(withoutImages(undisturbed));
  });

  // As in agent.test.ts: AGENT_CUT_EVERY=1 tries them all.
  const every = Number(process.env.AGENT_CUT_EVERY ?? 29);
  it.each(kinds.map(([name, made], index) => [name, made, index * 7 + 1] as const))("between any two commands of %s ends in the same machine", async (_, made, start) => {
    const before = await made();
    const undisturbed = copy(before);
    stopped(await undisturbed.boot());
    let cuts = 0;
    for (let command = start; ; command += every) {
      const cut = copy(before);
      const run = await cut.boot({ beforeCommand: command, loses: true });
      if (run.signal === "SIGTERM") break;
      cuts++;
      stopped(await cut.boot());
      isUpgraded(cut);
      expect(withoutImages(cut)).toEqual(withoutImages(undisturbed));
      cut.remove();
    }
    expect(cuts).toBeGreaterThan(5);
  });
});

function copy(of: Machine): Machine {
  const made = of.copy();
  machines.push(made);
  return made;
}

/** Loading an image twice is the same as once; the play appends it twice. */
function withoutImages(of: Machine): Record<string, string> {
  const { "var/lib/images": images, ...rest } = of.tree();
  expect(images).toContain("new image");
  return rest;
}
