/**
 * Jobs of Mold that fail, are late, or are still pending when the next run starts: the change is done in the end, or an error says what
 * failed and what to do; and then the next run completes it, in the state of an undisturbed change (promises 1, 6 and 7).
 */
import { momentsOf, sweepEveryChange, timesOf, type Course, type Trouble } from "./sweep";

const commands = ["stopVirtualMachine", "startVirtualMachine", "scaleVirtualMachine", "resizeVolume", "rebootVirtualMachine", "destroyVirtualMachine", "deployVirtualMachine", "attachIso", "detachIso", "assignToLoadBalancerRule", "removeFromLoadBalancerRule", "createTags", "deleteTags"];
/** Those for which Mold looks for a host. */
const placed = new Set(["startVirtualMachine", "deployVirtualMachine"]);

/** Each at the first, a middle and the last job of each command; those that a dead run leaves behind, which cost three runs, at the ends. */
const troublesOf = (course: Course): Trouble[] =>
  commands.flatMap((command) =>
    momentsOf(timesOf(course, command)).flatMap((skip, at, moments): Trouble[] => [
      { order: { kind: "jobFails", command, skip, text: "the storage is away" } },
      { order: { kind: "slowJob", command, skip, ms: 120_000 } },
      ...(placed.has(command) ? [{ order: { kind: "noCapacity", command, skip } } as const] : []),
      // Longer than the lock of the run holds that dies beside it.
      ...(at === 0 || at === moments.length - 1 ? [{ order: { kind: "jobPending", command, skip, ms: 400_000 }, dies: numberOf(course, command, skip), when: "left behind by a run that dies" } as const] : []),
    ]),
  );

/** The number of a command's call, from 1, after so many of the same. */
const numberOf = ({ calls }: Course, command: string, skip: number): number => calls.flatMap((call, at) => (call === command ? [at + 1] : []))[skip]!;

sweepEveryChange("jobs", { patience: 1 }, troublesOf);
