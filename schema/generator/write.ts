/** Brings generated files up to date, or says which are not: what every `generate.ts` of declarations does. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes what is stale in a folder that holds nothing else. With `--check` on the command line it writes nothing, names what is stale and
 * has the process exit with 1.
 * @param name of the folder, as a person knows it
 * @param say the console of the program that a person started
 */
export function writeGenerated(folder: string, name: string, files: Readonly<Record<string, string>>, say: Pick<Console, "log" | "error">): void {
  mkdirSync(folder, { recursive: true });
  const left = readdirSync(folder).filter((file) => !Object.hasOwn(files, file));
  const stale = Object.entries(files).filter(([file, text]) => current(join(folder, file)) !== text);
  if (process.argv.includes("--check")) {
    for (const file of [...stale.map(([each]) => each), ...left]) say.error(`${name}/${file} is stale: run npm run generate`);
    if (stale.length + left.length > 0) process.exitCode = 1;
    return;
  }
  for (const file of left) rmSync(join(folder, file));
  for (const [file, text] of stale) {
    writeFileSync(join(folder, file), text);
    say.log(`wrote ${name}/${file}`);
  }
}
