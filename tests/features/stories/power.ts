/** Row 11: stopped, and started. */
import type { MakeLife } from "../../../provider/handlers/cluster-life";
import type { Life } from "../../core/world/life";
import { deployment, podsOf } from "../../core/world/workloads";
import type { Claim } from "../claims";
import { eachByItself, off, unheard } from "../switches";
import { declared, opened, stopped } from "../worlds";

const statesOf = ({ machines }: Life): Set<string> => new Set(machines.map((machine) => machine.split(" ")[1]!));

export const stop: Claim = {
  says: "`powerState: \"stopped\"`: every machine is off, control planes last, and the cluster shows as Stopped",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, stopped));
    expect(statesOf(life)).toEqual(new Set(["Stopped"]));
    expect(life.outputs.state).toBe("Stopped");
    expect(await life.plan()).toEqual([]);
    // Mold stops a cluster of its own as a whole.
    const inOrder = life.run.lines.flatMap((line) => /^info stop (\S+(?: …|: done))/.exec(line)?.[1] ?? []);
    expect(inOrder.slice(-2)).toEqual(on === "core" ? ["prod-control-1 …", "prod-control-1: done"] : []);
  },
  without: (on) => [unheard(on, "powerState", "running"), ...(on === "core" ? [eachByItself("no machine waits for another", "provider/core/plan-power", "planStopped")] : [])],
};

export const start: Claim = {
  says: "`powerState: \"running\"` again: every node is Ready, and what was in the cluster still is",
  async shows(on) {
    const life = opened(on);
    await deployment(life, "web", 2);
    await life.up(declared(on, stopped));
    await life.up(declared(on));
    expect(statesOf(life)).toEqual(new Set(["Running"]));
    const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
    expect(nodes.map(({ ready }) => ready)).toEqual([true, true, true]);
    expect(await podsOf(life, "web")).toHaveLength(2);
  },
  without: (on) => [off<MakeLife>("nothing is started", "provider/handlers/cluster-life", `lives.${on}`, (real) => (session, inputs, ...more) => real(session, { ...inputs, powerState: more[0]?.outputs.state === "Stopped" ? "stopped" : inputs.powerState }, ...more))],
};
