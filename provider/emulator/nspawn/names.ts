/** What things of an emulator are called on the host: by its own id, so that two emulators don't meet and a sweep finds its own. */
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";

const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** Where processes of this host meet by name: sockets (their paths must be short) and what a reboot ends anyway. */
const RUN = "/run";

export interface Names {
  /** Six hexadecimal digits. */
  readonly id: string;
  /** Begins every name of a namespace, a cgroup and a folder in /run. */
  readonly prefix: string;
  /** The folder on disk: one folder for each machine, the discs. */
  readonly dir: string;
  readonly runDir: string;
  /** The public network's namespace, and the host's one link into it. */
  readonly publicNamespace: string;
  readonly hostLink: string;
  routerNamespace(networkId: string): string;
  machineNamespace(machineId: string): string;
  /** Of a machine, in every cgroup controller. */
  cgroup(machineId: string): string;
  machineDir(machineId: string): string;
}

/** @param dir the folder that the emulator keeps its machines in: the same folder gives the same names */
export function namesFor(dir: string): Names {
  const id = short(dir).slice(0, 6);
  const prefix = `abk-${id}`;
  return {
    id,
    prefix,
    dir,
    runDir: join(RUN, prefix),
    publicNamespace: `${prefix}-public`,
    hostLink: prefix,
    routerNamespace: (networkId) => `${prefix}-net-${short(networkId)}`,
    machineNamespace: (machineId) => `${prefix}-vm-${short(machineId)}`,
    cgroup: (machineId) => `${prefix}-vm-${short(machineId)}`,
    machineDir: (machineId) => join(dir, "machines", machineId),
  };
}

/** The folder by one name only, whatever links lead to it. */
export function settled(dir: string): string {
  try {
    return realpathSync(dir);
  } catch {
    return dir;
  }
}

/** The router's end of a machine's link, and the public network's end of a router's: at most 15 characters. */
export const linkOf = (kind: "vm" | "net", id: string): string => `${kind}${short(id)}`;

/** The same address gives the same MAC address, so that neighbours' tables stay right when a machine comes back. */
export function macOf(address: string): string {
  return ["02", "00", ...address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"))].join(":");
}
