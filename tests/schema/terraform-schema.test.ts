/** Terraform's schema says what the declarations say, in what Terraform can be told. */
import { resources } from "../../schema/resources";
import { inputAttribute, snakeCase, terraformDataSources, terraformResources } from "../../schema/terraform-resources";
import { terraformSchema, terraformSchemaFile, type TerraformAttribute, type TerraformAttributes } from "../../schema/terraform-schema";

const schema = terraformSchema();
const dataSources = Object.fromEntries(Object.entries(schema.data_source_schemas).map(([name, each]) => [`data.${name}`, each]));
const all = Object.entries({ ...schema.resource_schemas, ...dataSources, provider: schema.provider });

const walk = (attributes: TerraformAttributes, path: string): [string, TerraformAttribute][] =>
  Object.entries(attributes).flatMap(([name, attribute]) => [[`${path}.${name}`, attribute] as [string, TerraformAttribute], ...walk(attribute.nested_type?.attributes ?? {}, `${path}.${name}`)]);
const every = all.flatMap(([name, { block }]) => walk(block.attributes, name));

test.each([
  ...terraformResources.map((each) => [each.type, each, schema.resource_schemas] as const),
  ...terraformDataSources.map((each) => [`data ${each.type}`, each, schema.data_source_schemas] as const),
])("every input and every output of %s is an attribute, and nothing else is", (_, { type, inputs, outputs }, schemas) => {
  const expected = new Set([...Object.keys(inputs).map(inputAttribute), ...Object.keys(outputs).map(snakeCase)]);
  expect(Object.keys(schemas[type]!.block.attributes)).toEqual([...expected].sort());
});

test("no attribute has a name that Terraform keeps for itself, or one that is no name", () => {
  const reserved = ["connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "alias", "source"];
  for (const [name, { block }] of all) expect(Object.keys(block.attributes).filter((each) => reserved.includes(each) || (name === "provider" && each === "version"))).toEqual([]);
  expect(every.map(([path]) => path.split(".").pop()!).filter((name) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name))).toEqual([]);
});

test("an attribute is required, or optional, or computed; what is required is nothing else", () => {
  expect(every.filter(([, { required, optional, computed }]) => (required ? optional || computed : !optional && !computed)).map(([path]) => path)).toEqual([]);
  expect(every.filter(([, { type, nested_type: nested }]) => (type === undefined) === (nested === undefined)).map(([path]) => path)).toEqual([]);
});

test("what is secret is sensitive, wherever it is", () => {
  const sensitive = every.filter(([, attribute]) => attribute.sensitive).map(([path]) => path);
  expect(sensitive).toEqual(
    expect.arrayContaining(["provider.secret_key", "provider.connections.secret_key", "ablestack_kubernetes_cluster.kubeconfig", "ablestack_kubernetes_cluster.identity.ca_key", "ablestack_kubernetes_cluster.private_registry.password", "ablestack_cluster_identity.admin_key"]),
  );
  expect(sensitive.filter((path) => /certificate$|\.name$|endpoint/.test(path))).toEqual([]);
});

test("a default is filled in by the plan: such an attribute is computed as well; another one is what is configured", () => {
  const { attributes } = schema.resource_schemas.ablestack_kubernetes_cluster!.block;
  // It is the identity's own resource that is given another's.
  const { adoptIdentity: _, ...inputs } = resources.KubernetesCluster.inputs;
  for (const [name, property] of Object.entries(inputs)) expect([name, attributes[inputAttribute(name)]!.computed === true]).toEqual([name, property.default !== undefined]);
});

test("descriptions name attributes as HCL does, and no command of another engine", () => {
  const names = every.filter(([, { description }]) => /`[a-z]+[A-Z]\w*`/.test(description)).map(([path, { description }]) => `${path}: ${description}`);
  expect(names.filter((each) => !/`(portForward|acquireIp|[a-z]*Based|[A-Z])/.test(each) && !/`k8s\./.test(each))).toEqual([]);
  expect(every.filter(([, { description }]) => /pulumi config/.test(description)).map(([path]) => path)).toEqual([]);
});

test("it is the same text each time", () => {
  expect(terraformSchemaFile()).toBe(terraformSchemaFile());
});
