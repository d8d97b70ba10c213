/**
 * Machines and hosts that fail during a change: it is done in the end, or an error says what failed and what to do; and whoever runs it
 * again, as that says, has it completed, in the state of an undisturbed change (promises 3, 6 and 7).
 */
import { tagKeys } from "../../../provider/core/ownership";
import { changes } from "../sweeps/change";
import type { Life } from "../world/life";
import { Mishaps } from "../world/mishaps";
import { sweepEveryChange, type Course, type Trouble } from "./sweep";

const at = (ms: number): string => `after ${Math.round(ms / 1000)} s`;

/** A host soon, half-way, and shortly before the end; a machine's system when it boots next, and the time after that. */
const troublesOf = ({ ms: whole }: Course): Trouble[] => [
  ...["prod-control-1", "prod-worker-1"].flatMap((name) => [2000, whole / 2, whole - 5000].filter((ms) => ms > 0).map((ms): Trouble => ({ order: { kind: "hostLost", name, ms }, when: at(ms) }))),
  ...["prod-control-*", "prod-worker-*"].flatMap((name) => [0, 1].flatMap((skip): Trouble[] => [{ order: { kind: "machineNeverBoots", name, skip } }, { order: { kind: "nodeNeverReady", name, skip } }])),
];

/** Somebody who does what they are told. */
async function heed({ cloud }: Life, message: string): Promise<void> {
  const [, name] = /(prod-\S+) is not (?:known to be )?Ready after .*reboot (?:one by hand|it) in Mold/.exec(message) ?? [];
  if (name !== undefined) await new Mishaps(cloud).reboot(name);
  if (message.includes("2 hours after it was made")) await cloud.clock.pass(7_200_000);
}

/** A machine that failed as it was to take a place is made anew under the first name that is free, perhaps that of the one whose place it takes: then it succeeds nobody. */
function withoutWorkersNames(text: string): string {
  const state = JSON.parse(text) as { tags: { key: string }[] };
  return JSON.stringify({ ...state, tags: state.tags.filter(({ key }) => key !== tagKeys.succeeds) }, null, 1).replace(/prod-worker-\d+/g, "prod-worker-N");
}
const table = { ...changes, "upgrade by replacing, old ones first": { ...changes["upgrade by replacing, old ones first"], plain: withoutWorkersNames } };

// Waiting is not what is swept here: shorter waits end alike.
sweepEveryChange("machines", { patience: 3, heed, declares: { timeouts: { scale: 600, update: 600, upgrade: 1800 } } }, troublesOf, table);
