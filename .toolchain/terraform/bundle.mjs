/**
 * The Terraform provider as one file: Terraform starts it three times for one plan, and a thousand small files take Node.js a second
 * each time.
 *
 *     node .toolchain/terraform/bundle.mjs FILE
 */
import { chmodSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [outfile] = process.argv.slice(2);
if (outfile === undefined) {
  console.error("usage: node .toolchain/terraform/bundle.mjs FILE");
  process.exit(2);
}
/** What is loaded late by `createRequire` is found in node_modules, which a single file doesn't have: here it is put in. */
const loadedLate = {
  name: "loaded late",
  setup({ onLoad }) {
    onLoad({ filter: /provider[/\\]mold[/\\]\w+\.ts$/ }, async ({ path }) => ({ contents: (await readFile(path, "utf8")).replace(/\bload\("/g, 'require("'), loader: "ts" }));
  },
};

await build({
  absWorkingDir: root,
  entryPoints: ["provider/adapters/terraform/bin.ts"],
  outfile,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "eof",
  plugins: [loadedLate],
  logLevel: "warning",
});
chmodSync(outfile, 0o755);
