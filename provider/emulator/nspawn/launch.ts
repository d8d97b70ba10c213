/** What one machine is started with: namespaces, mounts, nspawn's arguments. Plain data from plain data. */
import { join } from "node:path";
import type { MachineSpec } from "../hypervisor";
import type { Argv } from "./host";
import { linkOf, macOf, type Names } from "./names";

/** Of a virtual router: its bridge to the guests. */
export const GUEST_BRIDGE = "guests";

const NIC = "eth0";

export interface Launch {
  readonly spec: MachineSpec;
  readonly dir: string;
  /** The root file system that all machines share. */
  readonly rootfs: string;
  readonly cgroup: string;
  readonly namespace: string;
  readonly routerNamespace: string;
}

export function launchOf(names: Names, spec: MachineSpec, rootfs: string): Launch {
  return {
    spec,
    dir: names.machineDir(spec.id),
    rootfs,
    cgroup: names.cgroup(spec.id),
    namespace: names.machineNamespace(spec.id),
    routerNamespace: names.routerNamespace(spec.networkId),
  };
}

/**
 * A new network namespace for each boot, as a reboot forgets what was in the old one. The machine gives itself its address (see
 * {@link seedFiles}). The old link is deleted by name first: freed late by its namespace, it would race with its successor.
 */
export function networkUp({ spec, namespace, routerNamespace }: Launch): Argv[] {
  const link = linkOf("vm", spec.id);
  return [
    ["ip", "netns", "add", namespace],
    ["ip", "-n", namespace, "link", "set", "lo", "up"],
    ["ip", "-n", namespace, "link", "add", NIC, "address", macOf(spec.guestIp), "type", "veth", "peer", "name", link, "netns", routerNamespace],
    ["ip", "-n", routerNamespace, "link", "set", link, "master", GUEST_BRIDGE, "up"],
  ];
}

/** Each may fail: what it takes away need not be there. */
export function networkDown({ spec, namespace, routerNamespace }: Launch): Argv[] {
  return [
    ["ip", "-n", routerNamespace, "link", "delete", linkOf("vm", spec.id)],
    ["ip", "netns", "delete", namespace],
  ];
}

/** Folders of the machine that are no overlay: overlayfs can't lie on overlayfs, and etcd wants a plain file system. */
export const plainFolders = ["containerd", "kubelet", "etcd"] as const;

/** Where a machine finds what its host gives it: nspawn's own place for that. */
export const GIVEN = "/run/host/machine";

/** nspawn reads colons and backslashes in what it binds as its own. */
const bindPath = (path: string): string => path.replace(/[\\:]/g, "\\$&");

export function nspawnArguments(launch: Launch): Argv {
  const { spec, dir, namespace } = launch;
  return [
    "systemd-nspawn",
    "--quiet",
    `--directory=${join(dir, "root")}`,
    `--machine=${spec.hostname.toLowerCase()}`,
    `--uuid=${spec.id}`,
    // PID 1 of the host need not be systemd: nothing is asked of it.
    "--register=no",
    "--keep-unit",
    "--kill-signal=SIGRTMIN+3",
    "--capability=all",
    // runc makes a session keyring for each container, and cgroup programs; nspawn's filter has neither.
    "--system-call-filter=add_key keyctl request_key bpf perf_event_open",
    `--network-namespace-path=/run/netns/${namespace}`,
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=read-only",
    "--bind=/dev/kmsg",
    ...plainFolders.map((folder) => `--bind=${bindPath(join(dir, folder))}:/var/lib/${folder}`),
    `--bind=${bindPath(join(dir, "seed"))}:/var/lib/cloud/seed/nocloud`,
    `--bind-ro=${bindPath(join(dir, "given"))}:${GIVEN}`,
    // Not --boot: this one hands over to systemd once it has made the cgroup controllers writable.
    `${GIVEN}/init`,
  ];
}

/** Kernel settings that the kubelet insists on. They are the host's: a machine sees files that hold what it wants instead. */
export const seenSettings: Readonly<Record<string, string>> = {
  "vm/overcommit_memory": "1",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
};

/** The first process of a machine. */
export function initScript(): string {
  const settings = Object.keys(seenSettings).map((name) => `mount --bind ${GIVEN}/${fileOf(name)} /proc/sys/${name}`);
  return `#!/bin/sh
# nspawn mounts the controllers of cgroup v1 read-only; systemd and the kubelet write to them.
for controller in /sys/fs/cgroup/*; do
  mountpoint -q "$controller" && mount -o remount,bind,rw "$controller"
done
# Settings of the network are the machine's own; all others are the host's and stay read-only.
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,rw /proc/sys/net
${settings.join("\n")}
# An ordered fault: without a network its node never turns Ready.
if [ -e ${GIVEN}/no-network ]; then
  mkdir -p /etc/cni/net.d
  mount -t tmpfs -o ro,size=4k none /etc/cni/net.d
fi
exec /lib/systemd/systemd
`;
}

const fileOf = (setting: string): string => setting.replaceAll("/", ".");

export interface GivenFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly mode: number;
}

/** What lies in the machine's `given` folder: its first process, and what that lays over the host's settings. */
export function givenFiles(): GivenFile[] {
  return [
    { name: "init", content: initScript(), mode: 0o755 },
    ...Object.entries(seenSettings).map(([name, value]) => ({ name: fileOf(name), content: `${value}\n`, mode: 0o644 })),
  ];
}

/**
 * The NoCloud seed. The user data are the bytes that Mold was given, packed or not; the network is what a virtual router's DHCP would say.
 * Nobody answers to DNS at the gateway, but a machine has to have a server: CoreDNS does not start without one.
 */
export function seedFiles(spec: MachineSpec): GivenFile[] {
  const bits = spec.networkCidr.split("/")[1] ?? "24";
  const network = {
    version: 2,
    ethernets: { [NIC]: { addresses: [`${spec.guestIp}/${bits}`], routes: [{ to: "0.0.0.0/0", via: spec.gateway }], nameservers: { addresses: [spec.gateway] } } },
  };
  const meta = { "instance-id": spec.id, "local-hostname": spec.hostname, ...(spec.sshPublicKeys.length > 0 ? { "public-keys": spec.sshPublicKeys } : {}) };
  return [
    // JSON is YAML.
    { name: "meta-data", content: `${JSON.stringify(meta)}\n`, mode: 0o644 },
    { name: "network-config", content: `${JSON.stringify(network)}\n`, mode: 0o644 },
    { name: "user-data", content: Buffer.from(spec.userData ?? "", "base64"), mode: 0o600 },
  ];
}

/** Overlayfs reads commas, colons and backslashes in its options as its own. */
export const overlayPath = (path: string): string => path.replace(/[\\,:]/g, "\\$&");
