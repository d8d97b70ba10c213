/** Where things are that the tests with the real engine use. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export const root = join(__dirname, "../../..");
export const example = join(root, "examples/ha-cluster");
export const lifecycle = join(root, "examples/lifecycle");

let folders: string | undefined;

/** What to put before PATH, for children only. */
export function pulumiFolders(): string {
  folders ??= execFileSync(join(root, ".toolchain/pulumi/find.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  return folders;
}

function newest(folder: string): number {
  return Math.max(0, ...readdirSync(folder, { withFileTypes: true }).map((entry) => (entry.isDirectory() ? newest(join(folder, entry.name)) : statSync(join(folder, entry.name)).mtimeMs)));
}

/** The build that the engine is to run. `ABLESTACK_DIST` names another one, which is then taken as it is. */
export function built(): string {
  if (process.env.ABLESTACK_DIST) return process.env.ABLESTACK_DIST;
  const note = join(root, "dist/.tsbuildinfo");
  const since = existsSync(note) ? statSync(note).mtimeMs : 0;
  const sources = Math.max(...["provider", "sdk", "schema"].map((folder) => newest(join(root, folder))));
  // Against something older than the sources a test would prove nothing.
  if (since < sources) throw new Error("dist/ is older than the sources: run `make build` first (make test does)");
  return join(root, "dist");
}
