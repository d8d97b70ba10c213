import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connection } from "../../schema/connection";

const root = join(__dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "schema/README.md", "provider/adapters/terraform/README.md", "tests/features/RESULTS.md", ".toolchain/pulumi/README.md", "examples/cdktf-ha-cluster/README.md", "examples/terraform-ha-cluster/README.md"];

/** Of the Terraform provider: where it writes its progress to. Settings of it alone are declared as well. */
const otherVariables = ["ABLESTACK_PROGRESS"];

/** As GitHub makes them. */
const anchors = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replace(/ /g, "-"));

describe("the documents", () => {
  test.each(documents)("every link in %s leads somewhere", (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!).filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? document : join(dirname(document), path);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(read(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test("every make target that they name is there", () => {
    const targets = new Set([...read("Makefile").matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));
    const named = documents.flatMap((document) => [...read(document).matchAll(/(?:`|^ *|\(|; )make (?:-s )?([a-z][a-z-]*)/gm)].map(([, target]) => target!));
    expect(named).toContain("up");
    expect(named.filter((target) => !targets.has(target))).toEqual([]);
  });

  test("every connection setting and variable that the README names is declared", () => {
    const readme = read("README.md");
    const variables = new Set(Object.values(connection.inputs).flatMap(({ environment = [] }) => environment).concat(otherVariables));
    const settings = [...readme.matchAll(/ablestack:(?:connections\.[a-z]+\.)?([a-z]\w*)/gi)].map(([, name]) => name!).filter((name) => name !== "connections");
    expect([...new Set(settings)].filter((name) => !(name in connection.inputs))).toEqual([]);
    expect([...readme.matchAll(/\b(?:ABLESTACK|CLOUDSTACK)_[A-Z_]+[A-Z]\b/g)].map(([name]) => name).filter((name) => !variables.has(name))).toEqual([]);
  });

  test("every folder of the house is in CONTRIBUTING", () => {
    const folders = readdirSync(join(root, "provider"), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => `\`provider/${name}/\``);
    expect(folders.filter((folder) => !read("CONTRIBUTING.md").includes(folder))).toEqual([]);
  });

  test("the README's programs are programs: they compile against the SDK", () => {
    const programs = [...read("README.md").matchAll(/^```ts\n(.*?)^```/gms)].map(([, text]) => text!);
    expect(programs.length).toBeGreaterThan(0);
    // Inside the checkout, so that @pulumi/pulumi is found from there.
    const cache = join(root, "node_modules/.cache");
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, "readme-"));
    try {
      programs.forEach((text, index) => writeFileSync(join(folder, `program-${index}.ts`), text));
      const options = { extends: join(root, "tsconfig.json"), compilerOptions: { types: ["node"], incremental: false, tsBuildInfoFile: null, paths: { "ablestack-kubernetes": [join(root, "sdk/pulumi/index.ts")], "ablestack-kubernetes/cdktf": [join(root, "sdk/cdktf/index.ts")] } }, include: ["*.ts"], exclude: [] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
      const { stdout, status } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], { encoding: "utf8" });
      expect(stdout).toBe("");
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
