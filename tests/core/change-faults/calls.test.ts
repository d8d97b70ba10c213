/**
 * Calls to Mold that are lost, late or refused during a change: it is done in the end, or an error says what failed and what to do;
 * and then the next run completes it, in the state of an undisturbed change (promises 6 and 7).
 */
import type { FaultOrder } from "../../../provider/emulator";
import { isMold, momentsOf, sweepEveryChange, timesOf, type Course } from "./sweep";

/** What changes something in one of the changes; of those that look, some. */
const commands = ["stopVirtualMachine", "startVirtualMachine", "scaleVirtualMachine", "resizeVolume", "rebootVirtualMachine", "destroyVirtualMachine", "deployVirtualMachine", "attachIso", "detachIso", "assignToLoadBalancerRule", "removeFromLoadBalancerRule", "createTags", "deleteTags", "listVirtualMachines", "queryAsyncJobResult"];

/** Each way of losing a call at the first, a middle and the last one of each command. */
const lost = (course: Course): FaultOrder[] =>
  commands.flatMap((command) =>
    momentsOf(timesOf(course, command)).flatMap((skip): FaultOrder[] => [
      { kind: "droppedBefore", command, skip },
      { kind: "droppedAfter", command, skip },
      { kind: "httpError", command, skip, code: 502 },
      { kind: "rateLimit", command, skip },
    ]),
  );

/** What does not hang on the command strikes a quarter, half and three quarters of the way. */
function anywhere({ calls }: Course): FaultOrder[] {
  const all = calls.filter(isMold).length;
  return [1, 2, 3].flatMap((quarter): FaultOrder[] => {
    const skip = Math.floor((all * quarter) / 4);
    return [
      { kind: "slowAnswer", command: "*", skip, ms: 20_000 },
      { kind: "httpError", command: "*", skip, code: 503, effect: "after" },
      { kind: "expiredCredentials", command: "*", skip },
      { kind: "expiredCredentials", command: "*", skip, count: -1 },
      { kind: "processKilled", command: "*", skip },
      { kind: "processKilled", command: "*", skip, effect: "after" },
    ];
  });
}

sweepEveryChange("calls", { patience: 1 }, (course) => [...lost(course), ...anywhere(course)].map((order) => ({ order })));
