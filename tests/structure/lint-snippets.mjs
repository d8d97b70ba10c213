/**
 * Lints snippets as if they stood in the files named. A process of its own, because ESLint loads its configuration as an ES module, which
 * jest's module loader doesn't take. Stdin: `[{ path, text }]`; stdout: for each the rules broken, as `[[ruleId, …], …]`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import tseslint from "typescript-eslint";

const root = fileURLToPath(new URL("../..", import.meta.url));
const eslint = new ESLint({
  cwd: root,
  overrideConfigFile: join(root, ".config/eslint.config.mjs"),
  // The files aren't there, so the compiler knows no types of theirs.
  overrideConfig: [{ files: ["**/*.ts"], ...tseslint.configs.disableTypeChecked }],
});

const broken = [];
for (const { path, text } of JSON.parse(readFileSync(0, "utf8"))) {
  const [result] = await eslint.lintText(text, { filePath: join(root, path) });
  broken.push(result.messages.map(({ ruleId, message }) => ruleId ?? message));
}
process.stdout.write(JSON.stringify(broken));
