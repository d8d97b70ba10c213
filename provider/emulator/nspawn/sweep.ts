/** Takes away what an emulator left on the host, by its names alone: what it should keep is named, everything else of it goes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loopDevices } from "./discs";
import { attempt, run, type Argv } from "./host";
import { linkOf, namesFor, settled, type Names } from "./names";
import { signal, until } from "./processes";

const CGROUPS = "/sys/fs/cgroup";
/** Where the public range is noted. */
const RANGE = "range";
const END_LIMIT = 10_000;

export interface Kept {
  readonly machineIds: readonly string[];
  readonly networkIds: readonly string[];
}

const entries = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Every hierarchy there is: one for each controller of cgroup v1, or one alone. */
function hierarchies(): string[] {
  return existsSync(join(CGROUPS, "cgroup.procs")) ? [CGROUPS] : entries(CGROUPS).map((name) => join(CGROUPS, name)).filter((path) => existsSync(join(path, "cgroup.procs")));
}

function foldersBelow(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...below.flatMap(({ name }) => foldersBelow(join(folder, name))), folder];
}

/** Kills what is in a cgroup, of every hierarchy, and removes it. */
async function endCgroup(name: string): Promise<void> {
  const roots = hierarchies().map((hierarchy) => join(hierarchy, name)).filter((path) => existsSync(path));
  const inside = (): number[] => {
    try {
      return roots.flatMap(foldersBelow).flatMap((folder) => readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").map(Number)).filter((pid) => pid > 1);
    } catch {
      // A folder went while it was read: look again.
      return [-1];
    }
  };
  await until(() => {
    const pids = inside();
    for (const pid of pids) if (pid > 0) signal(pid, "SIGKILL");
    return pids.length === 0;
  }, END_LIMIT);
  for (const folder of roots.flatMap((root) => (existsSync(root) ? foldersBelow(root) : []))) await rmdir(folder).catch(() => undefined);
}

/** Ends a namespace with what runs in it. Its links are deleted by name first: freed late by the namespace, they would race with their successors. */
export async function endNamespace(namespace: string, links: readonly Argv[] = []): Promise<void> {
  const inside = await run(["ip", "netns", "pids", namespace]).catch(() => "");
  for (const pid of inside.split("\n").map(Number)) if (pid > 1) signal(pid, "SIGKILL");
  for (const link of links) await attempt(link);
  await attempt(["ip", "netns", "delete", namespace]);
}

/** What runs of a machine, and what it has on the host but its folder. */
export async function sweepMachine(names: Names, machineId: string): Promise<void> {
  await endCgroup(names.cgroup(machineId));
  await endNamespace(names.machineNamespace(machineId));
}

/** Remembers the public range for a sweep: its route carries no name. */
export async function noteRange(names: Names, publicRange: string): Promise<void> {
  await mkdir(names.runDir, { recursive: true, mode: 0o700 });
  await writeFile(join(names.runDir, RANGE), publicRange);
}

/** The range is the machine's default way's again. */
export async function giveRangeBack(names: Names): Promise<void> {
  const range = entries(names.runDir).includes(RANGE) ? readFileSync(join(names.runDir, RANGE), "utf8").trim() : "";
  if (range !== "") await attempt(["ip", "route", "delete", "unreachable", range]);
  await rm(names.runDir, { recursive: true, force: true });
}

export async function endPublicNetwork(names: Names): Promise<void> {
  await endNamespace(names.publicNamespace, [["ip", "link", "delete", names.hostLink]]);
}

/** Takes away everything of this emulator that is not named. */
export async function sweep(names: Names, kept: Kept): Promise<void> {
  const ours = (name: string): boolean => name.startsWith(`${names.prefix}-`);
  const keptNames = new Set([
    names.publicNamespace,
    ...kept.machineIds.flatMap((id) => [names.cgroup(id), names.machineNamespace(id)]),
    ...kept.networkIds.map((id) => names.routerNamespace(id)),
  ]);
  const cgroups = new Set(hierarchies().flatMap(entries).filter(ours));
  for (const name of cgroups) if (!keptNames.has(name)) await endCgroup(name);
  for (const name of entries("/run/netns").filter(ours)) if (!keptNames.has(name)) await endNamespace(name);
  const folders = new Set(kept.machineIds);
  for (const id of entries(join(names.dir, "machines")).filter((one) => !folders.has(one))) {
    const folder = names.machineDir(id);
    for (const device of loopDevices(folder)) await attempt(["losetup", "--detach", device]);
    await rm(folder, { recursive: true, force: true });
  }
  const runFolders = new Set([RANGE, ...kept.networkIds.map((id) => linkOf("net", id))]);
  for (const name of entries(names.runDir)) if (!runFolders.has(name)) await rm(join(names.runDir, name), { recursive: true, force: true });
}

/** Takes away all of it: machines with their disks, networks, discs. @param dir the emulator's folder for machines */
export async function sweepAll(dir: string): Promise<void> {
  const names = namesFor(settled(dir));
  await sweep(names, { machineIds: [], networkIds: [] });
  await endPublicNetwork(names);
  await giveRangeBack(names);
  for (const device of loopDevices(names.dir)) await attempt(["losetup", "--detach", device]);
  await rm(names.dir, { recursive: true, force: true });
}
