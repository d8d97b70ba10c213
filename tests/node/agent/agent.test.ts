import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parse } from "yaml";
import { controlPlane, worker } from "../bootstraps";
import type { NodeBootstrap } from "../../../provider/node/spec";
import { Machine, type Run } from "./machine";

jest.setTimeout(1_200_000);

const machines: Machine[] = [];
afterEach(() => machines.splice(0).forEach((machine) => machine.remove()));
function machine(spec: NodeBootstrap, version?: string): Machine {
  const made = new Machine(spec, version);
  machines.push(made);
  return made;
}
/** It has done what it had to for the join, and waited for orders until it was stopped. */
const done = (run: Run): void => expect(run).toMatchObject({ signal: "SIGTERM", journal: expect.stringMatching(/^node: done$/m) });
const token = "abcdef.0123456789abcdef";

describe("a machine told to init", () => {
  it("makes the cluster, applies the network, lets the ISO go and removes the join material", async () => {
    const first = machine(await controlPlane());
    const run = await first.boot();
    done(run);
    expect(run.journal.trim().split("\n").map((line) => line.split(":")[0])).toEqual(["iso", "binaries", "containerd", "images", "init", "network", "secrets", "node"]);
    expect(first.fact("clusters")).toBe("made");
    expect(first.fact("applied")).toBe("kind: List");
    expect(first.fact("annotation")).toBe("ablestack.io/agent=joined 1.35.4");
    expect(first.has("run/ablestack-kubernetes/iso/.mounted")).toBe(false);
    expect(first.read("etc/containerd/config.toml")).toContain('sandbox_image = "registry.k8s.io/pause:3.10.1"');
    expect(first.holding(token)).toEqual([]);
    expect(first.holding("PRIVATE KEY").sort()).toEqual(["ca.key", "etcd/ca.key", "front-proxy-ca.key", "sa.key"].map((name) => `etc/kubernetes/pki/${name}`));
  });

  it("leaves cloud-init's seed in place, so that the machine stays the same to it", async () => {
    const first = machine(await controlPlane());
    await first.boot();
    expect(first.read("var/lib/cloud/seed/nocloud/user-data")).toBe("#cloud-config\n");
    expect(first.read("var/lib/cloud/seed/nocloud/meta-data")).toBe("instance-id: i-1\n");
  });

  it("refuses for good when the endpoint answers under our CA already, and says so on the console", async () => {
    const second = machine(await controlPlane());
    second.set("endpoint", "ours");
    const run = await second.boot();
    expect(run).toMatchObject({ code: 78, journal: expect.stringContaining("init: refused: the cluster is initialised already") });
    expect(second.calls("kubeadm").filter((call) => call.startsWith("kubeadm init"))).toEqual([]);
    expect(second.read("dev/console")).toContain("prod-control-1: init refused");
  });

  it("does not touch a cluster of another CA that holds its address", async () => {
    const first = machine(await controlPlane());
    first.set("endpoint", "foreign");
    expect(await first.boot()).toMatchObject({ code: 1, journal: expect.stringContaining("answers under another CA") });
    expect(first.fact("clusters")).toBe("");
  });

  it("does nothing again at the next boot but remove what cloud-init brought back", async () => {
    const first = machine(await controlPlane());
    await first.boot();
    const before = first.tree();
    first.set("calls", "");
    first.detach();
    done(await first.boot());
    expect(first.tree()).toEqual(before);
    expect(first.calls("kubeadm")).toEqual([]);
  });
});

it("turns swap off at every boot, which a line of fstab turns on again: the kubelet does not start with it", async () => {
  const node = machine(await worker());
  done(await node.boot());
  node.set("calls", "");
  done(await node.boot());
  expect(node.calls("swapoff")).toEqual(["swapoff -a"]);
  node.set("swap-stays", "");
  expect(await node.boot()).toMatchObject({ code: 1, journal: expect.stringContaining("host: failed: swap cannot be turned off, and the kubelet does not start with it: swapoff: /swapfile: Cannot allocate memory") });
});

describe.each([
  ["a worker", worker],
  ["a control plane", () => controlPlane({ action: "join" })],
])("%s told to join", (_, spec) => {
  it("joins, and keeps no join material", async () => {
    const node = machine(await spec());
    done(await node.boot());
    expect(node.calls("kubeadm").filter((call) => call.startsWith("kubeadm join"))).toHaveLength(1);
    expect(node.fact("clusters")).toBe("");
    expect(node.fact("applied")).toBe("");
    expect(node.holding(token)).toEqual([]);
  });

  it("asks for the endpoint every two seconds, and says once that it waits", async () => {
    const node = machine(await spec());
    node.set("endpoint", "nobody");
    node.set("left", "6");
    node.set("on-sleep", '#!/bin/sh\nleft=$(($(cat "$FAKE/left") - 1))\necho $left >"$FAKE/left"\n[ $left -gt 0 ] || echo ours >"$FAKE/endpoint"\n', 0o755);
    const run = await node.boot();
    done(run);
    expect(node.calls("sleep").filter((call) => !call.includes("."))).toEqual(Array(6).fill("sleep 2"));
    expect(run.journal.match(/waiting: nobody answers/g)).toHaveLength(1);
  });

  it("gives up a round in time, says why without the token, and succeeds in the next", async () => {
    const node = machine({ ...(await spec()), joinTimeoutSeconds: 0 });
    node.set("endpoint", "nobody");
    expect(await node.boot()).toMatchObject({ code: 1, journal: expect.stringContaining("join: failed: not joined within 0 s: nobody answers at 127.80.0.3:6443 yet") });
    expect(node.read("dev/console")).toContain("join failed");
    node.set("endpoint", "ours");
    done(await node.boot());
  });
});

it("says which setting of the kernel it may not change, rather than which line of itself failed", async () => {
  const node = machine(await worker());
  node.set("sysctl-fails", 'sysctl: permission denied on key "net.ipv4.ip_forward"\n');
  expect(await node.boot()).toMatchObject({ code: 1 });
  expect(node.read("dev/console")).toContain('host failed: the kernel\'s settings cannot be changed: sysctl: permission denied on key "net.ipv4.ip_forward"');
});

describe("the Kubernetes ISO", () => {
  it("may come late", async () => {
    const node = machine(await worker());
    node.detach();
    node.set("device-after", "3");
    node.set("on-sleep", '#!/bin/sh\nprintf right >"$ABLESTACK_ROOT/dev/sr0"\n', 0o755);
    const run = await node.boot();
    done(run);
    expect(run.journal).toContain("iso: waiting: none is attached");
  });

  it("of another version is refused by what it holds, and the right one taken when it comes", async () => {
    const node = machine(await worker());
    node.iso("wrong", "1.34.2");
    node.attach("wrong");
    node.set("on-sleep", '#!/bin/sh\nprintf right >"$ABLESTACK_ROOT/dev/sr0"\n', 0o755);
    const run = await node.boot();
    done(run);
    expect(run.journal).toContain("iso: waiting: it holds v1.34.2, want v1.35.4");
  });

  it("that never comes ends the round, and the console says what was found instead", async () => {
    const node = machine({ ...(await worker()), joinTimeoutSeconds: 0 }, "1.34.2");
    expect(await node.boot()).toMatchObject({ code: 1, journal: expect.stringContaining("iso: failed: no Kubernetes ISO within 0 s: it holds v1.34.2") });
    expect(node.read("dev/console")).toContain("it holds v1.34.2");
    expect(node.has("usr/local/bin/kubeadm")).toBe(false);
  });

  it("that is damaged is named by the image that can't be loaded; a good one in its place is enough", async () => {
    const node = machine(await worker());
    node.iso("damaged", "1.35.4", "damaged");
    node.attach("damaged");
    expect(await node.boot()).toMatchObject({ code: 1, journal: expect.stringContaining("images: failed: kube-proxy.tar cannot be loaded: ctr: unexpected EOF") });
    node.attach("right");
    done(await node.boot());
  });

  it("whose files are not those of its list of checksums is refused by the name of the file, before any of it is taken", async () => {
    const node = machine(await worker());
    node.iso("damaged", "1.35.4");
    node.onDisc("damaged", "SHA256SUMS", `${"0".repeat(64)}  docker/etcd.tar\n`);
    node.attach("damaged");
    node.set("on-sleep", '#!/bin/sh\ncp "$ABLESTACK_ROOT/dev/console" "$FAKE/shown"; printf right >"$ABLESTACK_ROOT/dev/sr0"\n', 0o755);
    const run = await node.boot();
    done(run);
    expect(run.journal).toContain("iso: waiting: it is damaged: docker/etcd.tar: FAILED");
    expect(node.fact("shown")).toContain("iso waits: it is damaged: docker/etcd.tar: FAILED");
  });

  it.each(["kubelet", "kubectl"])("whose %s does not run is refused, and the one that runs stays", async (program) => {
    const node = machine(await worker());
    node.iso("damaged", "1.35.4");
    node.onDisc("damaged", `k8s/${program}`, "#!/bin/sh\nexit 139\n");
    node.attach("damaged");
    expect(await node.boot()).toMatchObject({ code: 1, journal: expect.stringContaining(`binaries: failed: k8s/${program} of the ISO is damaged: it does not run, or is not 1.35.4`) });
    expect(node.has(`usr/local/bin/${program}`)).toBe(false);
    node.attach("right");
    done(await node.boot());
  });
});

describe("a disk without room", () => {
  it("is said before anything is taken from the ISO, with how much is missing, and it goes on when there is room", async () => {
    const node = machine(await worker());
    node.set("free", "20");
    node.set("on-sleep", `#!/bin/sh\nls -A "$ABLESTACK_ROOT/usr/local/bin" >"$FAKE/taken"; cp "$ABLESTACK_ROOT/dev/console" "$FAKE/shown"; echo 99999999 >"$FAKE/free"\n`, 0o755);
    const run = await node.boot();
    done(run);
    expect(run.journal).toMatch(/iso: waiting: no room on this disk: 0 MiB are free on \/, want \d+/);
    expect(node.fact("shown")).toContain("iso waits: no room on this disk");
    expect(node.fact("taken")).toBe("");
  });
});

it("lets off kubeadm's and the kubelet's refusal of cgroup v1 only on a machine that has it", async () => {
  const [modern, old] = [machine(await worker()), machine(await worker({ nodeName: "prod-worker-2" }))];
  old.set("cgroup", "tmpfs");
  done(await modern.boot());
  done(await old.boot());
  const patch = "etc/ablestack-kubernetes/patches/kubeletconfiguration+merge.yaml";
  const flag = (of: Machine): boolean => of.calls("kubeadm").some((call) => call.includes("SystemVerification"));
  expect([modern.has(patch), flag(modern)]).toEqual([false, false]);
  expect([old.read(patch), flag(old)]).toEqual(["failCgroupV1: false\n", true]);
});

it("has what runs a control plane looked at soon, with as long a time to start in as kubeadm gives it; a worker runs none of that", async () => {
  const [first, other] = [machine(await controlPlane()), machine(await worker())];
  done(await first.boot());
  done(await other.boot());
  const patches = (of: Machine): unknown[] =>
    ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].flatMap((name) => {
      const file = `etc/ablestack-kubernetes/patches/${name}+strategic.yaml`;
      return of.has(file) ? [parse(of.read(file)) as unknown] : [];
    });
  const startupProbe = { initialDelaySeconds: 1, periodSeconds: 2, failureThreshold: 120 };
  expect(patches(first)).toEqual(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => ({ spec: { containers: [{ name, startupProbe }] } })));
  expect(patches(other)).toEqual([]);
});

it("takes the pause image from whatever else kubeadm lists, which may be more than a pipe holds", async () => {
  const node = machine(await worker());
  node.set("more-images", "registry.k8s.io/etcd:3.6.6-0\n".repeat(10_000));
  done(await node.boot());
  expect(node.read("etc/containerd/config.toml")).toContain('sandbox_image = "registry.k8s.io/pause:3.10.1"');
});

it("tells the node's annotation what went wrong once the node is there", async () => {
  const node = machine({ ...(await worker()), joinTimeoutSeconds: 0 });
  expect((await node.boot({ beforeStage: 6 })).signal).toBe("SIGKILL"); // The kubelet has its certificate, kubeadm was not done.
  expect(node.has("etc/kubernetes/kubelet.conf")).toBe(true);
  node.set("endpoint", "foreign");
  await node.boot();
  expect(node.fact("annotation")).toMatch(/^ablestack\.io\/agent=join failed: not joined within 0 s: .* another CA/);
});

it("repeats what kubeadm said last, its token blotted out", async () => {
  const node = machine({ ...(await worker()), joinTimeoutSeconds: 0 });
  node.set("node-ready", "somebody else's");
  const { journal } = await node.boot();
  expect(journal).toContain("kubeadm join: a Node with that name and status Ready already exists ([token])");
  expect(journal + node.read("dev/console")).not.toContain(token);
});

it("loads on a worker only what workers run, on a control plane everything", async () => {
  const [first, other] = [machine(await controlPlane()), machine(await worker())];
  done(await first.boot());
  done(await other.boot());
  const loaded = (of: Machine): string[] => of.calls("ctr").flatMap((call) => /[^/]+\.tar$/.exec(call) ?? []);
  expect(loaded(first)).toEqual(["etcd.tar", "kube-proxy.tar", "pause.tar"]);
  expect(loaded(other)).toEqual(["kube-proxy.tar", "pause.tar"]);
});

describe("a power cut", () => {
  const kinds: [string, () => Promise<NodeBootstrap>][] = [
    ["init", () => controlPlane()],
    ["the join of a control plane", () => controlPlane({ action: "join" })],
    ["the join of a worker", () => worker()],
  ];

  it.each(kinds)("before any stage of a command of %s ends in the same machine", async (_, spec) => {
    const undisturbed = machine(await spec());
    done(await undisturbed.boot());
    const stages = undisturbed.fact("calls").split("\n").filter((line) => line.startsWith("  ")).length;
    expect(stages).toBeGreaterThan(4);
    for (let stage = 1; stage <= stages; stage++) {
      const node = machine(await spec());
      expect((await node.boot({ beforeStage: stage })).signal).toBe("SIGKILL");
      done(await node.boot());
      expect(withoutImages(node)).toEqual(withoutImages(undisturbed));
      expect(node.fact("clusters")).toBe(undisturbed.fact("clusters"));
      node.remove();
    }
  });

  // The agent runs some 250 commands, and each cut costs two boots: every 19th by default, each kind from another one on.
  // AGENT_CUT_EVERY=1 tries them all, which takes some ten minutes.
  const every = Number(process.env.AGENT_CUT_EVERY ?? 19);
  it.each(kinds.map(([name, spec], index) => [name, spec, index * 5 + 1] as const))("between any two commands of %s ends in the same machine", async (_, spec, first) => {
    const undisturbed = machine(await spec());
    done(await undisturbed.boot());
    let cuts = 0;
    for (let command = first; ; command += every) {
      const node = machine(await spec());
      const cut = await node.boot({ beforeCommand: command });
      if (cut.signal === "SIGTERM") {
        done(cut);
        break;
      }
      cuts++;
      done(await node.boot());
      expect(withoutImages(node)).toEqual(withoutImages(undisturbed));
      expect(node.fact("clusters")).toBe(undisturbed.fact("clusters"));
      node.remove();
    }
    expect(cuts).toBeGreaterThan(5);
  });
});

/** Loading an image twice is the same as once; the play appends it twice. */
function withoutImages(node: Machine): Record<string, string> {
  const { "var/lib/images": images, ...rest } = node.tree();
  expect(images).toContain("image");
  return rest;
}

(spawnSync("shellcheck", ["--version"]).status === 0 ? it : it.skip)("has nothing that shellcheck objects to", () => {
  const found = spawnSync("shellcheck", ["-x", "-P", "SCRIPTDIR", "agent.sh", "upgrade.sh", "addons.sh"], { cwd: join(__dirname, "../../../provider/node/agent"), encoding: "utf8" });
  expect(found.stdout).toBe("");
});
