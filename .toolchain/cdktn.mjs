/**
 * The constructs a second time, for cdktn: CDKTF's continuation has the same classes under another package's name, so that what was
 * compiled for the one is the other's by renaming what it imports. What imports nothing of the engine is not doubled.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [from, to] = ["dist/sdk/cdktf", "dist/sdk/cdktn"];
const imported = /(?<=\b(?:require\(|from |import\())(["'])cdktf\1/g;

rmSync(to, { recursive: true, force: true });
cpSync(from, to, { recursive: true });
let renamed = 0;
for (const file of readdirSync(to, { recursive: true })) {
  if (!/\.(js|d\.ts)$/.test(file)) continue;
  const path = join(to, file);
  const text = readFileSync(path, "utf8");
  const other = text.replace(imported, (_, quote) => (renamed++, `${quote}cdktn${quote}`));
  if (/["']cdktf["']/.test(other)) throw new Error(`${path} names cdktf in a way that isn't known here`);
  writeFileSync(path, other);
}
if (renamed === 0) throw new Error(`nothing in ${from} imports cdktf`);
