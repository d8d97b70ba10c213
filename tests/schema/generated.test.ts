import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatedFiles } from "../../schema/generator/files";
import { docComment } from "../../schema/generator/docs";
import { notYet } from "../../schema/not-yet";
import { resources } from "../../schema/resources";
import { version } from "../../package.json";

const root = join(__dirname, "..", "..");
const files = generatedFiles(version);

test.each(Object.keys(files))("%s is what the declarations say: else run npm run generate", (name) => {
  expect(readFileSync(join(root, "schema", "generated", name), "utf8")).toBe(files[name]);
});

test("generating twice gives the same", () => {
  expect(generatedFiles(version)).toEqual(files);
});

test("--check is quiet when all is fresh, and names what is stale", () => {
  const copy = mkdtempSync(join(tmpdir(), "schema-"));
  try {
    cpSync(join(root, "schema"), join(copy, "schema"), { recursive: true });
    cpSync(join(root, "package.json"), join(copy, "package.json"));
    mkdirSync(join(copy, "node_modules"));
    for (const name of ["ipaddr.js"]) symlinkSync(join(root, "node_modules", name), join(copy, "node_modules", name));
    const check = (): { status: number | null; stderr: string } => spawnSync(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), join(copy, "schema/generate.ts"), "--check"], { encoding: "utf8" });
    expect(check()).toMatchObject({ status: 0, stderr: "" });
    writeFileSync(join(copy, "schema/generated/reference.md"), "old");
    rmSync(join(copy, "schema/generated/pulumi-schema.json"));
    const stale = check();
    expect(stale.status).toBe(1);
    expect(stale.stderr).toBe("schema/generated/pulumi-schema.json is stale: run npm run generate\nschema/generated/reference.md is stale: run npm run generate\n");
  } finally {
    rmSync(copy, { recursive: true });
  }
}, 30_000);

test("every property of every resource has its words in the types and on the reference page", () => {
  for (const resource of Object.values(resources)) {
    for (const [name, property] of Object.entries(resource.inputs)) {
      expect(property.description).toMatch(/^[A-Z`].*\.$/s);
      expect(files["types.ts"]).toContain(` ${name}`);
      if (resource.kind === "resource") expect(files["reference.md"]).toContain(`| \`${name}\` |`);
      if (resource.kind === "config") expect(files["reference.md"]).toContain(`| \`ablestack:${name}\` |`);
    }
  }
  for (const path of Object.keys(notYet)) expect(files["reference.md"]).toContain(`\`${path}\``);
});

test("every property of the arguments has a doc comment, takes an Input, and costs nothing at program start", () => {
  const lines = (files["pulumi-args.ts"] ?? "").split("\n");
  const members = lines.filter((line) => /^ {2}readonly /.test(line));
  expect(members.length).toBeGreaterThan(80);
  for (const member of members) {
    expect(member).toMatch(/: pulumi\.Input<.*>;$/);
    expect(lines[lines.indexOf(member) - 1]).toMatch(/\*\/$/);
  }
  expect(lines.filter((line) => line.startsWith("import "))).toEqual(['import type * as pulumi from "@pulumi/pulumi";']);
});

test("no word ends a comment early", () => {
  expect(docComment(["a */ b"], "")).toBe("/** a *\\/ b */");
});
