import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import schema from "../../schema/generated/pulumi-schema.json";
import { dataSources } from "../../schema/data-sources";
import { resources } from "../../schema/resources";

type Spec = Readonly<Record<string, unknown>>;
interface Members extends Spec {
  readonly properties?: Readonly<Record<string, Spec>>;
  readonly required?: readonly string[];
}
const types = schema.types as unknown as Readonly<Record<string, Members & { readonly enum?: readonly Spec[] }>>;

/** Pulumi's meta-schema in short: what a property may say (https://www.pulumi.com/docs/iac/build-with-pulumi/schema/). */
const allowed = ["type", "$ref", "items", "additionalProperties", "description", "default", "defaultInfo", "secret", "replaceOnChanges"];

function checkTypeSpec(spec: Spec, where: string): void {
  if (typeof spec.$ref === "string") {
    const target = types[spec.$ref.replace("#/types/", "")];
    expect([where, target?.type]).toEqual([where, spec.type]);
  } else if (spec.type === "array") checkTypeSpec(spec.items as Spec, `${where}[]`);
  else if (spec.type === "object") checkTypeSpec(spec.additionalProperties as Spec, `${where}{}`);
  else expect([where, ["string", "integer", "boolean"]]).toEqual([where, expect.arrayContaining([spec.type])]);
}

function checkMembers(properties: Readonly<Record<string, Spec>>, required: readonly string[], where: string, isResource = false): void {
  for (const name of required) expect(Object.keys(properties)).toContain(name);
  for (const [name, spec] of Object.entries(properties)) {
    const at = `${where}.${name}`;
    expect(allowed).toEqual(expect.arrayContaining(Object.keys(spec)));
    expect(["pulumi", "__provider", ...(isResource ? ["id", "urn"] : [])]).not.toContain(name);
    checkTypeSpec(spec, at);
    if (spec.default !== undefined) expect([at, typeof spec.default]).toEqual([at, spec.type === "integer" ? "number" : spec.type]);
  }
}

test("every type, resource and setting has the shape that Pulumi documents", () => {
  for (const [token, type] of Object.entries(types)) {
    expect(token).toMatch(/^ablestack:index:[A-Z][A-Za-z]+$/);
    if (type.enum === undefined) checkMembers(type.properties ?? {}, type.required ?? [], token);
    else expect(new Set(type.enum.map((entry) => entry.value)).size).toBe(type.enum.length);
  }
  for (const [token, resource] of Object.entries(schema.resources)) {
    expect(token).toMatch(/^ablestack:index:[A-Z][A-Za-z]+$/);
    checkMembers(resource.properties, resource.required, token, true);
    checkMembers(resource.inputProperties, resource.requiredInputs, token, true);
  }
  for (const [token, { inputs, outputs }] of Object.entries(schema.functions)) {
    expect(token).toMatch(/^ablestack:index:get[A-Z][A-Za-z]+$/);
    checkMembers(inputs.properties, inputs.required, token);
    checkMembers(outputs.properties, outputs.required, token);
  }
  checkMembers(schema.config.variables, [], "config");
});

test("every declaration is in it, with what is secret and what replaces", () => {
  const names = Object.values(resources).filter((resource) => resource.kind !== "config").map((resource) => `ablestack:index:${resource.name}`);
  expect(Object.keys(schema.resources).sort()).toEqual(names.sort());
  const { inputProperties, properties, requiredInputs } = schema.resources["ablestack:index:KubernetesCluster"];
  expect(Object.keys(inputProperties)).toEqual(Object.keys(resources.KubernetesCluster.inputs));
  expect(requiredInputs).toEqual(["zone", "version", "controlPlane", "workers"]);
  expect(properties.kubeconfig.secret).toBe(true);
  expect(inputProperties.zone.replaceOnChanges).toBe(true);
  expect(inputProperties.workers).not.toHaveProperty("replaceOnChanges");
  expect(types["ablestack:index:PrivateRegistry"]?.properties?.password?.secret).toBe(true);
});

test("every data source is a function of it", () => {
  expect(Object.keys(schema.functions)).toEqual(Object.keys(dataSources).map((name) => `ablestack:index:${name}`));
  expect(schema.functions["ablestack:index:getKubernetesCluster"].inputs.properties.kubeconfig.secret).toBe(true);
});

test("the connection is configuration: its keys are secret there, and no resource takes them", () => {
  const { variables } = schema.config;
  expect(variables.secretKey).toMatchObject({ secret: true, defaultInfo: { environment: ["ABLESTACK_SECRET_KEY", "CLOUDSTACK_SECRET_KEY", "CLOUDSTACK_SECRET"] } });
  expect(variables.connections.secret).toBe(true);
  for (const resource of Object.values(schema.resources)) for (const name of ["apiKey", "secretKey"]) expect(resource.inputProperties).not.toHaveProperty(name);
});

const cli = [...(process.env.PATH ?? "").split(delimiter), join(homedir(), ".cache/ablestack-kubernetes/pulumi-3.259.0-linux-amd64")].map((folder) => join(folder, "pulumi")).find((path) => existsSync(path));

(cli === undefined ? test.skip : test)(
  "Pulumi itself binds it",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "schema-pulumi-"));
    try {
      const made = spawnSync(cli ?? "", ["package", "gen-sdk", join(__dirname, "../../schema/generated/pulumi-schema.json"), "--language", "nodejs", "--out", join(folder, "sdk")], {
        encoding: "utf8",
        env: { ...process.env, PATH: `${join(cli ?? "", "..")}${delimiter}${process.env.PATH ?? ""}`, PULUMI_HOME: join(folder, "home"), PULUMI_SKIP_UPDATE_CHECK: "true" },
      });
      // The language host that builds from the Go module registry (pulumi.md) generates no SDKs: it is asked only after the schema was bound.
      const said = `${made.stdout}${made.stderr}`;
      expect(made.status === 0 || said.includes("GeneratePackage not implemented") ? "bound" : said).toBe("bound");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
