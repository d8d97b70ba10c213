/**
 * What Terraform's core does with a provider, as far as it matters here, and what it refuses: a plan that changes what is configured,
 * and a result that is not what was planned (https://github.com/hashicorp/terraform/blob/main/docs/resource-instance-change-lifecycle.md).
 */
import { encodeJson } from "../../../provider/adapters/terraform/json";
import { decodeMsgpack, encodeMsgpack } from "../../../provider/adapters/terraform/msgpack";
import { severity, type AttributePathMessage, type CallName, type DiagnosticMessage, type DynamicValueMessage } from "../../../provider/adapters/terraform/protocol";
import { TerraformProvider } from "../../../provider/adapters/terraform/provider";
import { BigNumber, isObjectValue, typeOfAttributes, type ObjectValue, type Value } from "../../../provider/adapters/terraform/value";
import { isUnknown, type Session } from "../../../provider/handlers/handler";
import { terraformSchema, type CtyType, type TerraformAttribute, type TerraformAttributes } from "../../../schema/terraform-schema";

export interface Declared {
  readonly type: string;
  readonly name: string;
  /** Its attributes, with what it takes from others: undefined where that is not known yet. */
  readonly values: (others: (address: string) => ObjectValue | undefined) => Readonly<Record<string, unknown>>;
}

export interface Planned {
  readonly address: string;
  readonly action: "none" | "create" | "update" | "replace" | "delete";
  readonly warnings: readonly string[];
  /** What it will be, as far as that is known; null of what goes. */
  readonly value: ObjectValue | null;
}

interface Recorded {
  readonly type: string;
  readonly value: ObjectValue;
  readonly private?: Uint8Array;
  readonly isTainted?: true;
}

interface Answer {
  readonly state?: DynamicValueMessage;
  readonly upgraded_state?: DynamicValueMessage;
  readonly diagnostics?: readonly DiagnosticMessage[];
  readonly planned_state?: DynamicValueMessage;
  readonly new_state?: DynamicValueMessage;
  readonly requires_replace?: readonly AttributePathMessage[];
  readonly planned_private?: Uint8Array;
  readonly private?: Uint8Array;
}

export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly diagnostics: readonly DiagnosticMessage[]) {
    super(diagnostics.map(({ summary, detail }) => `${summary}\n${detail}`).join("\n"));
  }
}

/** The provider did not keep to what the protocol asks of it. */
export class ProtocolBroken extends Error {
  override readonly name = "ProtocolBroken";
}

const schema = terraformSchema();
const { resource_schemas: schemas, data_source_schemas: dataSchemas } = schema;
const attributesOf = (type: string): TerraformAttributes => schemas[type]!.block.attributes;
const typeOf = (type: string): CtyType => typeOfAttributes(attributesOf(type));

/** Every attribute, null where nothing is given. */
export function configured(attributes: TerraformAttributes, values: Readonly<Record<string, unknown>>): ObjectValue {
  return Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, configuredValue(attribute, values[name] ?? null)]));
}

function configuredValue({ nested_type: nested }: TerraformAttribute, value: unknown): Value {
  if (value === null || isUnknown(value) || nested === undefined) return value as Value;
  const inside = (each: unknown): ObjectValue => configured(nested.attributes, each as Readonly<Record<string, unknown>>);
  if (nested.nesting_mode === "single") return inside(value);
  return Array.isArray(value) ? value.map(inside) : Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, inside(each)]));
}

/** Sets have no order, and numbers are what they say. */
const canonical = (value: Value): unknown =>
  value instanceof BigNumber ? value.text : Array.isArray(value) ? (value as readonly Value[]).map(canonical) : isObjectValue(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, canonical(each)])) : isUnknown(value) ? "(unknown)" : value;
const same = (one: Value, other: Value): boolean => JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));

/** What a provider may plan: what is configured stays as it is; where nothing is, only computed attributes get something. */
function refuseWrongPlan(attributes: TerraformAttributes, config: ObjectValue, prior: ObjectValue | undefined, plan: ObjectValue, path: string): void {
  for (const [name, { computed, nested_type: nested }] of Object.entries(attributes)) {
    const [given, planned] = [config[name] as Value, plan[name] as Value];
    const at = path === "" ? name : `${path}.${name}`;
    if (same(given, planned)) continue;
    if (given === null && computed) continue;
    if (prior !== undefined && given !== null && same(planned, prior[name] as Value)) continue;
    if (nested?.nesting_mode === "single" && isObjectValue(given) && isObjectValue(planned)) refuseWrongPlan(nested.attributes, given, undefined, planned, at);
    else if (nested?.nesting_mode === "list" && Array.isArray(given) && Array.isArray(planned) && given.length === planned.length) {
      given.forEach((each, index) => refuseWrongPlan(nested.attributes, each as ObjectValue, undefined, planned[index] as ObjectValue, `${at}[${index}]`));
    } else if (nested !== undefined && isObjectValue(given) && isObjectValue(planned)) {
      for (const [key, each] of Object.entries(given)) refuseWrongPlan(nested.attributes, each as ObjectValue, undefined, planned[key] as ObjectValue, `${at}[${key}]`);
    } else throw new ProtocolBroken(`invalid plan: ${at} is configured as ${JSON.stringify(canonical(given))} and planned as ${JSON.stringify(canonical(planned))}`);
  }
}

/** What was planned as known has to come back so. */
function refuseOtherResult(planned: Value, result: Value, path: string): void {
  if (isUnknown(planned)) {
    if (isUnknown(result)) throw new ProtocolBroken(`inconsistent result: ${path} is still unknown`);
  } else if (isObjectValue(planned) && isObjectValue(result)) {
    for (const [name, each] of Object.entries(planned)) refuseOtherResult(each, result[name] as Value, `${path}.${name}`);
  } else if (!same(planned, result)) throw new ProtocolBroken(`inconsistent result: ${path} was planned as ${JSON.stringify(canonical(planned))}, and is ${JSON.stringify(canonical(result))}`);
}

/** What another process of the engine finds: the state. */
export type State = Map<string, Recorded>;

/** What the core calls; a call may end without an answer, as when the provider's process dies. */
export type Calls = { readonly [Name in CallName]: (...request: Parameters<TerraformProvider[Name]>) => unknown };

export class TerraformCore {
  readonly provider: TerraformProvider;
  private calls: Calls;
  readonly heard: DiagnosticMessage[] = [];

  /** @param alive throws when this process was killed: what it hears then is never recorded */
  constructor(
    session: Session,
    readonly state: State = new Map(),
    private readonly alive: () => void = () => undefined,
    owner = "sweep",
  ) {
    this.provider = new TerraformProvider(() => session, { ABLESTACK_OWNER: owner }, () => undefined, schema);
    this.provider.ConfigureProvider({ terraform_version: "1.11.4", config: {} });
    this.calls = this.provider;
  }

  /** From now on it talks to its provider by these. */
  over(calls: Calls): this {
    this.calls = calls;
    return this;
  }

  private async ask(call: unknown): Promise<Answer> {
    // As the server does: what is thrown is answered.
    const answer = (await call) as Answer;
    this.alive();
    const diagnostics = answer.diagnostics ?? [];
    this.heard.push(...diagnostics);
    return answer;
  }

  private static refuse({ diagnostics = [] }: Answer): void {
    const errors = diagnostics.filter((each) => each.severity === severity.ERROR);
    if (errors.length > 0) throw new Refused(errors);
  }

  private pack(type: string, value: Value): DynamicValueMessage {
    return { msgpack: encodeMsgpack(typeOf(type), value) };
  }
  private unpack(type: string, message: DynamicValueMessage | undefined): Value {
    return message?.msgpack === undefined ? null : decodeMsgpack(typeOf(type), message.msgpack);
  }

  private value = (address: string): ObjectValue | undefined => this.state.get(address)?.value;

  async refresh(address: string): Promise<void> {
    const recorded = this.state.get(address);
    if (!recorded) return;
    const { type } = recorded;
    // As it stands in the file.
    const raw_state = { json: Buffer.from(encodeJson(typeOf(type), recorded.value)) };
    const upgraded = await this.ask(this.calls.UpgradeResourceState({ type_name: type, version: 0, raw_state }));
    TerraformCore.refuse(upgraded);
    const answer = await this.ask(this.calls.ReadResource({ type_name: type, current_state: upgraded.upgraded_state!, ...(recorded.private ? { private: recorded.private } : {}) }));
    TerraformCore.refuse(answer);
    const found = this.unpack(type, answer.new_state);
    if (isObjectValue(found)) this.state.set(address, { ...recorded, value: found });
    else this.state.delete(address);
  }

  private async planOne(declared: Declared, prior: Recorded | undefined): Promise<{ answer: Answer; planned: ObjectValue; config: ObjectValue; needsReplace: boolean }> {
    const { type } = declared;
    const config = configured(attributesOf(type), declared.values(this.value));
    TerraformCore.refuse(await this.ask(this.calls.ValidateResourceConfig({ type_name: type, config: this.pack(type, config) })));
    const former = prior?.value ?? null;
    const proposed: ObjectValue = Object.fromEntries(Object.entries(config).map(([name, given]) => [name, given === null && attributesOf(type)[name]!.computed ? ((former?.[name] ?? null) as Value) : given]));
    const answer = await this.ask(
      this.calls.PlanResourceChange({
        type_name: type,
        prior_state: this.pack(type, former),
        proposed_new_state: this.pack(type, proposed),
        config: this.pack(type, config),
        ...(prior?.private ? { prior_private: prior.private } : {}),
      }),
    );
    TerraformCore.refuse(answer);
    const planned = this.unpack(type, answer.planned_state) as ObjectValue;
    refuseWrongPlan(attributesOf(type), config, former ?? undefined, planned, "");
    return { answer, planned, config, needsReplace: (answer.requires_replace ?? []).length > 0 };
  }

  /** What there would be to do, with a refresh first. */
  async plan(declared: readonly Declared[]): Promise<Planned[]> {
    const done: Planned[] = [];
    for (const each of declared) {
      const address = `${each.type}.${each.name}`;
      await this.refresh(address);
      const prior = this.state.get(address);
      const { answer, planned, needsReplace } = await this.planOne(each, prior);
      const warnings = (answer.diagnostics ?? []).filter((said) => said.severity === severity.WARNING).map(({ summary, detail }) => `${summary}\n${detail}`);
      const action = !prior ? "create" : needsReplace || prior.isTainted ? "replace" : same(prior.value, planned) ? "none" : "update";
      done.push({ address, action, warnings, value: planned });
    }
    const wanted = new Set(done.map(({ address }) => address));
    for (const address of this.state.keys()) if (!wanted.has(address)) done.push({ address, action: "delete", warnings: [], value: null });
    return done;
  }

  async apply(declared: readonly Declared[]): Promise<void> {
    const wanted = new Set(declared.map(({ type, name }) => `${type}.${name}`));
    const unwanted = [...this.state.keys()].reverse().filter((address) => !wanted.has(address));
    // What is found to be gone already is planned to be destroyed no more.
    for (const address of unwanted) await this.refresh(address);
    for (const address of unwanted) if (this.state.has(address)) await this.remove(address);
    for (const each of declared) await this.applyOne(each);
  }

  /** As with `-target`: that one alone. */
  async applyOne(declared: Declared): Promise<void> {
    const { type, name } = declared;
    const address = `${type}.${name}`;
    await this.refresh(address);
    const prior = this.state.get(address);
    const change = await this.planOne(declared, prior?.isTainted ? undefined : prior);
    if (!prior || !(prior.isTainted || change.needsReplace)) return this.carryOut(declared, prior, change);
    await this.remove(address);
    await this.carryOut(declared, undefined, await this.planOne(declared, undefined));
  }

  /** As with `-replace` and `create_before_destroy`: what it replaces is destroyed by this run, or by the next one, once it is made. */
  async replaceCreatingFirst(declared: Declared): Promise<void> {
    const address = `${declared.type}.${declared.name}`;
    const deposed = `${address} (deposed)`;
    this.state.set(deposed, this.state.get(address)!);
    this.state.delete(address);
    await this.carryOut(declared, undefined, await this.planOne(declared, undefined)).catch((error: unknown) => {
      this.state.set(address, this.state.get(deposed)!);
      this.state.delete(deposed);
      throw error;
    });
    await this.remove(deposed);
  }

  private async carryOut(declared: Declared, prior: Recorded | undefined, change: Awaited<ReturnType<TerraformCore["planOne"]>>): Promise<void> {
    const { type, name } = declared;
    const address = `${type}.${name}`;
    if (prior && same(prior.value, change.planned)) return;
    const answer = await this.ask(
      this.calls.ApplyResourceChange({
        type_name: type,
        prior_state: this.pack(type, prior?.value ?? null),
        planned_state: this.pack(type, change.planned),
        config: this.pack(type, change.config),
        ...(change.answer.planned_private ? { planned_private: change.answer.planned_private } : {}),
      }),
    );
    const result = this.unpack(type, answer.new_state);
    const failed = (answer.diagnostics ?? []).some((said) => said.severity === severity.ERROR);
    if (isObjectValue(result)) this.state.set(address, { type, value: result, ...(answer.private ? { private: answer.private } : {}), ...(failed && !prior ? { isTainted: true } : {}) });
    else this.state.delete(address);
    TerraformCore.refuse(answer);
    refuseOtherResult(change.planned, result, address);
  }

  async readData(type: string, values: Readonly<Record<string, unknown>>): Promise<ObjectValue> {
    const { attributes } = dataSchemas[type]!.block;
    const dataType = typeOfAttributes(attributes);
    const config = { msgpack: encodeMsgpack(dataType, configured(attributes, values)) };
    TerraformCore.refuse(await this.ask(this.calls.ValidateDataResourceConfig({ type_name: type, config })));
    const answer = await this.ask(this.calls.ReadDataSource({ type_name: type, config }));
    TerraformCore.refuse(answer);
    return decodeMsgpack(dataType, answer.state!.msgpack!) as ObjectValue;
  }

  destroy(): Promise<void> {
    return this.apply([]);
  }

  /** As a destroy with `-target`. */
  async remove(address: string): Promise<void> {
    const { type, value } = this.state.get(address)!;
    const [prior_state, none] = [this.pack(type, value), this.pack(type, null)];
    TerraformCore.refuse(await this.ask(this.calls.PlanResourceChange({ type_name: type, prior_state, proposed_new_state: none, config: none })));
    const answer = await this.ask(this.calls.ApplyResourceChange({ type_name: type, prior_state, planned_state: none, config: none }));
    TerraformCore.refuse(answer);
    this.state.delete(address);
  }
}
