/**
 * Switches that turn a behaviour off while a test runs: it has to fail then. The product knows nothing of them. A table's entry (an action, a handler,
 * a reader) is exchanged in the table; a function is exchanged where others import it, so this file has to be imported before what it exchanges.
 */
import { join } from "node:path";
import type { World } from "../../provider/core/ports";
import type { ClusterInputs, MakeLife } from "../../provider/handlers/cluster-life";
import type { Session } from "../../provider/handlers/handler";
import type { Management } from "../../schema/property";

const root = join(__dirname, "../..");

type Callable = (...given: never[]) => unknown;

interface Place {
  /** From the repository's root, without `.ts`; or a package. */
  readonly module: string;
  /** `planStopped`: a function that is exported; `actions.drainNode`: an entry of a table that is. */
  readonly at: string;
  readonly off: (real: never) => unknown;
}

export interface Switch {
  /** What is not done while it is on, for the table in the docs: "the description is not heard". */
  readonly says: string;
  readonly places: readonly Place[];
}

/** @param off what stands there instead, made of what stood there */
export const off = <T>(says: string, module: string, at: string, instead: (real: T) => T): Switch => ({ says, places: [{ module, at, off: instead as Place["off"] }] });

/** Several places that together are one behaviour. */
export const together = (says: string, ...switches: readonly Switch[]): Switch => ({ says, places: switches.flatMap(({ places }) => places) });

/** Modules whose exported functions can be exchanged. */
const exchangeable = [
  "@pulumi/pulumi",
  "provider/core/execute",
  "provider/core/managed/actions/nodes",
  "provider/core/managed/hops",
  "provider/core/managed/observe",
  "provider/core/managed/plan",
  "provider/core/managed/plan-nodes",
  "provider/core/managed/problems",
  "provider/core/own-network",
  "provider/core/plan-leaving",
  "provider/core/plan-nodes",
  "provider/core/plan-power",
  "provider/core/plan-turns",
  "provider/core/release",
  "provider/handlers/data-sources/seen-clusters",
  "provider/kubernetes/identity-text",
  "provider/kubernetes/kubeconfig",
  "schema/check",
  "tests/features/documents",
];

const exchanged = new Map<string, Place["off"]>();

const pathOf = (module: string): string => (module.startsWith("@") ? module : join(root, module));

for (const module of exchangeable) {
  const path = pathOf(module);
  jest.doMock(path, () => {
    const real = jest.requireActual<Record<string, unknown>>(path);
    const known = new Map<string | symbol, unknown>();
    const get = (_: object, name: string | symbol): unknown => {
      const value = real[name as string];
      if (typeof value !== "function" || /^class\b/.test(Function.prototype.toString.call(value))) return value;
      // One and the same as long as it lives: tables take it up when they are made.
      if (!known.has(name)) known.set(name, (...given: never[]) => ((exchanged.get(`${module} ${String(name)}`)?.(value as never) ?? value) as Callable)(...given));
      return known.get(name);
    };
    return new Proxy(real, { get });
  });
}

/** Does the work with the switch on. */
export async function withoutIt<T>({ places }: Switch, work: () => Promise<T>): Promise<T> {
  const undo = places.map(turnOff);
  try {
    return await work();
  } finally {
    for (const back of undo.reverse()) back();
  }
}

function turnOff({ module, at, off: instead }: Place): () => void {
  const path = at.split(".");
  const name = path.pop()!;
  if (path.length === 0) {
    if (!exchangeable.includes(module)) throw new Error(`${module} is not among the modules whose functions can be exchanged`);
    const key = `${module} ${name}`;
    exchanged.set(key, instead);
    return () => exchanged.delete(key);
  }
  const exports = jest.requireActual<Record<string, unknown>>(pathOf(module));
  const table = path.reduce<Record<string, unknown> | undefined>((inside, key) => inside?.[key] as Record<string, unknown> | undefined, exports);
  if (table === undefined || !(name in table)) throw new Error(`${module} has no ${at}`);
  const real = table[name];
  table[name] = instead(real as never);
  return () => void (table[name] = real);
}

/** A copy in which the property is another, or is not there. */
export function replaced<T>(inputs: T, path: readonly string[], instead: unknown): T {
  const [name = "", ...inner] = path;
  const { [name]: value, ...others } = inputs as Record<string, unknown>;
  if (inner.length > 0) return value === undefined ? inputs : ({ ...others, [name]: replaced(value, inner, instead) } as T);
  return (instead === undefined ? others : { ...others, [name]: instead }) as T;
}

/** Whoever runs the cluster does not hear what is declared of the property, and goes by something else. */
export function unheard(on: Management, property: string, instead?: unknown): Switch {
  const change = <T>(inputs: T): T => replaced(inputs, property.split("."), instead);
  const life = (real: MakeLife): MakeLife => (session, inputs, former, looking) => real(session, change<ClusterInputs>(inputs), former && { ...former, inputs: change(former.inputs) }, looking);
  return off(`\`${property}\` is not heard`, "provider/handlers/cluster-life", `lives.${on}`, life);
}

/** Likewise whoever makes its network and its address. */
export function unheardOfPlace(on: Management, property: string, instead?: unknown): Switch {
  type Make = (world: never, desired: object) => unknown;
  return off<Make>(`\`${property}\` is not heard`, "provider/handlers/place-runs", `placeRuns.${on}`, (real) => (world, desired) => real(world, replaced(desired, property.split("."), instead)));
}

export const ruleModules = { networkRule: "provider/handlers/network-rule", loadBalancer: "provider/handlers/load-balancer" } as const;
export type RuleKind = keyof typeof ruleModules;

/** The handler of a rule does not hear it. */
export function unheardOfRule(kind: RuleKind, property: string, instead?: unknown): Switch {
  type Operation = (...given: unknown[]) => unknown;
  const module = ruleModules[kind];
  const change = (real: Operation): Operation => (...given) => real(...given.map((each, at) => (at > 0 && typeof each === "object" ? replaced(each, property.split("."), instead) : each)));
  return together(`\`${property}\` is not heard`, off("", module, `${kind}.create`, change), off("", module, `${kind}.update`, change));
}

/** An entry of a table that does nothing. */
export const idle = (says: string, module: string, at: string): Switch => off<Callable>(says, module, at, () => () => Promise.resolve());

export const undrained = (on: Management): Switch =>
  on === "core" ? idle("nothing is drained", "provider/core/actions/index", "actions.drainNode") : idle("nothing is drained", "provider/core/managed/actions/nodes", "drainNode");

/** Each step of what the function plans needs only what is done to the same machine: nobody waits for another. */
export const eachByItself = (says: string, module: string, at: string): Switch =>
  off<(steps: { all: { work: object; needs: readonly string[] }[] }, ...given: never[]) => unknown>(says, module, at, (real) => (steps, ...given) => {
    const before = steps.all.length;
    const end = real(steps, ...given);
    for (const step of steps.all.slice(before)) {
      const { machine } = step.work as { machine?: { name: string } };
      Object.assign(step, { needs: step.needs.filter((need) => machine !== undefined && need.includes(machine.name)) });
    }
    return end;
  });

/** What is made for a rule opens its port to the world, as Mold does where it isn't told otherwise. */
export function opensToTheWorld(kind: RuleKind): Switch {
  type Create = (session: Session, ...given: never[]) => unknown;
  const open = (world: World): World => {
    const start = ((command: never, params: object, ...more: never[]) => (world.mold.start as Callable)(command, ("openfirewall" in params ? { ...params, openfirewall: true } : params) as never, ...more)) as World["mold"]["start"];
    return { ...world, mold: Object.create(world.mold, { start: { value: start } }) as World["mold"] };
  };
  return off<Create>("its port is opened to the world", ruleModules[kind], `${kind}.create`, (real) => (session, ...given) => real({ ...session, world: (...of) => open(session.world(...of)) }, ...given));
}
