/**
 * The Terraform provider as one file: Terraform starts it three times for one plan, and a thousand small files take Node.js a second
 * each time.
 *
 *     node .toolchain/terraform/bundle.mjs FILE
 */
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [outfile] = process.argv.slice(2);
if (outfile === undefined) {
  console.error("usage: node .toolchain/terraform/bundle.mjs FILE");
  process.exit(2);
}
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
  logLevel: "warning",
});
chmodSync(outfile, 0o755);
