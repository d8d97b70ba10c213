/** Row 25: the words of the documentation's glossary. */
import type { Claim } from "../claims";
import { readme } from "../documents";
import { off } from "../switches";

const spoken = ["service discovery", "autoscaling", "master", "controller", "worker", "kubeconfig", "kubectl", "clusterip", "ingress"];

export const glossary: Claim = {
  says: "the README uses the words as the documentation does",
  shows() {
    const text = readme().toLowerCase();
    expect(spoken.filter((word) => !text.includes(word))).toEqual([]);
    return Promise.resolve();
  },
  notThroughTerraform: "the words are the README's, which is one for all ways in",
  without: () => spoken.map((word) => off<() => string>(`the README does not say "${word}"`, "tests/features/documents", "readme", (real) => () => real().replaceAll(new RegExp(word, "gi"), "—"))),
};
