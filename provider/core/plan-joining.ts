/** Machines that come: deployed, given the ISO and a token, waited for, and cleared up after. Pure. */
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, type Role, tagKeys, type Tags } from "./ownership";
import { majorityLost } from "./plan-anew";
import type { PlanInput } from "./plan-input";
import { doneTags } from "./plan-nodes";
import type { Release } from "./release";
import type { MachineRef } from "./step";
import type { Steps } from "./steps";
import { tellingOf } from "./succession";
import { listed } from "./wording";

export interface PlannedMachine {
  readonly ref: MachineRef;
  readonly seen?: ObservedMachine;
  /** The step after which it runs; undefined: it runs. */
  readonly running?: string;
  readonly initialises: boolean;
}

export const isControlPlane = ({ role }: { readonly role: Role }): boolean => role === "control-plane";

export const isJoining = ({ seen }: PlannedMachine): boolean => seen === undefined || !hasJoined(seen);

export function planDeploy(
  steps: Steps,
  ref: MachineRef,
  { version, initialises = false, why = initialises ? "the first control plane initialises the cluster" : undefined }: { readonly version: string; readonly initialises?: boolean; readonly why?: string },
  needs: readonly (string | undefined)[],
): PlannedMachine {
  const running = steps.add(
    { kind: "deployMachine", machine: ref, action: initialises ? "init" : "join", version },
    `deploy ${ref.name}`,
    // Workers too: so that control planes are placed first, whose joins take longest.
    [...needs, ...[`discardMachine ${ref.name}`, `deleteNode ${ref.name}`].filter((id) => steps.has(id))],
    { pool: "deploy", ...(why === undefined ? {} : { why }) },
  );
  return { ref, running, initialises };
}

/** The first control plane makes etcd as soon as it has the ISO. @returns the step after which it is known that it may have */
export function planInitialising(steps: Steps, { desired, observed }: PlanInput, running: string | undefined): string | undefined {
  if (observed.anchorTags?.[tagKeys.initialising] === desired.uid) return running;
  return steps.add({ kind: "markInitialising" }, `record that ${desired.name} is about to be initialised`, [running], { why: "so that what may have joined a first control plane is known, should that be lost" });
}

/** A machine that is not in yet needs the Kubernetes ISO; a node of its name says nothing of that, since it may be another's. @returns the step after which each has it */
export function planMounts(steps: Steps, { current: version }: Release, joining: readonly PlannedMachine[]): Map<string, string | undefined> {
  return new Map(
    joining.map(({ ref, seen, running }) => [ref.name, seen?.isoId ? running : steps.add({ kind: "attachIso", machine: ref, version }, `attach the Kubernetes ISO to ${ref.name}`, [running])]),
  );
}

/** @returns the step after which the API answers, and it is recorded that etcd is there */
export function planApi(steps: Steps, input: PlanInput, needs: readonly (string | undefined)[]): string {
  const { desired, observed } = input;
  const recorded = observed.anchorTags?.[tagKeys.initialised] === desired.uid;
  const restarted = observed.machines.some((machine) => isControlPlane(machine) && hasJoined(machine));
  const lost = majorityLost(input);
  const ready = steps.add({ kind: "awaitApi", ...(restarted ? { restarted } : {}), ...(lost === undefined ? {} : { lost }) }, `wait for the API of ${desired.name}`, needs, {
    why: recorded ? "machines join by it" : "the first control plane initialises etcd",
    // It answered just now.
    ...(observed.nodes ? { estimateSeconds: 1 } : {}),
  });
  return recorded ? ready : steps.add({ kind: "markInitialised" }, `record that ${desired.name} is initialised`, [ready], { why: "from now on every machine joins" });
}

/** Machines find their own way in; the steps wait for them and clear up after them. */
export function planJoin(steps: Steps, { desired, observed }: PlanInput, joining: readonly PlannedMachine[], { mounted, ready }: { mounted: ReadonlyMap<string, string | undefined>; ready: string }): void {
  const first = joining.find(({ initialises }) => initialises);
  // A first control plane that is deployed by this run brings the token along; an API that is there already has to be told of it.
  const known = first !== undefined && first.seen === undefined && joining.every(({ seen }) => seen === undefined);
  const token = known || joining.length === 0 ? ready : steps.add({ kind: "publishToken" }, "make a join token for the new machines", [ready]);
  // While nobody answers, nobody can say whether a node is left of a machine of that name which went meanwhile; and the node of one that an interrupted run made may be such a one.
  const isInitialised = observed.anchorTags?.[tagKeys.initialised] === desired.uid;
  const mayBeLeft = ({ ref, seen }: PlannedMachine): boolean => (observed.nodes === undefined ? isInitialised : seen !== undefined && observed.nodes.some(({ name }) => name === ref.name));
  const joined = joining.map((machine) => planJoined(steps, machine.ref, machine.seen, { needs: [mounted.get(machine.ref.name), token], done: doneTags(desired, machine.ref), leftover: mayBeLeft(machine) }));
  planFollowers(steps, observed, joining.map(({ ref }) => ref));
  if (joining.length > 0) steps.add({ kind: "withdrawToken" }, "withdraw the join token", joined, { why: "nothing joins with it any longer" });
}

/** Balancers that follow a role get its new machines once they are Ready. */
function planFollowers(steps: Steps, observed: ObservedCluster, joining: readonly MachineRef[]): void {
  for (const rule of observed.followers) {
    const machines = joining.filter(({ role }) => rule.tags[tagKeys.target] === `role=${role}`);
    if (machines.length === 0) continue;
    steps.add(
      { kind: "joinBalancer", rule: { id: rule.id, name: rule.name }, machines },
      `put ${listed(machines.map(({ name }) => name))} behind ${rule.name}`,
      machines.map(({ name }) => `awaitNode ${name}`),
    );
  }
}

/** After a machine has joined nothing secret stays where whatever runs on it could read it. That comes last: until then the next run asks whose place it takes. */
export function planJoined(
  steps: Steps,
  ref: MachineRef,
  seen: ObservedMachine | undefined,
  { needs, done, leftover = false }: { readonly needs: readonly (string | undefined)[]; readonly done: Tags; readonly leftover?: boolean },
): string {
  const node = steps.add({ kind: "awaitNode", machine: ref, ...(leftover ? { leftover } : {}) }, `wait for ${ref.name} to be Ready`, needs);
  const label = ref.role === "worker" ? steps.add({ kind: "labelNode", machine: ref }, `label ${ref.name} as worker`, [node], { why: "a kubelet may not give itself a role" }) : undefined;
  const mounted = seen?.isoId !== undefined || steps.has(`attachIso ${ref.name}`);
  const iso = mounted ? steps.add({ kind: "detachIso", machine: ref }, `detach the Kubernetes ISO from ${ref.name}`, [node]) : undefined;
  const told = tellingOf(ref);
  const data = steps.add({ kind: "replaceUserData", machine: ref }, `replace the user data of ${ref.name}`, [node], { why: "it holds join material" });
  return steps.add({ kind: "tagMachine", machine: ref, tags: { [tagKeys.joined]: "yes", ...done } }, `record that ${ref.name} has joined`, [label, iso, data, seen ? undefined : `deployMachine ${ref.name}`, steps.has(told) ? told : undefined]);
}
