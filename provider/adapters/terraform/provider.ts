/** What Terraform's calls do, in terms of handlers. It translates between the engine and them, and decides nothing. */
import { terraformSchema, type TerraformAttributes, type TerraformProviderSchema, type TerraformSchema } from "../../../schema/terraform-schema";
import { providerAddress, snakeCase, terraformProvider } from "../../../schema/terraform-resources";
import type { CtyType } from "../../../schema/terraform-schema";
import { messageOf, TakenOver } from "../../core/errors";
import { PartialFailure, unknown, type Declared, type Session, type State } from "../../handlers/handler";
import { NamesInUse } from "../../handlers/names-in-use";
import { configurationOf, ownerMark, type Configuration } from "./configuration";
import { dataSourceKinds } from "./data-sources";
import { inputsFrom, inputsTo, outputsFrom, outputsTo } from "./declared-values";
import { errorDiagnostics, failureDiagnostics, pathMessage, warning, WordedError } from "./diagnostics";
import { importedFrom } from "./import";
import { decodeJson } from "./json";
import { kinds, type Inputs, type Kind } from "./kinds";
import { hearing } from "./log";
import { decodeMsgpack, encodeMsgpack } from "./msgpack";
import { filledIn } from "./planned";
import type { DiagnosticMessage, DynamicValueMessage, Requests } from "./protocol";
import { schemaMessage } from "./schema-message";
import { isObjectValue, typeOfAttributes, type ObjectValue, type Value } from "./value";

/** Makes the session that all resources of one process share. */
export type OpenSession = (config: Configuration["get"]) => Session;

type Answer = Readonly<Record<string, unknown>>;

/** Whether an update has anything to do: Terraform calls for one whenever an attribute differs, be it by its writing alone. */
const workAhead = Buffer.from('{"work":true}');

const capabilities = { plan_destroy: true, get_provider_schema_optional: true, move_resource_state: true };

export class TerraformProvider {
  private readonly names = new NamesInUse();
  private session: Session | undefined;
  private owner: Configuration["owner"] = () => undefined;

  /**
   * @param stop aborts what is under way: no new step begins
   * @param schema what it is made of; given where many are made in one process
   */
  constructor(
    private readonly openSession: OpenSession,
    private readonly environment: Readonly<Record<string, string | undefined>>,
    private readonly stop: () => void,
    private readonly schema: TerraformProviderSchema = terraformSchema(),
  ) {}

  // What there is.

  GetMetadata(): Answer {
    const named = (names: readonly string[]): { type_name: string }[] => names.map((type_name) => ({ type_name }));
    return { server_capabilities: capabilities, resources: named(Object.keys(this.schema.resource_schemas)), data_sources: named(Object.keys(this.schema.data_source_schemas)) };
  }

  GetProviderSchema(): Answer {
    const messages = (schemas: Readonly<Record<string, TerraformSchema>>): Answer => Object.fromEntries(Object.entries(schemas).map(([name, each]) => [name, schemaMessage(each)]));
    return {
      provider: schemaMessage(this.schema.provider),
      resource_schemas: messages(this.schema.resource_schemas),
      data_source_schemas: messages(this.schema.data_source_schemas),
      server_capabilities: capabilities,
    };
  }

  GetResourceIdentitySchemas(): Answer {
    return {};
  }

  UpgradeResourceIdentity(): Answer {
    return { diagnostics: errorDiagnostics(new WordedError("resources of this provider have no identity beside their id"), "No resource identity") };
  }

  GetFunctions(): Answer {
    return {};
  }

  CallFunction({ name }: { readonly name: string }): Answer {
    return { error: { text: `this provider has no functions, so none called ${name}` } };
  }

  ValidateEphemeralResourceConfig(request: { readonly type_name: string }): Answer {
    return this.noEphemeral(request);
  }
  OpenEphemeralResource(request: { readonly type_name: string }): Answer {
    return this.noEphemeral(request);
  }
  RenewEphemeralResource(request: { readonly type_name: string }): Answer {
    return this.noEphemeral(request);
  }
  CloseEphemeralResource(request: { readonly type_name: string }): Answer {
    return this.noEphemeral(request);
  }
  private noEphemeral({ type_name }: { readonly type_name: string }): Answer {
    return { diagnostics: errorDiagnostics(new WordedError(`this provider has no ephemeral resources, so none of type ${type_name}`), "No such ephemeral resource") };
  }

  // What is configured.

  ValidateProviderConfig({ config }: Pick<Requests["ofConfig"], "config">): Answer {
    const { failures } = configurationOf(this.object(this.schema.provider, config), this.environment);
    return { diagnostics: failureDiagnostics(terraformProvider.inputs, failures) };
  }

  ConfigureProvider({ config }: Requests["ConfigureProvider"]): Answer {
    const { get, owner } = configurationOf(this.object(this.schema.provider, config), this.environment);
    this.owner = owner;
    this.session = this.openSession(get);
    return {};
  }

  StopProvider(): Answer {
    this.stop();
    return {};
  }

  // Resources.

  ValidateResourceConfig({ type_name, config }: Requests["ofConfig"]): Answer {
    const kind = kindOf(type_name);
    const { failures, warnings } = kind.validate(this.inputs(kind, this.object(this.schemaOf(kind), config)));
    return { diagnostics: [...failureDiagnostics(kind.of.inputs, failures), ...warnings.map((each) => warning(`Declaration of ${type_name}`, each))] };
  }

  ValidateDataResourceConfig({ type_name, config }: Requests["ofConfig"]): Answer {
    const source = dataSourceKinds.get(type_name);
    const schema = this.schema.data_source_schemas[type_name];
    if (!source || !schema) throw noSuch("data source", type_name);
    return { diagnostics: failureDiagnostics(source.of.inputs, source.validate(inputsFrom(source.of.inputs, this.object(schema, config)))) };
  }

  /** Of an argument that a state is too old to know it has its default: else each release with another one would show a change of everything. */
  UpgradeResourceState({ type_name, raw_state }: Requests["UpgradeResourceState"]): Answer {
    const kind = kindOf(type_name);
    const type = typeOfAttributes(this.schemaOf(kind).block.attributes);
    const state = decodeJson(type, Buffer.from(raw_state.json).toString("utf8"));
    if (!isObjectValue(state)) return { upgraded_state: packed(type, state) };
    return { upgraded_state: packed(type, { ...state, ...this.filledInputs(kind, state, kind.validate(this.inputs(kind, state)).inputs) }) };
  }

  MoveResourceState({ source_provider_address, source_type_name, target_type_name, source_state }: Requests["MoveResourceState"]): Answer {
    if (source_provider_address !== providerAddress && !source_provider_address.endsWith(`/${providerAddress.split("/").slice(1).join("/")}`)) {
      throw new WordedError(`${source_type_name} of ${source_provider_address} can't become a ${target_type_name}: what another provider has made is not known here. Use \`adopt = true\`, or import it.`);
    }
    if (source_type_name !== target_type_name) throw new WordedError(`a ${source_type_name} can't become a ${target_type_name}`);
    const { upgraded_state } = this.UpgradeResourceState({ type_name: target_type_name, version: 0, raw_state: source_state });
    return { target_state: upgraded_state };
  }

  async ReadResource({ type_name, current_state, private: kept }: Requests["ReadResource"]): Promise<Answer> {
    const kind = kindOf(type_name);
    const before = this.value(this.schemaOf(kind), current_state);
    if (!isObjectValue(before)) return { new_state: current_state };
    const { state, id, owner } = this.recorded(kind, before);
    const { result, warnings } = await hearing(() => kind.handler.read(this.opened, id, state));
    return {
      new_state: this.packedState(kind, result ? this.wholeObject(kind, before, { ...result.outputs, id: before.id, owner }) : null),
      private: kept,
      diagnostics: warnings.map((each) => warning(`Refresh of ${type_name}`, each)),
    };
  }

  async PlanResourceChange({ type_name, prior_state, proposed_new_state, config, prior_private }: Requests["PlanResourceChange"]): Promise<Answer> {
    const kind = kindOf(type_name);
    const schema = this.schemaOf(kind);
    const prior = this.value(schema, prior_state);
    const proposed = this.value(schema, proposed_new_state);
    if (!isObjectValue(proposed)) return { planned_state: proposed_new_state, planned_private: prior_private, diagnostics: isObjectValue(prior) ? await this.rehearsal(kind, prior) : [] };
    const configured = this.object(schema, config);
    const former = isObjectValue(prior) ? this.recorded(kind, prior) : undefined;
    const owner = former?.owner ?? this.ownOwner();
    const given = this.declared(kind, this.inputs(kind, configured), owner);
    const own = kind.validate(this.inputs(kind, configured)).failures;
    const { result: checked, warnings } = await hearing(async () =>
      own.length > 0 ? { inputs: given, failures: own, warnings: [] } : kind.handler.check(this.opened, former?.state.inputs, given),
    );
    const { failures } = checked;
    if (failures.length > 0) return { planned_state: prior_state, diagnostics: failureDiagnostics(kind.of.inputs, failures) };
    const inputs = this.filledInputs(kind, configured, checked.inputs);
    const said = [...checked.warnings, ...warnings];
    const titled = (lines: readonly string[]): DiagnosticMessage[] => [
      ...said.map((each) => warning(`Declaration of ${nameOf(type_name, configured)}`, each)),
      ...(lines.length > 0 ? [warning(`Plan of ${nameOf(type_name, configured)}`, lines.map((line) => `- ${line}`).join("\n"))] : []),
    ];
    if (!former) return { planned_state: this.packedState(kind, { ...inputs, ...this.unknownOutputs(kind, () => true), owner }), diagnostics: titled(kind.planOfCreate(this.inputs(kind, configured))) };

    const { result: difference, warnings: also } = await hearing(() => kind.handler.diff(this.opened, former.id, former.state, checked.inputs)).catch((error: unknown) => {
      // A destroy plans as an apply does, first: what another configuration has taken over must not keep it from that. An apply is refused all the same.
      if (!(error instanceof TakenOver)) throw error;
      return { result: { changes: true, replaces: [], plan: [] }, warnings: [error.message] };
    });
    const isRenamed = former.state.inputs.name !== checked.inputs.name || resourceOf(former.state.inputs) !== resourceOf(checked.inputs);
    const replaces = [...new Set([...difference.replaces, ...(isRenamed ? ["name"] : [])])];
    said.push(...also);
    if (replaces.length > 0) {
      return {
        planned_state: this.packedState(kind, { ...inputs, ...this.unknownOutputs(kind, () => true), owner }),
        requires_replace: replaces.map((property) => pathMessage(kind.of.inputs, property)),
        diagnostics: titled(difference.plan),
      };
    }
    const outputs = outputsTo(kind.of.outputs, { ...former.state.outputs, id: (prior as ObjectValue).id, owner });
    const changing = difference.changes ? this.unknownOutputs(kind, (name) => !this.isKept(kind, name)) : {};
    return {
      planned_state: this.packedState(kind, { ...outputs, ...changing, ...inputs }),
      planned_private: difference.changes ? workAhead : Buffer.alloc(0),
      diagnostics: titled(difference.plan),
    };
  }

  /** A destroy is planned all the same where it can't be rehearsed: its own first step is to look. */
  private async rehearsal(kind: Kind, prior: ObjectValue): Promise<DiagnosticMessage[]> {
    const { result: lines, warnings } = await hearing(() => kind.planOfDestroy(this.opened, this.recorded(kind, prior).state).catch((error: unknown) => [`it could not be rehearsed: ${messageOf(error)}`]));
    const all = [...warnings, ...lines];
    return all.length === 0 ? [] : [warning(`Plan of destroying ${nameOf(kind.of.type, prior)}`, all.map((line) => `- ${line}`).join("\n"))];
  }

  async ApplyResourceChange({ type_name, prior_state, planned_state, planned_private }: Requests["ApplyResourceChange"]): Promise<Answer> {
    const kind = kindOf(type_name);
    const schema = this.schemaOf(kind);
    const prior = this.value(schema, prior_state);
    const planned = this.value(schema, planned_state);
    if (!isObjectValue(planned)) return this.remove(kind, prior as ObjectValue, prior_state);
    if (!isObjectValue(prior)) return this.create(kind, planned);
    return this.update(kind, prior, planned, planned_private !== undefined && planned_private.length > 0);
  }

  async ImportResourceState({ type_name, id }: Requests["ImportResourceState"]): Promise<Answer> {
    const kind = kindOf(type_name);
    const { inputs, outputs, owner, id: found } = await importedFrom(kind, id);
    const state = this.wholeObject(kind, this.filledInputs(kind, {}, kind.validate(inputs).inputs, inputs), { ...outputs, id: found, owner });
    return { imported_resources: [{ type_name, state: this.packedState(kind, state) }] };
  }

  // Data sources.

  async ReadDataSource({ type_name, config }: Requests["ofConfig"]): Promise<Answer> {
    const source = dataSourceKinds.get(type_name);
    const schema = this.schema.data_source_schemas[type_name];
    if (!source || !schema) throw noSuch("data source", type_name);
    const asked = this.object(schema, config);
    const { result, warnings } = await hearing(() => source.read(this.opened, inputsFrom(source.of.inputs, asked)));
    const found = outputsTo(source.of.outputs, result.outputs);
    const filled = filledIn(pick(schema.block.attributes, Object.keys(inputsTo(source.of.inputs, {}))), asked, { ...found, ...inputsTo(source.of.inputs, result.inputs) });
    return { state: packed(typeOfAttributes(schema.block.attributes), { ...found, ...filled }), diagnostics: warnings.map((each) => warning(`Read of ${type_name}`, each)) };
  }

  // The three changes.

  private async create(kind: Kind, planned: ObjectValue): Promise<Answer> {
    const owner = this.ownOwner();
    const { inputs, isRule, what } = this.toDo(kind, planned, owner, "Creating");
    const named = this.inputs(kind, planned);
    const twice = isRule ? this.names.make(kind.of.type, owner, named) : [];
    if (twice.length > 0) return { new_state: this.packedState(kind, null), diagnostics: failureDiagnostics(kind.of.inputs, twice) };
    try {
      const { result, warnings } = await hearing(() => kind.handler.create(this.opened, inputs));
      return { new_state: this.packedState(kind, this.wholeObject(kind, planned, { ...result.outputs, id: result.id, owner })), diagnostics: warnings.map((each) => warning(what, each)) };
    } catch (error) {
      if (isRule) this.names.forget(kind.of.type, owner, named);
      const half = error instanceof PartialFailure && kind.halfMade === "recorded" ? this.wholeObject(kind, planned, { ...(error.outputs as Inputs), id: error.id, owner }) : null;
      return { new_state: this.packedState(kind, half), diagnostics: errorDiagnostics(error, what, kind.of.inputs) };
    }
  }

  private async update(kind: Kind, prior: ObjectValue, planned: ObjectValue, hasWork: boolean): Promise<Answer> {
    const { state, id, owner } = this.recorded(kind, prior);
    const { inputs, what } = this.toDo(kind, planned, owner, "Updating");
    if (!hasWork) return { new_state: this.packedState(kind, this.wholeObject(kind, planned, { ...state.outputs, id: prior.id, owner })) };
    try {
      const { result, warnings } = await hearing(() => kind.handler.update(this.opened, id, state, inputs));
      const kept = Object.fromEntries(Object.entries(state.outputs).filter(([name]) => this.isKept(kind, name)));
      return { new_state: this.packedState(kind, this.wholeObject(kind, planned, { ...result.outputs, ...kept, id: prior.id, owner })), diagnostics: warnings.map((each) => warning(what, each)) };
    } catch (error) {
      // What was declared before stays recorded, so that the next plan shows again what is not done.
      const now = error instanceof PartialFailure ? this.wholeObject(kind, prior, { ...state.outputs, ...(error.outputs as Inputs), id: prior.id, owner }) : prior;
      return { new_state: this.packedState(kind, now), private: workAhead, diagnostics: errorDiagnostics(error, what, kind.of.inputs) };
    }
  }

  private async remove(kind: Kind, prior: ObjectValue, prior_state: DynamicValueMessage): Promise<Answer> {
    const { state, id, owner } = this.recorded(kind, prior);
    const what = `Destroying ${nameOf(kind.of.type, prior)}`;
    try {
      const { warnings } = await hearing(() => kind.handler.delete(this.opened, id, state));
      if (isRuleKind(kind)) this.names.forget(kind.of.type, owner, this.inputs(kind, prior));
      return { new_state: this.packedState(kind, null), diagnostics: warnings.map((each) => warning(what, each)) };
    } catch (error) {
      return { new_state: prior_state, diagnostics: errorDiagnostics(error, what, kind.of.inputs) };
    }
  }

  private toDo(kind: Kind, planned: ObjectValue, owner: string, doing: string): { inputs: Declared & Inputs; isRule: boolean; what: string } {
    const { inputs, failures } = kind.validate(this.inputs(kind, planned));
    if (failures.length > 0) throw new WordedError(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"), { property: failures[0]!.property });
    return { inputs: this.declared(kind, inputs, owner), isRule: isRuleKind(kind), what: `${doing} ${nameOf(kind.of.type, planned)}` };
  }

  // Between Terraform's objects and what handlers take.

  private get opened(): Session {
    if (!this.session) throw new WordedError("the provider is asked for a resource before it is configured");
    return this.session;
  }

  private ownOwner(): string {
    const owner = this.owner();
    if (owner === undefined) {
      throw new WordedError("`owner` is not set: a name that no other configuration on the same account has, and that everything made on Mold is marked with. Set it in the provider block (`owner = \"shop/prod\"`), or as ABLESTACK_OWNER.");
    }
    return ownerMark(owner);
  }

  private schemaOf(kind: Kind): TerraformSchema {
    return this.schema.resource_schemas[kind.of.type]!;
  }

  private value({ block }: TerraformSchema, message: DynamicValueMessage): Value {
    const type = typeOfAttributes(block.attributes);
    if (message.msgpack !== undefined && message.msgpack.length > 0) return decodeMsgpack(type, message.msgpack);
    return message.json !== undefined && message.json.length > 0 ? decodeJson(type, Buffer.from(message.json).toString("utf8")) : null;
  }

  private object(schema: TerraformSchema, message: DynamicValueMessage): ObjectValue {
    const value = this.value(schema, message);
    return isObjectValue(value) ? value : {};
  }

  private packedState(kind: Kind, value: Value): DynamicValueMessage {
    return packed(typeOfAttributes(this.schemaOf(kind).block.attributes), value);
  }

  private inputs(kind: Kind, object: ObjectValue): Inputs {
    return inputsFrom(kind.of.inputs, object);
  }

  /** What a handler is given: what it knows, and who declares it. */
  private declared(kind: Kind, inputs: Inputs, owner: string): Declared & Inputs {
    const { name } = inputs;
    const resource = typeof name === "string" ? name : "";
    return { ...Object.fromEntries(Object.entries(inputs).filter(([each]) => Object.hasOwn(kind.taken, each))), declaredBy: { owner, resource } };
  }

  /** What the state holds, as handlers know it. */
  private recorded(kind: Kind, object: ObjectValue): { readonly state: State<Declared & Inputs, Inputs>; readonly id: string; readonly owner: string } {
    const owner = typeof object.owner === "string" ? object.owner : this.ownOwner();
    const inputs = this.declared(kind, kind.validate(this.inputs(kind, object)).inputs, owner);
    return { state: { inputs, outputs: outputsFrom(kind.of.outputs, object) }, id: String(object.id), owner };
  }

  /** Attributes of inputs as a plan shows them. @param given in place of `configured`, where inputs come from elsewhere */
  private filledInputs(kind: Kind, configured: ObjectValue, checked: Inputs, given?: Inputs): ObjectValue {
    const of = inputsTo(kind.of.inputs, checked);
    const attributes = pick(this.schemaOf(kind).block.attributes, Object.keys(of));
    return filledIn(attributes, given === undefined ? configured : inputsTo(kind.of.inputs, given), of);
  }

  private unknownOutputs(kind: Kind, isAsked: (name: string) => boolean): ObjectValue {
    const given = inputsTo(kind.of.inputs, {});
    const names = Object.keys(kind.of.outputs).filter((name) => !Object.hasOwn(given, snakeCase(name)) && isAsked(name));
    return Object.fromEntries(names.map((name) => [snakeCase(name), unknown]));
  }

  private isKept(kind: Kind, name: string): boolean {
    return kind.of.outputs[name]?.stable === true || kind.kept.includes(name);
  }

  /** A whole object: inputs as they stand in `from`, and outputs. */
  private wholeObject(kind: Kind, from: ObjectValue, outputs: Inputs): ObjectValue {
    const inputs = Object.keys(inputsTo(kind.of.inputs, {}));
    return { ...outputsTo(kind.of.outputs, outputs), ...Object.fromEntries(inputs.map((name) => [name, from[name] ?? null])) };
  }
}

const resourceOf = ({ declaredBy }: { readonly declaredBy: Declared["declaredBy"] }): string => declaredBy.resource;

const isRuleKind = ({ of }: Kind): boolean => of.resource === "NetworkRule" || of.resource === "LoadBalancer";

const nameOf = (type: string, { name }: ObjectValue): string => (typeof name === "string" ? `${type} ${name}` : type);

const noSuch = (what: string, type: string): WordedError => new WordedError(`this release of the provider has no ${what} ${type}: the configuration or the state was written for a newer one. Use that one or a newer one.`);

function kindOf(type: string): Kind {
  const kind = kinds.get(type);
  if (!kind) throw noSuch("resource", type);
  return kind;
}

const packed = (type: CtyType, value: Value): DynamicValueMessage => ({ msgpack: encodeMsgpack(type, value) });

const pick = (attributes: TerraformAttributes, names: readonly string[]): TerraformAttributes => Object.fromEntries(names.flatMap((name) => (attributes[name] === undefined ? [] : [[name, attributes[name]]])));

