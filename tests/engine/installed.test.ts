/** However the package comes to lie in a program's folder, the engine's provider process finds it, and with it one @pulumi/pulumi. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, root } from "./world/paths";
import { packageIn, TestStack } from "./world/stack";

jest.setTimeout(240_000);

let stack: TestStack | undefined;
afterEach(async () => {
  await stack?.close();
  stack = undefined;
});

/** Says how many copies of Pulumi's SDK the program has loaded: two would not know of each other's resources. */
const countingCopies = '\nexport const copies = Object.keys(require.cache).filter((file) => /@pulumi.pulumi.index\\.js$/.test(file)).length;\n';

const json = (path: string, content: unknown): void => writeFileSync(path, JSON.stringify(content));
const versions = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string; devDependencies: Record<string, string> };

/** A package of somebody's own that gives out the component under another name. */
function wrapperIn(folder: string, dependencies: Record<string, string>): void {
  mkdirSync(folder, { recursive: true });
  json(join(folder, "package.json"), { name: "@org/wrapper", version: "1.0.0", main: "index.js", types: "index.d.ts", dependencies, peerDependencies: { "@pulumi/pulumi": "*" } });
  writeFileSync(join(folder, "index.js"), 'exports.House = require("ablestack-kubernetes").HighlyAvailableCluster;\n');
  writeFileSync(join(folder, "index.d.ts"), "export declare const House: any;\n");
}

const wrapped = (program: string): string => program.replace('import { HighlyAvailableCluster } from "ablestack-kubernetes";', 'import { House as HighlyAvailableCluster } from "@org/wrapper";');

async function lives(here: TestStack): Promise<void> {
  await here.up();
  expect(here.machines).toHaveLength(6);
  expect(await here.output<number>("copies")).toBe(1);
  expect(await here.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
}

async function dies(here: TestStack): Promise<void> {
  await here.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(here.mold.isEmpty()).toBe(true);
}

test("nested in a wrapper package, which alone can see it", async () => {
  stack = await TestStack.create({
    range: 40,
    install(program) {
      const wrapper = join(program, "node_modules/@org/wrapper");
      wrapperIn(wrapper, { "ablestack-kubernetes": versions.version });
      mkdirSync(join(wrapper, "node_modules"));
      for (const scope of ["@pulumi", "@types"]) mkdirSync(join(program, "node_modules", scope));
      symlinkSync(packageIn(join(program, "../package")), join(wrapper, "node_modules/ablestack-kubernetes"));
      for (const name of ["@pulumi/pulumi", "@types/node"]) symlinkSync(join(root, "node_modules", name), join(program, "node_modules", name));
      json(join(program, "package.json"), { name: "ha-cluster", main: "index.ts", dependencies: { "@pulumi/pulumi": "*", "@org/wrapper": "1" } });
    },
  });
  stack.write("index.ts", wrapped(stack.read("index.ts")) + countingCopies);
  await lives(stack);
  await dies(stack);
});

test("upgraded meanwhile: what an older release made is left as it is, and destroyed by the newer one", async () => {
  stack = await TestStack.create({ range: 41 });
  stack.write("index.ts", stack.read("index.ts") + countingCopies);
  await lives(stack);
  // Another version in another place, laid out in another way: the state may know of none of it.
  const link = join(stack.program, "node_modules/ablestack-kubernetes");
  const newer = packageIn(join(stack.folder, "newer"));
  rmSync(link);
  rmSync(join(stack.folder, "package"), { recursive: true });
  renameSync(join(newer, "dist"), join(newer, "lib"));
  const manifest = join(newer, "package.json");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replaceAll("./dist/", "./lib/").replace(`"version": "${versions.version}"`, '"version": "99.0.0"'));
  symlinkSync(newer, link);
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
  await dies(stack);
});

test("by pnpm: directly, and where only a wrapper can see it", async () => {
  stack = await TestStack.create({
    range: 42,
    install(program) {
      // As `npm pack` makes it of what is built.
      const source = join(program, "../source");
      cpSync(built(), join(source, "dist"), { recursive: true });
      for (const file of ["package.json", "schema/generated"]) cpSync(join(root, file), join(source, file), { recursive: true });
      execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", join(program, "..")], { cwd: source, stdio: "pipe" });
      const tarball = `file:${join(program, `../ablestack-kubernetes-${versions.version}.tgz`)}`;
      wrapperIn(join(program, "../wrapper"), { "ablestack-kubernetes": tarball });
      execFileSync("npm", ["pack", "--pack-destination", join(program, "..")], { cwd: join(program, "../wrapper"), stdio: "pipe" });
      const dependencies = { "@pulumi/pulumi": versions.devDependencies["@pulumi/pulumi"], "@org/wrapper": `file:${join(program, "../org-wrapper-1.0.0.tgz")}`, "ablestack-kubernetes": tarball };
      const devDependencies = { typescript: versions.devDependencies.typescript, "@types/node": versions.devDependencies["@types/node"] };
      json(join(program, "package.json"), { name: "ha-cluster", main: "index.ts", dependencies, devDependencies });
      execFileSync("npx", ["--yes", "pnpm@10", "install", "--prefer-offline", "--store-dir", join(root, "node_modules/.cache/pnpm")], { cwd: program, stdio: "pipe" });
    },
  });
  const program = stack.read("index.ts") + countingCopies;
  stack.write("index.ts", program);
  await lives(stack);
  // As if the program depended on the wrapper alone.
  rmSync(join(stack.program, "node_modules/ablestack-kubernetes"));
  stack.write("package.json", stack.read("package.json").replace(/,"ablestack-kubernetes":"[^"]*"/, ""));
  stack.write("index.ts", wrapped(program));
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
  await dies(stack);
});
