/** What is to be shown on real nodes, point by point, and which figures and tests show it. */

export interface Expected {
  /** What a reader is told when it was not run. */
  readonly what: string;
  /** Of a figure's `what`, or of a test's whole name. */
  readonly by: { readonly figure: RegExp; readonly goal?: string } | { readonly test: RegExp };
}

export interface Point {
  readonly title: string;
  readonly wanted: string;
  readonly shown: readonly Expected[];
}

const figure = (what: string, pattern: RegExp, goal?: string): Expected => ({ what, by: { figure: pattern, ...(goal === undefined ? {} : { goal }) } });
const test = (what: string, pattern: RegExp): Expected => ({ what, by: { test: pattern } });

export const points: readonly Point[] = [
  {
    title: "Made",
    wanted: "three control planes and two workers Ready from `pulumi up`, in at most 1.2 times what it takes by hand in the same run",
    shown: [figure("3+2 from `pulumi up`", /^3 control planes and 2 workers at 1\.34, from/), figure("the same by hand", /by hand, kubeadm on each machine/, "at most 1.2 times")],
  },
  {
    title: "Upgraded under load",
    wanted: "two minors in one `pulumi up` while a client reads and writes every 100 ms and asks for pages: no page fails, and no gap in the API is longer than a second",
    shown: [
      figure("two minors in one `pulumi up`", /1\.34 to 1\.36 under load/),
      figure("the same load while nothing changes", /^at rest: /),
      figure("reads meanwhile", /^two hops: reads/, "no gap longer than 1 s"),
      figure("writes meanwhile", /^two hops: writes/, "no gap longer than 1 s"),
      figure("pages meanwhile", /^two hops: pages/, "none failed"),
      figure("one minor", /1\.34 to 1\.35 under load$/),
      figure("reads, one minor", /^meanwhile: reads/, "no gap longer than 1 s"),
      figure("writes, one minor", /^meanwhile: writes/, "no gap longer than 1 s"),
      figure("pages, one minor", /^meanwhile: pages/, "none failed"),
    ],
  },
  {
    title: "Lived in",
    wanted: "pages through the ingress balancer, a closed port closed, a watch that idles and still delivers; scaled, stopped and started, another offering, control planes one to three",
    shown: [
      test("pages through the balancer, a closed port closed", /through the ingress balancer; a port that nothing opens is closed/),
      figure("a watch, idle for ten minutes", /idle for ten minutes/),
      figure("two to four workers, and two again", /^two workers more, two fewer$/),
      figure("stopped and started", /^3\+2 stopped, and started/),
      test("what was written before the stop is read after the start", /what was written before is read after/),
      test("another offering for one node", /another offering for one node/),
      figure("control planes, one to three", /one control plane becomes three|one becomes three/),
    ],
  },
  {
    title: "Killed",
    wanted: "`kill -9` of pulumi and provider at ten random moments, run again each time: ends right; a control plane that is lost for good in an upgrade is replaced, etcd member included",
    shown: [figure("create, killed", /^create .* killed/), figure("upgrade, killed", /^1\.\d+ to 1\.\d+ .* killed/), figure("a control plane lost for good", /destroyed for good/)],
  },
  {
    title: "How long an upgrade takes",
    wanted: "half of the 170 to 190 s that a control plane takes by hand, without weakening what is waited for",
    shown: [figure("a control plane, from the order to whole again", /control-\d+ from the order to whole again/, "at most 95 s"), figure("a worker", /worker-\d+ from the order to whole again/), figure("step by step", /^steps of the /)],
  },
  {
    title: "Destroyed",
    wanted: "`destroy` leaves no machine, namespace, mount, cgroup or process",
    shown: [test("nothing is left on the host", /destroy leaves no machine, namespace, mount, cgroup/), figure("how long it took", /^all of it destroyed$/)],
  },
  {
    title: "Alike",
    wanted: "the same script on the simulated and on the real hypervisor gives the same sequence of states, annotations, versions and events",
    shown: [figure("differences", /^the same script on simulated and on real machines/, "no difference but those that are allowed"), test("compared", /the same script on real nodes/)],
  },
];
