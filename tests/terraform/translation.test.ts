/** What a person reads and writes is HCL: names, paths and values on the way between Terraform and the handlers. */
import { attributePath } from "../../provider/adapters/terraform/attribute-path";
import { configurationOf, ownerMark } from "../../provider/adapters/terraform/configuration";
import { inputsFrom, inputsTo } from "../../provider/adapters/terraform/declared-values";
import { errorDiagnostics } from "../../provider/adapters/terraform/diagnostics";
import { hclogLine, hearing, providerLog } from "../../provider/adapters/terraform/log";
import { filledIn } from "../../provider/adapters/terraform/planned";
import { BigNumber } from "../../provider/adapters/terraform/value";
import { inTerraformWords } from "../../provider/adapters/terraform/words";
import { ClusterError } from "../../provider/core/errors";
import { unknown } from "../../provider/handlers/handler";
import { resources } from "../../schema/resources";
import { terraformSchema } from "../../schema/terraform-schema";
import { configured } from "./world/core";

const cluster = resources.KubernetesCluster.inputs;
const clusterAttributes = terraformSchema().resource_schemas.ablestack_kubernetes_cluster!.block.attributes;

describe("paths", () => {
  test.each([
    ["workers.rootDiskGb", "workers.root_disk_gb", [{ attribute: "workers" }, { attribute: "root_disk_gb" }]],
    ["connection", "connection_name", [{ attribute: "connection_name" }]],
    ['nodes["prod.1"].offering', 'node_operations["prod.1"].offering', [{ attribute: "node_operations" }, { key: "prod.1" }, { attribute: "offering" }]],
    ["apiAccess.cidrList[1]", "api_access.cidr_list[1]", [{ attribute: "api_access" }, { attribute: "cidr_list" }]],
    ["workers.cuont", "workers.cuont", [{ attribute: "workers" }]],
    ["", "", []],
  ])("%s is %s", (path, text, steps) => expect(attributePath(cluster, path)).toEqual({ text, steps }));
});

test("what is said names properties and commands as somebody with HCL and Terraform knows them; values in quotes stay", () => {
  expect(inTerraformWords("give the id of a public address as ipAddressId")).toBe("give the id of a public address as ip_address_id");
  expect(inTerraformWords('must be one of "firewall", "portForward"')).toBe('must be one of "firewall", "portForward"');
  expect(inTerraformWords("ablestack:secretKey is not set: `pulumi config set --secret ablestack:secretKey` or ABLESTACK_SECRET_KEY")).toBe("secret_key is not set: `secret_key` of the provider or ABLESTACK_SECRET_KEY");
  expect(inTerraformWords('or replace it (nodes: { "prod-1": { replace: "<why>" } } in the declaration)')).toBe('or replace it (node_operations = { "prod-1" = { replace = "<why>" } } in the declaration)');
  expect(inTerraformWords('nodes["prod-1"].delete names a control plane')).toBe('node_operations["prod-1"].delete names a control plane');
  expect(inTerraformWords("ablestack:connections.lab.apiUrl is not set")).toBe("connections.lab.api_url is not set");
});

test("inputs are what a program of another engine would give: null is left out, unknown stays, names are the handlers'", () => {
  const object = { ...configured(clusterAttributes, { name: "prod", control_plane: { offering: "k8s", root_disk_gb: new BigNumber("40") }, zone: unknown, node_operations: { "prod-worker-1": { reboot: "now" } } }) };
  expect(inputsFrom(cluster, object)).toEqual({ name: "prod", controlPlane: { offering: "k8s", rootDiskGb: 40 }, zone: unknown, nodes: { "prod-worker-1": { reboot: "now" } } });
  expect(inputsTo({ connection: cluster.connection! }, { connection: "lab" })).toEqual({ connection_name: "lab" });
});

test("a plan keeps what is configured as it is, and fills in what is not where the provider may", () => {
  const config = configured(clusterAttributes, { name: "prod", control_plane: { offering: "k8s" }, workers: unknown });
  const checked = configured(clusterAttributes, { name: "other", control_plane: { offering: "k8s", count: 3 }, affinity: "preferred", description: "made up" });
  const filled = filledIn(clusterAttributes, config, checked);
  expect(filled).toMatchObject({ name: "prod", control_plane: { offering: "k8s", count: 3, root_disk_gb: null }, workers: unknown, affinity: "preferred", description: null });
});

describe("the provider block", () => {
  const attributes = terraformSchema().provider.block.attributes;
  test("is asked for by the keys that every engine's configuration has", () => {
    const { get, owner, failures } = configurationOf(configured(attributes, { api_url: "https://mold/client/api", timeout: 5, owner: "shop/prod", connections: { lab: { api_url: "https://lab/client/api", secret_key: "hush" } } }), {});
    expect([get("ablestack:apiUrl"), get("ablestack:timeout"), get("ablestack:apiKey")]).toEqual(["https://mold/client/api", "5", undefined]);
    expect(JSON.parse(get("ablestack:connections")!)).toEqual({ lab: { apiUrl: "https://lab/client/api", secretKey: "hush" } });
    expect([owner(), ownerMark(owner()!), failures]).toEqual(["shop/prod", "terraform:shop/prod", []]);
  });

  test("the owner may come from the environment", () => {
    expect(configurationOf(configured(attributes, {}), { ABLESTACK_OWNER: "shop" }).owner()).toBe("shop");
    expect(configurationOf(configured(attributes, {}), {}).owner()).toBeUndefined();
  });

  test("nothing stands in for what isn't known yet: neither the environment nor a default, or a plan would look at another Mold", () => {
    const { get, owner, failures } = configurationOf(configured(attributes, { api_url: unknown, owner: unknown, timeout: 5, connections: { lab: { api_url: "https://lab/client/api", secret_key: unknown } } }), { ABLESTACK_OWNER: "shop" });
    expect(failures).toEqual([]);
    expect(get("ablestack:timeout")).toBe("5");
    expect(() => get("ablestack:apiUrl")).toThrow("`api_url` of the provider isn't known yet");
    expect(() => get("ablestack:connections")).toThrow("`connections.lab.secret_key` of the provider isn't known yet");
    expect(owner).toThrow("`owner` of the provider isn't known yet: it follows from something that is still to be made");
    expect(() => configurationOf(configured(attributes, { connections: unknown }), {}).get("ablestack:connections")).toThrow("`connections` of the provider isn't known yet");
  });

  test("wrong settings are named, secrets are not shown", () => {
    const { failures } = configurationOf(configured(attributes, { api_url: "mold", digest: "md5", proxy: "user:hush@nowhere" }), {});
    expect(failures.map(({ property }) => property).sort()).toEqual(["apiUrl", "digest", "proxy"]);
    expect(JSON.stringify(failures)).not.toContain("hush");
  });
});

test("an error that says all there is to say is shown without a stack, and points at its property; a mistake of ours with one", () => {
  const [worded] = errorDiagnostics(new ClusterError("is too small", { resource: "KubernetesCluster prod", property: "workers.rootDiskGb" }), "Creating prod", cluster);
  expect(worded).toMatchObject({ summary: "Creating prod", detail: "KubernetesCluster prod: is too small", attribute: { steps: [{ attribute_name: "workers" }, { attribute_name: "root_disk_gb" }] } });
  expect(errorDiagnostics(new TypeError("x is not a function"), "Creating prod")[0]).toMatchObject({ summary: "Creating prod: a mistake of the provider's own", detail: expect.stringContaining("translation.test") as string });
});

test("lines of the log are Terraform's form of it, and a warning goes into the answer of the call that it came from", async () => {
  const lines: string[] = [];
  const log = providerLog({ write: (line) => lines.push(line), now: () => Date.parse("2026-11-28T12:00:00.123Z") });
  const [one, other] = await Promise.all([hearing(async () => log.warn("of one")), hearing(async () => log.info("of the other"))]);
  expect([one.warnings, other.warnings]).toEqual([["of one"], []]);
  expect(JSON.parse(lines[0]!)).toEqual({ "@level": "warn", "@message": "of one", "@module": "ablestack", "@timestamp": "2026-11-28T12:00:00.123000Z" });
  expect(hclogLine("info", "two\nlines", 0).split("\n")).toHaveLength(2);
});
