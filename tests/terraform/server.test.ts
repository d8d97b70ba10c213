/** The provider as a gRPC server: who gets in, what is answered, and how much at once. */
import { credentials, loadPackageDefinition, type Client, type ClientOptions } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { ephemeralCertificate } from "../../provider/adapters/terraform/certificate";
import { handshakeLine, reattachment, refusalOf, termsOf } from "../../provider/adapters/terraform/handshake";
import { encodeMsgpack, decodeMsgpack } from "../../provider/adapters/terraform/msgpack";
import { callNames, surroundings, type CallName } from "../../provider/adapters/terraform/protocol";
import { TerraformProvider } from "../../provider/adapters/terraform/provider";
import { serve, type Serving } from "../../provider/adapters/terraform/server";
import { typeOfAttributes, type ObjectValue } from "../../provider/adapters/terraform/value";
import { ClusterError } from "../../provider/core/errors";
import { providerAddresses } from "../../schema/terraform-resources";
import { terraformSchema, type CtyType } from "../../schema/terraform-schema";
import { Cloud } from "../core/world/cloud";
import { configured } from "./world/core";
import { ask, messageOptions, tfplugin6, type Message, type Service } from "./world/over-grpc";

const cookie = { TF_PLUGIN_MAGIC_COOKIE: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2" };
const schema = terraformSchema();
const ruleType = "ablestack_network_rule";
const ruleAttributes = schema.resource_schemas[ruleType]!.block.attributes;
const ofRule: CtyType = typeOfAttributes(ruleAttributes);
const large: ClientOptions = { "grpc.max_receive_message_length": 256 * 1024 * 1024, "grpc.max_send_message_length": 256 * 1024 * 1024 };

const around = loadPackageDefinition(fromJSON(surroundings as never, messageOptions)) as unknown as { grpc: { health: { v1: { Health: Service } } }; plugin: { GRPCController: Service; GRPCStdio: Service } };

describe("handshake", () => {
  test("without Terraform's cookie there are no terms", () => {
    expect(termsOf({})).toBeUndefined();
    expect(termsOf({ ...cookie, PLUGIN_CLIENT_CERT: "PEM", PLUGIN_MIN_PORT: "10000", PLUGIN_MAX_PORT: "25000" })).toEqual({ clientCertificate: "PEM", ports: { from: 10_000, to: 25_000 } });
    expect(termsOf(cookie)).toEqual({ ports: { from: 0, to: 0 } });
  });

  test("an engine of an older protocol is told so", () => {
    expect(refusalOf({ PLUGIN_PROTOCOL_VERSIONS: "5,6" })).toBeUndefined();
    expect(refusalOf({ PLUGIN_PROTOCOL_VERSIONS: "4,5" })).toContain("speaks version 6");
  });

  test("one line says where and as whom; a debugger gets what TF_REATTACH_PROVIDERS takes", () => {
    expect(handshakeLine("127.0.0.1:41233", new Uint8Array([1, 2, 3, 4]))).toBe("1|6|tcp|127.0.0.1:41233|grpc|AQIDBA");
    const there = { Protocol: "grpc", ProtocolVersion: 6, Pid: 7, Test: true, Addr: { Network: "tcp", String: "127.0.0.1:1" } };
    expect(JSON.parse(reattachment(providerAddresses, "127.0.0.1:1", 7))).toEqual({
      "registry.terraform.io/ablestack/ablestack": there,
      "registry.opentofu.org/ablestack/ablestack": there,
    });
  });
});

describe("mutual TLS", () => {
  test("the one client whose certificate came with the handshake gets in, another does not", async () => {
    const [server, mine, other] = await Promise.all([ephemeralCertificate(Date.now()), ephemeralCertificate(Date.now()), ephemeralCertificate(Date.now())]);
    const provider = new TerraformProvider(() => new Cloud().newRun().session, {}, () => undefined);
    const serving = await serve({ provider, tls: { server, clientCertificate: mine.certificate }, ports: { from: 0, to: 0 }, onShutdown: () => undefined });
    const as = ({ certificate, key }: typeof mine): Client =>
      new tfplugin6.Provider(serving.address, credentials.createSsl(Buffer.from(server.certificate), Buffer.from(key), Buffer.from(certificate)), { "grpc.ssl_target_name_override": "localhost" });
    const [welcome, stranger] = [as(mine), as(other)];
    expect(await ask(welcome, "GetMetadata")).toMatchObject({ server_capabilities: { plan_destroy: true } });
    await expect(ask(stranger, "GetMetadata")).rejects.toThrow();
    welcome.close();
    stranger.close();
    await serving.close();
  });
});

describe("in the clear", () => {
  let serving: Serving;
  let client: Client;
  let ended = 0;
  let stopped = 0;
  const cloud = new Cloud();
  beforeAll(async () => {
    const provider = new TerraformProvider(
      () => cloud.newRun().session,
      { ABLESTACK_OWNER: "test" },
      () => (stopped += 1),
    );
    serving = await serve({ provider, ports: { from: 0, to: 0 }, onShutdown: () => (ended += 1) });
    client = new tfplugin6.Provider(serving.address, credentials.createInsecure(), large);
  });
  afterAll(async () => {
    client.close();
    await serving.close();
  });

  const rule = (more: Message = {}): ObjectValue => configured(ruleAttributes, { name: "https", kind: "firewall", protocol: "tcp", start_port: 443, cluster: "k3x9abcdef01", ...more });
  const packed = (value: ObjectValue | null): Message => ({ msgpack: encodeMsgpack(ofRule, value) });

  test("every call of the protocol is answered as Terraform expects: none breaks the connection", async () => {
    const nothing = { msgpack: encodeMsgpack("dynamic", null) };
    const state = { json: Buffer.from(JSON.stringify({ name: "https", kind: "firewall", protocol: "tcp", start_port: 443, gone: true })) };
    const connection = { msgpack: encodeMsgpack(typeOfAttributes(schema.provider.block.attributes), configured(schema.provider.block.attributes, {})) };
    const requests: Record<CallName, Message> = {
      GetMetadata: {},
      GetProviderSchema: {},
      GetResourceIdentitySchemas: {},
      UpgradeResourceIdentity: { type_name: ruleType },
      ValidateProviderConfig: { config: connection },
      ConfigureProvider: { terraform_version: "1.11.4", config: connection },
      ValidateResourceConfig: { type_name: ruleType, config: packed(rule()) },
      ValidateDataResourceConfig: { type_name: "ablestack_events", config: nothing },
      ValidateEphemeralResourceConfig: { type_name: "ablestack_none" },
      UpgradeResourceState: { type_name: ruleType, version: 0, raw_state: state },
      ReadResource: { type_name: ruleType, current_state: packed(null) },
      PlanResourceChange: { type_name: ruleType, prior_state: packed(null), proposed_new_state: packed(rule()), config: packed(rule()) },
      ApplyResourceChange: { type_name: "ablestack_nothing", prior_state: nothing, planned_state: nothing, config: nothing },
      ImportResourceState: { type_name: ruleType, id: "https" },
      MoveResourceState: { source_provider_address: "registry.terraform.io/ablestack/ablestack", source_type_name: ruleType, source_state: state, target_type_name: ruleType },
      ReadDataSource: { type_name: "ablestack_none", config: nothing },
      OpenEphemeralResource: { type_name: "ablestack_none" },
      RenewEphemeralResource: { type_name: "ablestack_none" },
      CloseEphemeralResource: { type_name: "ablestack_none" },
      GetFunctions: {},
      CallFunction: { name: "none" },
      StopProvider: {},
    };
    const answers: Record<string, Message> = {};
    for (const name of callNames) answers[name] = await ask(client, name, requests[name]);
    const errorsOf = (name: CallName): readonly { summary: string; detail: string }[] => (answers[name]!.diagnostics ?? []) as { summary: string; detail: string }[];
    const refused = callNames.filter((name) => errorsOf(name).length > 0);
    expect(refused).toEqual([
      "UpgradeResourceIdentity",
      "ValidateDataResourceConfig",
      "ValidateEphemeralResourceConfig",
      "ApplyResourceChange",
      "ImportResourceState",
      "ReadDataSource",
      "OpenEphemeralResource",
      "RenewEphemeralResource",
      "CloseEphemeralResource",
    ]);
    expect(errorsOf("ApplyResourceChange")[0]!.detail).toContain("has no resource ablestack_nothing");
    expect(errorsOf("ImportResourceState")[0]!.detail).toContain("`adopt = true`");
    expect(answers.CallFunction).toMatchObject({ error: { text: expect.stringContaining("no functions") as string } });
    expect(stopped).toBe(1);
    expect(Object.keys(answers.GetProviderSchema!.resource_schemas as object)).toEqual(Object.keys(schema.resource_schemas));
    expect(decodeMsgpack(ofRule, (answers.UpgradeResourceState!.upgraded_state as { msgpack: Uint8Array }).msgpack)).toMatchObject({ name: "https", start_port: 443, rule_id: null });
    expect(answers.MoveResourceState!.target_state).toEqual(answers.UpgradeResourceState!.upgraded_state);
  });

  test("a state of many MB goes both ways", async () => {
    const tags = Object.fromEntries(Array.from({ length: 40_000 }, (_, at) => [`key-${at}`, "x".repeat(240)]));
    const raw = { json: Buffer.from(JSON.stringify({ name: "https", kind: "firewall", tags })) };
    expect(raw.json.length).toBeGreaterThan(8 * 1024 * 1024);
    const answer = await ask(client, "UpgradeResourceState", { type_name: ruleType, version: 0, raw_state: raw });
    const upgraded = decodeMsgpack(ofRule, (answer.upgraded_state as { msgpack: Uint8Array }).msgpack) as ObjectValue;
    expect(upgraded.tags).toEqual(tags);
  });

  test("what is wrong points at the attribute, through objects and maps; an entry of a set has no place", async () => {
    const of = async (more: Message): Promise<unknown> => ((await ask(client, "ValidateResourceConfig", { type_name: ruleType, config: packed(rule(more)) })).diagnostics as { attribute: { steps: unknown } }[])[0]?.attribute.steps;
    expect(await of({ start_port: 0 })).toEqual([{ attribute_name: "start_port" }]);
    expect(await of({ cidr_list: ["10.0.0.0/33"] })).toEqual([{ attribute_name: "cidr_list" }]);
    expect(await of({ tags: { "ablestack-owner": "me" } })).toEqual([{ attribute_name: "tags" }, { element_key_string: "ablestack-owner" }]);
    expect(await of({ kind: "portForward", target: { role: "workers" } })).toEqual([{ attribute_name: "target" }, { attribute_name: "role" }]);
    expect(await of({ name: "" })).toEqual([{ attribute_name: "name" }]);
  });

  test("what Mold refuses while a change is planned is titled by what was being done, and points at the attribute", async () => {
    const refused = new ClusterError("there is no network lab in zone-1", { resource: "KubernetesCluster prod", property: "controlPlane.offering" });
    const failing = Object.fromEntries(callNames.map((name) => [name, () => Promise.reject(refused)])) as unknown as TerraformProvider;
    const other = await serve({ provider: failing, ports: { from: 0, to: 0 }, onShutdown: () => undefined });
    const asking = new tfplugin6.Provider(other.address, credentials.createInsecure());
    const errorOf = async (name: CallName, type: string): Promise<unknown> => ((await ask(asking, name, { type_name: type })).diagnostics as unknown[])[0];
    expect(await errorOf("PlanResourceChange", "ablestack_kubernetes_cluster")).toMatchObject({
      summary: "Planning ablestack_kubernetes_cluster",
      detail: "KubernetesCluster prod: there is no network lab in zone-1",
      attribute: { steps: [{ attribute_name: "control_plane" }, { attribute_name: "offering" }] },
    });
    expect(await errorOf("ReadDataSource", "ablestack_events")).toMatchObject({ summary: "Reading ablestack_events" });
    asking.close();
    await other.close();
  });

  test("health, standard output and the end are answered as go-plugin asks", async () => {
    const health = new around.grpc.health.v1.Health(serving.address, credentials.createInsecure());
    expect(await ask(health, "Check", { service: "plugin" })).toEqual({ status: 1 });
    const controller = new around.plugin.GRPCController(serving.address, credentials.createInsecure());
    expect(await ask(controller, "Shutdown")).toEqual({});
    expect(ended).toBe(1);
    health.close();
    controller.close();
  });
});
