import { progressLog } from "../../provider/adapters/pulumi-dynamic/progress";

test("each line says how long the run has been going on", () => {
  const lines: string[] = [];
  let now = 1_000_000;
  const log = progressLog({}, (line) => lines.push(line), () => now);
  log.info("deploy prod-worker-1 …");
  now += 12_400;
  log.warn("the lock was lost");
  log.debug("not shown");
  expect(lines).toEqual(["   0 s  deploy prod-worker-1 …", "  12 s  warning: the lock was lost"]);
});

test("ABLESTACK_LOG=debug shows more", () => {
  const lines: string[] = [];
  progressLog({ ABLESTACK_LOG: "debug" }, (line) => lines.push(line), () => 0).debug("asked again");
  expect(lines).toEqual(["   0 s  asked again"]);
});
