/** What an emulator with real machines has on this host, by its names. Empty: it left nothing. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { namesFor, settled } from "../../../provider/emulator/nspawn/names";

const text = (...argv: [string, ...string[]]): string => execFileSync(argv[0], argv.slice(1), { encoding: "utf8", env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` } });
const inside = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** @param dir the emulator's folder for machines */
export function leavings(dir: string): string[] {
  const names = namesFor(settled(dir));
  const ours = (line: string): boolean => line.includes(names.prefix) || line.includes(dir);
  const cgroups = ["", ...inside("/sys/fs/cgroup")].flatMap((hierarchy) => inside(join("/sys/fs/cgroup", hierarchy)).map((name) => join(hierarchy, name)));
  const processes = inside("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return /systemd-nspawn|haproxy|launcher\.sh/.test(command) ? [`process ${pid} ${command}`] : [];
    } catch {
      return [];
    }
  });
  return [
    ...inside("/run/netns").map((name) => `namespace ${name}`),
    ...text("ip", "-o", "link").split("\n").map((line) => `link ${line}`),
    ...cgroups.map((name) => `cgroup ${name}`),
    ...readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) => `mount ${line}`),
    ...text("losetup", "--all").split("\n").map((line) => `loop device ${line}`),
    ...processes,
  ].filter(ours);
}
