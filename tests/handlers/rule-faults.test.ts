/**
 * Rules with something going wrong: a job that fails, a connection that drops before or after a call took effect, a server that is away
 * for a moment, one that refuses for a while. Either it is got over, or the error says which resource and what to do; and the next run
 * ends where an undisturbed one does.
 */
import type { FaultOrder } from "../../provider/emulator";
import { intentsLeft } from "../core/world/made";
import { difference } from "../core/sweeps/sweep";
import { begin, lives, RuleWorld, startsJob } from "./rule-lives";

let ruleWorld: RuleWorld;
beforeAll(async () => {
  ruleWorld = await RuleWorld.make();
});
afterAll(() => ruleWorld.close());

/** What can strike a call, and what only the job that it begins. */
const ofCalls = (command: string): FaultOrder[] => [
  { kind: "droppedBefore", command },
  { kind: "droppedAfter", command },
  { kind: "httpError", command, code: 503 },
  { kind: "httpError", command, code: 503, effect: "after" },
];
const ofJobs = (command: string): FaultOrder[] => [
  { kind: "jobFails", command, text: "the router is away" },
  { kind: "slowJob", command, ms: 30_000 },
];

/** Autoscaling names what it makes by the rule's id, and a rule whose first job failed has another. */
const withoutIds = (state: string): string => state.replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "(id)").replace(/\blb-[0-9a-f]{8}\b/g, "lb-(id)");

let [orders, gotOver, toldAndMended] = [0, 0, 0];

test.each(lives)("%s: %s", async (_about, _name, subject, operation) => {
  const undisturbed = await begin(ruleWorld, subject, operation);
  const whole = undisturbed.world.cloud.newRun();
  await undisturbed.world.cloud.clock.run(operation.work(undisturbed.rule, whole));
  const goal = withoutIds(undisturbed.world.cloud.state());
  const wrong: string[] = [];
  for (const command of new Set(whole.calls.filter((call) => call !== "queryAsyncJobResult"))) {
    for (const order of [...ofCalls(command), ...(startsJob(command) ? ofJobs(command) : [])]) {
      const { world, rule } = await begin(ruleWorld, subject, operation);
      const { cloud } = world;
      cloud.emulator.faults.order(order);
      const where = `${order.kind} ${order.effect ?? ""} ${command}`;
      orders += 1;
      const failure = await cloud.clock.run(operation.work(rule, cloud.newRun())).then(() => undefined, (error: unknown) => error as Error);
      if (failure === undefined) gotOver += 1;
      else {
        toldAndMended += 1;
        if (!/^(NetworkRule|LoadBalancer) (web|out|ssh|ingress): /.test(failure.message) && !failure.message.includes(command)) wrong.push(`${where}: names neither resource nor call: ${failure.message}`);
        if (!/[Rr]un(ning)? again|run later|Look at|[Ww]hen/.test(failure.message)) wrong.push(`${where}: says not what to do: ${failure.message}`);
        await cloud.clock.pass(40_000);
        await cloud.clock.run(operation.work(rule, cloud.newRun())).catch((error: unknown) => wrong.push(`${where}: the next run fails as well: ${(error as Error).message}`));
      }
      const state = withoutIds(cloud.state());
      if (state !== goal) wrong.push(`${where}: another state\n${difference(goal, state)}`);
      if (intentsLeft(cloud).length > 0) wrong.push(`${where}: left ${intentsLeft(cloud).join(", ")}`);
    }
  }
  expect(wrong).toEqual([]);
}, 240_000);

afterAll(() => void process.stdout.write(`\n  ${orders} faults over ${lives.length} lives of rules: ${gotOver} got over, ${toldAndMended} told and mended by the next run\n`));
