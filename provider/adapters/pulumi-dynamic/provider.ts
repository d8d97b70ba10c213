/** The methods of a dynamic provider, in terms of a handler. */
import type { CheckFailure, Session } from "../../handlers/handler";
import type { AnyHandler } from "./kinds";
import { fromRecord, toRecord } from "./recorded";
import { fromPulumi, toPulumi } from "./values";

/** Stack configuration as `configure` gives it, secrets unwrapped. */
export interface Configuration {
  get(key: string): string | undefined;
}

type Properties = Record<string, unknown>;

/** What the methods of `pulumi.dynamic.ResourceProvider` answer. */
export interface Results {
  readonly check: { readonly inputs: Properties; readonly failures: { readonly property: string; readonly reason: string }[] };
  readonly diff: { readonly changes: boolean; readonly replaces: string[]; readonly deleteBeforeReplace: true };
  readonly create: { readonly id: string; readonly outs: Properties };
  /** An empty id says that it is gone. */
  readonly read: { readonly id: string; readonly props: Properties };
  readonly update: { readonly outs: Properties };
  readonly delete: undefined;
}
export type Method = keyof Results;

type Inputs = Parameters<AnyHandler["create"]>[1];
const inputsOf = (news: unknown): Inputs => fromPulumi(news) as Inputs;
const stateOf = (properties: unknown): { inputs: Inputs; outputs: Properties } => fromRecord(properties) as { inputs: Inputs; outputs: Properties };

export class Provider implements Record<Method, unknown> {
  constructor(
    private readonly session: Session,
    private readonly print: (line: string) => void,
  ) {}

  async check(handler: AnyHandler, olds: unknown, news: unknown): Promise<Results["check"]> {
    const given = fromPulumi(olds);
    const before = Object.keys(given).length > 0 ? (given as Inputs) : undefined;
    const inputs = ofItsOwner(inputsOf(news), before);
    const checked = await handler.check(this.session, before, inputs);
    for (const warning of checked.warnings) this.print(`warning: ${inputs.declaredBy.resource}: ${warning}`);
    return { inputs: toPulumi(checked.inputs), failures: checked.failures.map(asShown) };
  }

  async diff(handler: AnyHandler, id: string, olds: unknown, news: unknown): Promise<Results["diff"]> {
    const inputs = inputsOf(news);
    const { changes, replaces, plan } = await handler.diff(this.session, id, stateOf(olds), inputs);
    if (plan.length > 0) this.print([`plan of ${inputs.declaredBy.resource}:`, ...plan.map((line) => `  - ${line}`)].join("\n"));
    return { changes, replaces: [...new Set(replaces.map(topLevel))], deleteBeforeReplace: true };
  }

  async create(handler: AnyHandler, news: unknown): Promise<Results["create"]> {
    const inputs = inputsOf(news);
    const { id, outputs } = await handler.create(this.session, inputs);
    return { id, outs: toRecord(inputs, outputs) };
  }

  async read(handler: AnyHandler, id: string, properties: unknown): Promise<Results["read"]> {
    const state = stateOf(properties);
    const found = await handler.read(this.session, id, state);
    return found ? { id: found.id, props: toRecord(state.inputs, found.outputs) } : { id: "", props: {} };
  }

  async update(handler: AnyHandler, id: string, olds: unknown, news: unknown): Promise<Results["update"]> {
    const inputs = inputsOf(news);
    const { outputs } = await handler.update(this.session, id, stateOf(olds), inputs);
    return { outs: toRecord(inputs, outputs) };
  }

  async delete(handler: AnyHandler, id: string, properties: unknown): Promise<undefined> {
    await handler.delete(this.session, id, stateOf(properties));
    return undefined;
  }
}

/**
 * What was made stays marked as the stack's that made it: under another name (`pulumi stack rename`, another organization, `pulumi state move`) the program
 * goes on with it, where it would take its own rules for somebody else's.
 */
const ofItsOwner = (inputs: Inputs, before: Inputs | undefined): Inputs =>
  before ? { ...inputs, declaredBy: { ...inputs.declaredBy, owner: before.declaredBy.owner } } : inputs;

/**
 * For a failure with a property the engine adds that property's value to the message, which may hold a password, and `<nil>` for one
 * that is inside another. So the property is named in the reason.
 */
const asShown = ({ property, reason }: CheckFailure): { property: string; reason: string } => ({ property: "", reason: property === "" ? reason : `${property}: ${reason}` });

/** `workers.count` → `workers`: the engine knows properties at the top alone. */
const topLevel = (path: string): string => /^[^.[]*/.exec(path)![0];
