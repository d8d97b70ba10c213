/** Figures of planning: the processor's time for graphs far larger than anybody's cluster. For information. */
import { planCluster } from "../../provider/core/plan";
import { desired, nothing, owner } from "../core/world/observed";
import { figure, median, type Figure } from "./figures";

const rounds = 5;

export function planningFigures(): Promise<Figure[]> {
  return Promise.resolve(
    [100, 1000].map((machines) => {
      const input = { desired: desired({ workers: { count: machines - 3, offering: "small" } }), observed: nothing(), owner };
      const times = Array.from({ length: rounds }, () => {
        const before = process.cpuUsage();
        const { steps } = planCluster(input);
        if (steps.length < machines) throw new Error(`a plan of ${steps.length} steps is none for ${machines} machines`);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      });
      return figure(`plan ${machines} machines from nothing: processor time`, median(times), "ms");
    }),
  );
}
