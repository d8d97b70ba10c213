import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { givenFiles, initScript, launchOf, networkDown, networkUp, nspawnArguments, overlayPath, seedFiles } from "../../../provider/emulator/nspawn/launch";
import { launcherScript, quoted } from "../../../provider/emulator/nspawn/launcher";
import { namesFor } from "../../../provider/emulator/nspawn/names";
import { machine } from "./spec";

const names = namesFor("/var/lib/mold/nspawn");
const launch = launchOf(names, machine, "/srv/rootfs");
const seeded = (change: Partial<typeof machine> = {}): Record<string, string | Buffer> => Object.fromEntries(seedFiles({ ...machine, ...change }).map(({ name, content }) => [name, content]));

test("a machine reads its user data byte for byte as Mold was given them, packed or not", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(seeded({ userData: Buffer.from(bytes).toString("base64") })["user-data"]).toEqual(Buffer.from(bytes))));
  expect(seeded({ userData: undefined })["user-data"]).toEqual(Buffer.alloc(0));
});

test("the seed tells a machine its name, its keys, its address and a name server", () => {
  const seed = seeded({ sshPublicKeys: ["ssh-ed25519 AAAA me"] });
  expect(JSON.parse(String(seed["meta-data"]))).toEqual({ "instance-id": machine.id, "local-hostname": "prod-control-1", "public-keys": ["ssh-ed25519 AAAA me"] });
  expect(JSON.parse(String(seed["network-config"]))).toEqual({
    version: 2,
    ethernets: { eth0: { addresses: ["10.1.1.10/24"], routes: [{ to: "0.0.0.0/0", via: "10.1.1.1" }], nameservers: { addresses: ["10.1.1.1"] } } },
  });
});

test("nspawn is told what containers in a machine need, and asks nothing of the host's own systemd", () => {
  const [command, ...given] = nspawnArguments(launch);
  expect(command).toBe("systemd-nspawn");
  expect(given).toEqual([
    "--quiet",
    `--directory=/var/lib/mold/nspawn/machines/${machine.id}/root`,
    "--machine=prod-control-1",
    `--uuid=${machine.id}`,
    "--register=no",
    "--keep-unit",
    "--kill-signal=SIGRTMIN+3",
    "--capability=all",
    "--system-call-filter=add_key keyctl request_key bpf perf_event_open",
    `--network-namespace-path=/run/netns/${launch.namespace}`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
    "--bind=/dev/kmsg",
    ...["containerd", "kubelet", "etcd"].map((name) => `--bind=/var/lib/mold/nspawn/machines/${machine.id}/${name}:/var/lib/${name}`),
    `--bind=/var/lib/mold/nspawn/machines/${machine.id}/seed:/var/lib/cloud/seed/nocloud`,
    `--bind-ro=/var/lib/mold/nspawn/machines/${machine.id}/given:/run/host/machine`,
    "/run/host/machine/init",
  ]);
});

test("a machine's network is made inside namespaces of the emulator's own: no link is ever in the host's", () => {
  const router = names.routerNamespace("net-1");
  const own = new Set([launch.namespace, router]);
  for (const [command, option, namespace, subject, verb] of networkUp(launch)) {
    expect(command).toBe("ip");
    if (option === "netns") expect([namespace, subject]).toEqual(["add", launch.namespace]);
    else expect([option, own.has(namespace ?? "")]).toEqual(["-n", true]);
    if (verb === "add") expect(own.has(router)).toBe(true);
  }
  expect(networkDown(launch).map((argv) => argv.slice(-1)[0])).toEqual([expect.stringMatching(/^vm[0-9a-f]{8}$/), launch.namespace]);
});

test("the first process makes the cgroup controllers writable, lays the kubelet's settings over the host's, and hands over to systemd", () => {
  const init = initScript();
  expect(init).toContain("mount -o remount,bind,rw");
  for (const { name } of givenFiles().filter((file) => file.name !== "init")) expect(init).toContain(`mount --bind /run/host/machine/${name} /proc/sys/${name.replaceAll(".", "/")}`);
  expect(init.trimEnd().endsWith("exec /lib/systemd/systemd")).toBe(true);
});

test("whatever a path holds, a shell reads it back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii" }).filter((word) => !word.includes("\0")), (word) => {
      expect(spawnSync("/bin/sh", ["-c", `printf %s ${quoted(word)}`], { encoding: "utf8" }).stdout).toBe(word);
    }),
    { numRuns: 50 },
  );
});

test("overlayfs takes commas, colons and backslashes in a path for the path's; nspawn colons and backslashes", () => {
  expect(overlayPath("/a,b:c\\d")).toBe("/a\\,b\\:c\\\\d");
  expect(nspawnArguments(launchOf(namesFor("/a:b"), machine, "/srv/rootfs"))).toContain(`--bind=/a\\:b/machines/${machine.id}/etcd:/var/lib/etcd`);
});

test("the launcher is a script that bash reads and shellcheck has nothing to say to, whatever the folder is called", () => {
  const script = launcherScript(launchOf(namesFor("/srv/it's a $(folder)"), machine, "/srv/root fs"));
  expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  const checked = spawnSync("shellcheck", ["--exclude=SC2016", "-"], { input: script, encoding: "utf8" });
  if (checked.error === undefined) expect(checked.stdout).toBe("");
});
