/** Writes `schema/generated/`. With `--check` it writes nothing, names what is stale and exits with 1. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generator/files";

const folder = join(__dirname, "generated");

function current(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const { version } = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as { version: string };
const stale = Object.entries(generatedFiles(version)).filter(([name, text]) => current(join(folder, name)) !== text);
if (process.argv.includes("--check")) {
  for (const [name] of stale) console.error(`schema/generated/${name} is stale: run npm run generate`);
  if (stale.length > 0) process.exitCode = 1;
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of stale) {
    writeFileSync(join(folder, name), text);
    console.log(`wrote schema/generated/${name}`);
  }
}
