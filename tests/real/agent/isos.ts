/** The Kubernetes ISOs that were built on this host (.toolchain/machines). */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const cache = process.env.ABLESTACK_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ablestack-kubernetes");

/** Where the content of a version's ISO lies; undefined: it was not built. */
export function builtIso(version: string): string | undefined {
  const entries = existsSync(cache) ? readdirSync(cache) : [];
  return entries
    .filter((name) => name.startsWith(`kubernetes-${version}-`))
    .map((name) => join(cache, name, "iso"))
    .find((folder) => existsSync(join(folder, "k8s/kubeadm")));
}

/** Those that were not, each in one line. */
export const missingIsos = (versions: readonly string[]): string[] => versions.filter((each) => builtIso(each) === undefined).map((each) => `no ISO of ${each} (.toolchain/machines/build.sh iso ${each})`);

/** A folder as the emulator takes it: one entry for each version. */
export function isosFolder(versions: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "real-isos-"));
  mkdirSync(folder, { recursive: true });
  for (const version of versions) symlinkSync(builtIso(version)!, join(folder, version));
  return folder;
}
