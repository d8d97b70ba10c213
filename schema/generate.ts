/** Writes `schema/generated/`. With `--check` it writes nothing, names what is stale and exits with 1. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generatedFiles } from "./generator/files";
import { writeGenerated } from "./generator/write";

const { version } = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8")) as { version: string };
writeGenerated(join(__dirname, "generated"), "schema/generated", generatedFiles(version), console);
