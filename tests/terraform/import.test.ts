/** What is asked to be imported and can't be is told in words, and nothing of an export, which is full of keys, is quoted. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorDiagnostics } from "../../provider/adapters/terraform/diagnostics";
import { importedFrom } from "../../provider/adapters/terraform/import";
import { kinds } from "../../provider/adapters/terraform/kinds";

const folder = mkdtempSync(join(tmpdir(), "terraform-import-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function refusalOf(id: string): Promise<string> {
  const [said] = await importedFrom(kinds.get("ablestack_network_rule")!, id).then(
    () => [],
    (error: unknown) => errorDiagnostics(error, "Importing"),
  );
  return `${said?.summary}: ${said?.detail}`;
}

test.each([
  ["no JSON", "hush-hush: the stack's own text"],
  ["JSON of something else", '["hush"]'],
  ["nothing at all", "null"],
  ["a stack without resources", '{"deployment":{"secret":"hush"}}'],
])("%s is no export of a stack", async (name, text) => {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, text);
  const said = await refusalOf(`https@${file}`);
  expect(said).toBe(`Importing: ${file} is no export of a Pulumi stack: make one with \`pulumi stack export --show-secrets > ${file}\``);
});

test("an id without a file says what to write instead", async () => {
  expect(await refusalOf("https")).toContain('"https" doesn\'t say where from. What a Pulumi program has made is imported as `<name>@<file>`');
});
