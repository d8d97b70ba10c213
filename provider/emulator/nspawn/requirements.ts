/** What this hypervisor needs of its host; said all at once, with what to install. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { hostEnvironment } from "./host";

/** Tools by the Debian package that has them. */
export const toolPackages: Readonly<Record<string, string>> = {
  "systemd-nspawn": "systemd-container",
  haproxy: "haproxy",
  nft: "nftables",
  ip: "iproute2",
  "mke2fs": "e2fsprogs",
  losetup: "mount",
  unshare: "util-linux",
  sysctl: "procps",
  bash: "bash",
};

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly root: boolean;
  readonly has: (tool: string) => boolean;
  readonly exists: (path: string) => boolean;
}

/** What is missing, each in one line; none: machines can be made here. */
export function missing(around: Surroundings, rootfs: string | undefined): string[] {
  if (around.platform !== "linux") return [`machines of systemd-nspawn need Linux, this is ${around.platform}; use --hypervisor simulated`];
  const lines: string[] = [];
  if (!around.root) lines.push("machines of systemd-nspawn need root");
  const tools = Object.keys(toolPackages).filter((tool) => !around.has(tool));
  if (tools.length > 0) lines.push(`${tools.join(", ")} not found: apt-get install ${[...new Set(tools.map((tool) => toolPackages[tool]))].join(" ")}`);
  if (rootfs === undefined) lines.push("no root file system for machines: give --rootfs or ABLESTACK_MACHINES_ROOTFS");
  else if (!around.exists(join(rootfs, "usr/lib/systemd/systemd"))) lines.push(`${rootfs} is no root file system with systemd: it has no usr/lib/systemd/systemd`);
  return lines;
}

export const thisHost: Surroundings = {
  platform: process.platform,
  root: process.getuid?.() === 0,
  exists: existsSync,
  has: (tool) =>
    hostEnvironment.PATH.split(delimiter).some((folder) => {
      try {
        accessSync(join(folder, tool), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
};
