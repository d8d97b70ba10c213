/** What is claimed of each row of features.md. */
import type { Claim } from "./claims";
import * as changing from "./stories/changing";
import * as looking from "./stories/looking";
import * as making from "./stories/making";
import * as rules from "./stories/rules";
import * as words from "./stories/words";

export const claimed: Readonly<Record<number, readonly Claim[]>> = {
  1: [looking.listed],
  2: [making.name, making.description, making.zone, making.newestPatch, making.exactVersion, making.registeredVersion, looking.versions],
  3: [making.offerings, making.rootDisks],
  4: [making.givenNetwork, making.ownNetwork],
  5: [making.masters, making.twoMasters, making.otherMasters],
  6: [making.externalBalancer],
  7: [making.size],
  8: [making.keyPair],
  9: [making.registry, making.registrySecret],
  10: [changing.oneOffering, changing.nodesInTurn],
  11: [changing.stop, changing.start],
  12: [changing.grow, changing.shrink, changing.workersOffering, changing.scaleStopped],
  13: [changing.autoscaling, changing.liveSize],
  14: [changing.upgrade, changing.minorsInSequence, changing.missingMinor, changing.older],
  15: [changing.destroy],
  16: [looking.details],
  17: [looking.kubeconfig],
  18: [looking.nodes, looking.nodeStates, looking.use, changing.reboot],
  19: [changing.deleteOne, changing.replaceOne, changing.deleteControlPlane],
  20: [rules.firewall, rules.firewallTags, rules.firewallDelete, rules.firewallList, rules.egress, rules.acl],
  21: [rules.forward, rules.forwardTags, rules.forwardDelete, rules.forwardList],
  22: [rules.balancer, rules.algorithms, rules.udp, rules.following, rules.balancerAutoscale, rules.balancerTags, rules.balancerDelete, rules.balancerList],
  23: [looking.events, looking.progress],
  24: [looking.readComments, looking.writtenComments],
  25: [words.glossary],
};

const files: Readonly<Record<string, object>> = { changing, looking, making, rules, words };

/** Where the test of a claim is. */
export const fileOf = (claim: Claim): string => `tests/features/stories/${Object.entries(files).find(([, stories]) => Object.values(stories).includes(claim))![0]}.ts`;
