/** Everything that is done to a cluster that Mold runs, for the sweeps. */
import type { Change } from "../sweeps/change";
import { managed, plainState } from "./managed";

const plain = plainState;
const scaled = (max: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({ ...managed(more), workers: { count: 2, offering: "k8s-2c-4g", autoscaling: { min: 1, max } } });
const stopped = { powerState: "stopped" };

export const operations = {
  "more workers": { from: managed({ workers: 1 }), to: managed({ workers: 3 }), plain },
  "fewer workers": { from: managed({ workers: 3 }), to: managed({ workers: 1 }), plain },
  stop: { from: managed(), to: managed(stopped), then: managed(), plain },
  start: { from: managed(), before: managed(stopped), to: managed(), plain },
  "other offerings": { from: managed(), to: managed({ offerings: { controlPlane: "k8s-4c-8g", workers: "k8s-4c-8g" } }), plain },
  "two hops": { from: managed(), to: managed({ version: "1.36" }), plain },
  "autoscaling on": { from: managed(), to: scaled(4), plain },
  "a hop with autoscaling on": { from: managed(), before: scaled(4), to: scaled(4, { version: "1.35" }), plain },
  "autoscaling off": { from: managed(), before: scaled(4), to: managed(), plain },
  "other tags": { from: managed({ tags: { team: "a", gone: "x" } }), to: managed({ tags: { team: "b", more: "y" } }), plain },
} satisfies Record<string, Change>;

export const operationNames = Object.keys(operations) as (keyof typeof operations)[];
