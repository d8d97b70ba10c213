/** Writes `sdk/cdktf/generated/`. With `--check` it writes nothing, names what is stale and exits with 1. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeGenerated } from "../../schema/generator/write";
import { constructFiles } from "./files";

const root = join(__dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
void constructFiles(version).then((files) => writeGenerated(join(root, "sdk/cdktf/generated"), "sdk/cdktf/generated", files, console));
