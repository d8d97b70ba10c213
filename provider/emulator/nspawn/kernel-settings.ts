/** Settings of the host's kernel that all machines share. What is enough already is left as it is. */
import { availableParallelism } from "node:os";
import { readFile, writeFile } from "node:fs/promises";

export interface KernelSetting {
  readonly path: string;
  readonly wanted: (found: number) => number;
  readonly why: string;
}

/**
 * @param processors as kube-proxy counts them: it wants 32,768 connections for each, and no less than 131,072. Only the host's own
 * namespace may set that, and kube-proxy ends when it finds another figure and can't
 */
export function kernelSettings(processors: number): KernelSetting[] {
  const connections = Math.max(131_072, 32_768 * processors);
  return [
    { path: "/proc/sys/fs/inotify/max_user_instances", wanted: (found) => Math.max(found, 8192), why: "kubelets and containerds watch more than one machine does" },
    { path: "/proc/sys/fs/inotify/max_user_watches", wanted: (found) => Math.max(found, 524_288), why: "kubelets and containerds watch more than one machine does" },
    { path: "/sys/module/nf_conntrack/parameters/hashsize", wanted: (found) => Math.max(found, connections / 4), why: "kube-proxy wants it" },
    { path: "/proc/sys/net/netfilter/nf_conntrack_max", wanted: () => connections, why: "kube-proxy wants exactly this" },
  ];
}

/** Makes them so. Answers with a line for each that was changed. */
export async function adjustKernel(): Promise<string[]> {
  const said: string[] = [];
  for (const { path, wanted, why } of kernelSettings(availableParallelism())) {
    const found = Number((await readFile(path, "utf8").catch(() => "")).trim() || NaN);
    if (!Number.isFinite(found) || wanted(found) === found) continue;
    await writeFile(path, String(wanted(found)));
    said.push(`${path}: ${found} is now ${wanted(found)} (${why})`);
  }
  return said;
}
