/** Of some states nothing can be taken over. */
const ends: Readonly<Record<string, string>> = {
  Error: "its create failed, and Mold can only delete it. Delete it in Mold, or leave adopt out once it is gone to have one made",
  Destroying: "Mold is deleting it",
  Destroyed: "Mold has deleted it",
};

/** Why a cluster in that state can't be taken over; undefined: it can. */
export const whyNotAdoptable = (state: string): string | undefined => (ends[state] === undefined ? undefined : `is in state ${state}: ${ends[state]}.`);
