/** Exit code 0 if what is generated is what `make generate` would write now. Leaves every file as it was, its time too: make and the engine's tests go by that. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const files = [
  "provider/mold/catalogue/commands.ts",
  "provider/node/agent/script.ts",
  ...["schema/generated", "sdk/cdktf/generated"].flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))),
];
const read = () => new Map(files.map((file) => [file, readFileSync(file, "utf8")]));

const before = read();
const times = new Map(files.map((file) => [file, statSync(file)]));
const { status } = spawnSync("npm", ["run", "--silent", "generate"], { stdio: ["ignore", "ignore", "inherit"] });
const stale = [...read()].filter(([file, text]) => before.get(file) !== text).map(([file]) => file);
for (const file of stale) {
  writeFileSync(file, before.get(file));
  console.error(`${file} is stale: make generate`);
}
for (const [file, { atime, mtime }] of times) utimesSync(file, atime, mtime);
process.exitCode = status === 0 && stale.length === 0 ? 0 : 1;
