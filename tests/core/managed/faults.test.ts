/**
 * What goes wrong while Mold changes a cluster that it runs: calls that are lost, jobs that fail, are late or left behind by a dead run, and the
 * service itself failing or hanging at one of the machines. It is done in the end, or an error says what failed and what to do; and then
 * the next run completes it, in the state of an undisturbed change (promises 1, 6 and 7).
 */
import { isMold, momentsOf, sweepEveryChange, timesOf, type Course, type Trouble } from "../change-faults/sweep";
import { managed } from "./managed";
import { operations } from "./operations";

const service = ["scaleKubernetesCluster", "upgradeKubernetesCluster", "startKubernetesCluster", "stopKubernetesCluster"];
const commands = [...service, "createTags", "deleteTags", "listKubernetesClusters", "getKubernetesClusterConfig"];
const jobs = [...service, "createTags", "deleteTags"];

const numberOf = ({ calls }: Course, command: string, skip: number): number => calls.flatMap((call, at) => (call === command ? [at + 1] : []))[skip]!;

const lost = (course: Course): Trouble[] =>
  commands.flatMap((command) =>
    momentsOf(timesOf(course, command)).flatMap((skip): Trouble[] => [{ order: { kind: "droppedBefore", command, skip } }, { order: { kind: "droppedAfter", command, skip } }, { order: { kind: "httpError", command, skip, code: 502 } }]),
  );

const failed = (course: Course): Trouble[] =>
  jobs.flatMap((command) =>
    momentsOf(timesOf(course, command)).flatMap((skip): Trouble[] => [
      { order: { kind: "jobFails", command, skip, text: "the database is away" } },
      { order: { kind: "jobPending", command, skip, ms: 400_000 }, dies: numberOf(course, command, skip), when: "left behind by a run that dies" },
    ]),
  );

/** The autoscaler's bounds are a matter of the record alone: there is no machine that the service could fail at. */
const isOfTheRecord = ({ name }: Course): boolean => /autoscaling/.test(name);

/** At the first machine that it works on, and at the one after that. */
const halfway = (course: Course): Trouble[] =>
  service.flatMap((command) =>
    timesOf(course, command) === 0 || (command === "scaleKubernetesCluster" && isOfTheRecord(course))
      ? []
      : [0, 1].flatMap((skip): Trouble[] => [
          { order: { kind: "serviceFails", command, skip, text: "the host is away" } },
          ...(command === "stopKubernetesCluster" || command === "startKubernetesCluster" ? [] : [{ order: { kind: "serviceFails", command, skip, effect: "after", text: "the host is away" } } as const]),
          { order: { kind: "serviceHangs", command, skip, ms: 900_000 } },
          // From a stop that is interrupted so no command leads on (restarts.test.ts).
          ...(command === "stopKubernetesCluster" ? [] : [{ order: { kind: "serviceRestarts", command, skip } } as const]),
        ]),
  );

const anywhere = ({ calls }: Course): Trouble[] => {
  const all = calls.filter(isMold).length;
  return [1, 2, 3].map((quarter) => ({ order: { kind: "expiredCredentials", command: "*", skip: Math.floor((all * quarter) / 4) } }));
};

interface Seen {
  readonly clusters: readonly { readonly managed?: { size?: number } }[];
  forwards: readonly { readonly privatePort: number }[];
  firewallRules: readonly { readonly startPort: number }[];
}

/**
 * Machines that a scaling which failed has left in the cluster are let in and counted by this library; Mold's record goes on to say the number
 * of before, and none of them gets a port for SSH. No command of Mold's puts that right.
 */
function withoutWhatMoldForgets(state: string): string {
  const seen = JSON.parse(state) as Seen;
  for (const { managed } of seen.clusters) delete managed?.size;
  seen.forwards = seen.forwards.filter(({ privatePort }) => privatePort !== 22);
  seen.firewallRules = seen.firewallRules.filter(({ startPort }) => startPort !== 2222);
  return JSON.stringify(seen, null, 1);
}

const { "more workers": more, ...others } = operations;
// Of two: where Mold counts one alone it can't be brought to count anew, and a run says so (failed-scaling.test.ts).
const swept = { ...others, "more workers": { ...more!, from: managed({ workers: 2 }), to: managed({ workers: 4 }), plain: (state: string) => withoutWhatMoldForgets((more!.plain ?? String)(state)) } };

// Where it hangs is not what is swept here: shorter waits end alike.
sweepEveryChange("service", { patience: 3, declares: { timeouts: { update: 2400, scale: 2400, upgrade: 2400 } } }, (course) => [...lost(course), ...failed(course), ...halfway(course), ...anywhere(course)], swept);
