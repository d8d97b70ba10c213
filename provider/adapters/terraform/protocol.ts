/**
 * The messages of Terraform's plugin protocol, version 6, and of go-plugin around it, as far as this provider reads and writes them.
 * Field numbers are the protocol's (https://github.com/hashicorp/terraform/tree/main/docs/plugin-protocol,
 * https://github.com/hashicorp/go-plugin); what is not listed is skipped when it comes, as protobuf has it.
 */

/** As protobufjs describes a protocol in JSON. */
export interface Descriptor {
  readonly nested?: Readonly<Record<string, Descriptor>>;
  readonly fields?: Readonly<Record<string, FieldSpec>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string; readonly requestStream?: true; readonly responseStream?: true }>>;
}

interface FieldSpec {
  readonly type: string;
  readonly id: number;
  readonly rule?: "repeated";
  readonly keyType?: "string";
}
const of =
  (type: string) =>
  (id: number): FieldSpec => ({ type, id });
const many = (type: string, id: number): FieldSpec => ({ type, id, rule: "repeated" });
const byName = (type: string, id: number): FieldSpec => ({ type, id, keyType: "string" });
const [text, bytes, flag, whole, value, diagnostics] = [of("string"), of("bytes"), of("bool"), of("int64"), of("DynamicValue"), (id: number): FieldSpec => many("Diagnostic", id)];
const capabilities = of("ServerCapabilities");

type Messages = Readonly<Record<string, Readonly<Record<string, FieldSpec>>>>;

const messages: Messages = {
  DynamicValue: { msgpack: bytes(1), json: bytes(2) },
  Diagnostic: { severity: of("Severity")(1), summary: text(2), detail: text(3), attribute: of("AttributePath")(4) },
  FunctionError: { text: text(1) },
  AttributePath: { steps: many("Step", 1) },
  Step: { attribute_name: text(1), element_key_string: text(2), element_key_int: whole(3) },
  RawState: { json: bytes(1) },
  ServerCapabilities: { plan_destroy: flag(1), get_provider_schema_optional: flag(2), move_resource_state: flag(3) },
  Schema: { version: whole(1), block: of("Block")(2) },
  Block: { version: whole(1), attributes: many("Attribute", 2), description: text(4), description_kind: of("StringKind")(5) },
  Attribute: {
    name: text(1),
    type: bytes(2),
    description: text(3),
    required: flag(4),
    optional: flag(5),
    computed: flag(6),
    sensitive: flag(7),
    description_kind: of("StringKind")(8),
    nested_type: of("NestedObject")(10),
  },
  NestedObject: { attributes: many("Attribute", 1), nesting: of("Nesting")(3) },
  TypeName: { type_name: text(1) },
  Nothing: {},

  GetMetadataResponse: { server_capabilities: capabilities(1), diagnostics: diagnostics(2), data_sources: many("TypeName", 3), resources: many("TypeName", 4) },
  GetProviderSchemaResponse: {
    provider: of("Schema")(1),
    resource_schemas: byName("Schema", 2),
    data_source_schemas: byName("Schema", 3),
    diagnostics: diagnostics(4),
    server_capabilities: capabilities(6),
  },
  GetResourceIdentitySchemasResponse: { diagnostics: diagnostics(2) },
  UpgradeResourceIdentityRequest: { type_name: text(1) },
  UpgradeResourceIdentityResponse: { diagnostics: diagnostics(2) },
  ValidateProviderConfigRequest: { config: value(1) },
  ValidateProviderConfigResponse: { diagnostics: diagnostics(2) },
  ValidateConfigRequest: { type_name: text(1), config: value(2) },
  ValidateConfigResponse: { diagnostics: diagnostics(1) },
  UpgradeResourceStateRequest: { type_name: text(1), version: whole(2), raw_state: of("RawState")(3) },
  UpgradeResourceStateResponse: { upgraded_state: value(1), diagnostics: diagnostics(2) },
  ConfigureProviderRequest: { terraform_version: text(1), config: value(2) },
  ConfigureProviderResponse: { diagnostics: diagnostics(1) },
  ReadResourceRequest: { type_name: text(1), current_state: value(2), private: bytes(3) },
  ReadResourceResponse: { new_state: value(1), diagnostics: diagnostics(2), private: bytes(3) },
  PlanResourceChangeRequest: { type_name: text(1), prior_state: value(2), proposed_new_state: value(3), config: value(4), prior_private: bytes(5) },
  PlanResourceChangeResponse: { planned_state: value(1), requires_replace: many("AttributePath", 2), planned_private: bytes(3), diagnostics: diagnostics(4) },
  ApplyResourceChangeRequest: { type_name: text(1), prior_state: value(2), planned_state: value(3), config: value(4), planned_private: bytes(5) },
  ApplyResourceChangeResponse: { new_state: value(1), private: bytes(2), diagnostics: diagnostics(3) },
  ImportResourceStateRequest: { type_name: text(1), id: text(2) },
  ImportResourceStateResponse: { imported_resources: many("ImportedResource", 1), diagnostics: diagnostics(2) },
  ImportedResource: { type_name: text(1), state: value(2), private: bytes(3) },
  MoveResourceStateRequest: { source_provider_address: text(1), source_type_name: text(2), source_schema_version: whole(3), source_state: of("RawState")(4), target_type_name: text(5) },
  MoveResourceStateResponse: { target_state: value(1), diagnostics: diagnostics(2) },
  ReadDataSourceRequest: { type_name: text(1), config: value(2) },
  ReadDataSourceResponse: { state: value(1), diagnostics: diagnostics(2) },
  OpenEphemeralResourceResponse: { diagnostics: diagnostics(1), result: value(3) },
  EphemeralResourceResponse: { diagnostics: diagnostics(1) },
  GetFunctionsResponse: { diagnostics: diagnostics(2) },
  CallFunctionRequest: { name: text(1) },
  CallFunctionResponse: { result: value(1), error: of("FunctionError")(2) },
  StopProviderResponse: { Error: text(1) },
};

const enums = {
  Severity: { INVALID: 0, ERROR: 1, WARNING: 2 },
  StringKind: { PLAIN: 0, MARKDOWN: 1 },
  Nesting: { INVALID: 0, SINGLE: 1, LIST: 2, SET: 3, MAP: 4 },
} as const;

export const severity = enums.Severity;
export const stringKind = enums.StringKind;
export const nesting = enums.Nesting;

/** What each call takes and answers, by the name of its message; a call that takes nothing takes `Nothing`. */
const calls = {
  GetMetadata: ["Nothing", "GetMetadataResponse"],
  GetProviderSchema: ["Nothing", "GetProviderSchemaResponse"],
  GetResourceIdentitySchemas: ["Nothing", "GetResourceIdentitySchemasResponse"],
  UpgradeResourceIdentity: ["UpgradeResourceIdentityRequest", "UpgradeResourceIdentityResponse"],
  ValidateProviderConfig: ["ValidateProviderConfigRequest", "ValidateProviderConfigResponse"],
  ValidateResourceConfig: ["ValidateConfigRequest", "ValidateConfigResponse"],
  ValidateDataResourceConfig: ["ValidateConfigRequest", "ValidateConfigResponse"],
  ValidateEphemeralResourceConfig: ["ValidateConfigRequest", "ValidateConfigResponse"],
  UpgradeResourceState: ["UpgradeResourceStateRequest", "UpgradeResourceStateResponse"],
  ConfigureProvider: ["ConfigureProviderRequest", "ConfigureProviderResponse"],
  ReadResource: ["ReadResourceRequest", "ReadResourceResponse"],
  PlanResourceChange: ["PlanResourceChangeRequest", "PlanResourceChangeResponse"],
  ApplyResourceChange: ["ApplyResourceChangeRequest", "ApplyResourceChangeResponse"],
  ImportResourceState: ["ImportResourceStateRequest", "ImportResourceStateResponse"],
  MoveResourceState: ["MoveResourceStateRequest", "MoveResourceStateResponse"],
  ReadDataSource: ["ReadDataSourceRequest", "ReadDataSourceResponse"],
  OpenEphemeralResource: ["ValidateConfigRequest", "OpenEphemeralResourceResponse"],
  RenewEphemeralResource: ["TypeName", "EphemeralResourceResponse"],
  CloseEphemeralResource: ["TypeName", "EphemeralResourceResponse"],
  GetFunctions: ["Nothing", "GetFunctionsResponse"],
  CallFunction: ["CallFunctionRequest", "CallFunctionResponse"],
  StopProvider: ["Nothing", "StopProviderResponse"],
} as const;

export type CallName = keyof typeof calls;
export const callNames = Object.keys(calls) as readonly CallName[];

const fields = (spec: Messages): Readonly<Record<string, Descriptor>> => Object.fromEntries(Object.entries(spec).map(([name, each]) => [name, { fields: each }]));

/** Terraform's own service. */
export const provider: Descriptor = {
  nested: {
    tfplugin6: {
      nested: {
        ...fields(messages),
        ...Object.fromEntries(Object.entries(enums).map(([name, values]) => [name, { values }])),
        Provider: { methods: Object.fromEntries(Object.entries(calls).map(([name, [requestType, responseType]]) => [name, { requestType, responseType }])) },
      },
    },
  },
};

/** What go-plugin's client talks to beside it. */
export const surroundings: Descriptor = {
  nested: {
    plugin: {
      nested: {
        ...fields({ Empty: {}, StdioData: { channel: of("int32")(1), data: bytes(2) }, ConnInfo: { service_id: of("uint32")(1), network: text(2), address: text(3) } }),
        GRPCController: { methods: { Shutdown: { requestType: "Empty", responseType: "Empty" } } },
        GRPCStdio: { methods: { StreamStdio: { requestType: "Empty", responseType: "StdioData", responseStream: true } } },
        GRPCBroker: { methods: { StartStream: { requestType: "ConnInfo", responseType: "ConnInfo", requestStream: true, responseStream: true } } },
      },
    },
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                ...fields({ HealthCheckRequest: { service: text(1) }, HealthCheckResponse: { status: of("int32")(1) } }),
                Health: {
                  methods: {
                    Check: { requestType: "HealthCheckRequest", responseType: "HealthCheckResponse" },
                    Watch: { requestType: "HealthCheckRequest", responseType: "HealthCheckResponse", responseStream: true },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

export interface DynamicValueMessage {
  readonly msgpack?: Uint8Array;
  readonly json?: Uint8Array;
}
export interface StepMessage {
  readonly attribute_name?: string;
  readonly element_key_string?: string;
  readonly element_key_int?: number;
}
export interface AttributePathMessage {
  readonly steps: readonly StepMessage[];
}
export interface DiagnosticMessage {
  readonly severity: number;
  readonly summary: string;
  readonly detail: string;
  readonly attribute?: AttributePathMessage;
}
export interface AttributeMessage {
  readonly name: string;
  readonly type?: Uint8Array;
  readonly nested_type?: { readonly attributes: readonly AttributeMessage[]; readonly nesting: number };
  readonly description: string;
  readonly description_kind: number;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
  readonly sensitive: boolean;
}
export interface SchemaMessage {
  readonly version: number;
  readonly block: { readonly version: number; readonly attributes: readonly AttributeMessage[]; readonly description: string; readonly description_kind: number };
}

/** What calls take, as it is read from the wire. Who calls knows what to send: what must come is taken to be there. */
export interface Requests {
  readonly ofConfig: { readonly type_name: string; readonly config: DynamicValueMessage };
  readonly ConfigureProvider: { readonly terraform_version: string; readonly config: DynamicValueMessage };
  readonly UpgradeResourceState: { readonly type_name: string; readonly version: number; readonly raw_state: { readonly json: Uint8Array } };
  readonly ReadResource: { readonly type_name: string; readonly current_state: DynamicValueMessage; readonly private?: Uint8Array };
  readonly PlanResourceChange: {
    readonly type_name: string;
    readonly prior_state: DynamicValueMessage;
    readonly proposed_new_state: DynamicValueMessage;
    readonly config: DynamicValueMessage;
    readonly prior_private?: Uint8Array;
  };
  readonly ApplyResourceChange: {
    readonly type_name: string;
    readonly prior_state: DynamicValueMessage;
    readonly planned_state: DynamicValueMessage;
    readonly config: DynamicValueMessage;
    readonly planned_private?: Uint8Array;
  };
  readonly ImportResourceState: { readonly type_name: string; readonly id: string };
  readonly MoveResourceState: { readonly source_provider_address: string; readonly source_type_name: string; readonly source_state: { readonly json: Uint8Array }; readonly target_type_name: string };
}
