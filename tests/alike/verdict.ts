/** Whether the two hypervisors are alike, in words for whoever has to mend it. Pure. */
import { allowances } from "./allowances";
import { differences, inWords, judge } from "./difference";
import { otherEvents } from "./machine-stories";
import type { Recording } from "./recording";

export interface Verdict {
  /** Empty: they are alike. */
  readonly complaint: string;
  /** `0 differences that are not allowed, 12 lines that are`. */
  readonly figure: string;
}

/** @param options.fresh the real one is of just now, not the recording that is kept: of what depends on time it need not show everything */
export function verdictOf(real: Recording, simulated: Recording, { fresh }: { readonly fresh: boolean }): Verdict {
  // The library of a kept recording may have asked Mold for other things than today's.
  const found = differences(real, simulated).filter(({ subject }) => fresh || subject !== otherEvents);
  const { refused, allowed, idle } = judge(found, allowances);
  const unneeded = idle.filter(({ sometimes }) => !(fresh && sometimes));
  const parts = [
    ...(refused.length > 0 ? [`What the real hypervisor has alone begins with -, the simulated one's with +. Mend the simulation (provider/emulator/simulated), or allow it with its reason (tests/alike/allowances.ts).\n\n${inWords(refused)}`] : []),
    ...unneeded.map(({ subject, lines, why }) => `An allowed difference does not occur any more; take it out of tests/alike/allowances.ts: ${String(subject)} ${String(lines)} (${why})`),
  ];
  return { complaint: parts.join("\n\n"), figure: `${refused.length} difference${refused.length === 1 ? " that is" : "s that are"} not allowed, ${allowed} line${allowed === 1 ? " that is" : "s that are"}` };
}
