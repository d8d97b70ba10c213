/** What is claimed of each row of features.md. */
import type { Claim } from "./claims";
import * as addons from "./stories/addons";
import * as adopting from "./stories/adopting";
import * as balancing from "./stories/balancing";
import * as destroying from "./stories/destroying";
import * as firewall from "./stories/firewall";
import * as forwarding from "./stories/forwarding";
import * as looking from "./stories/looking";
import * as making from "./stories/making";
import * as networks from "./stories/networks";
import * as nodes from "./stories/nodes";
import * as power from "./stories/power";
import * as scaling from "./stories/scaling";
import * as upgrading from "./stories/upgrading";
import * as words from "./stories/words";

export const claimed: Readonly<Record<number, readonly Claim[]>> = {
  1: [looking.listed],
  2: [making.name, making.description, making.zone, making.newestPatch, making.exactVersion, making.registeredVersion, looking.versions, addons.storageDriver, adopting.adopt, adopting.adoptId],
  3: [making.offerings, making.rootDisks],
  4: [networks.givenNetwork, networks.ownNetwork],
  5: [making.masters, making.twoMasters, making.otherMasters],
  6: [networks.externalBalancer],
  7: [making.size],
  8: [making.keyPair],
  9: [making.registry, making.registrySecret],
  10: [nodes.oneOffering, nodes.nodesInTurn],
  11: [power.stop, power.start],
  12: [scaling.grow, scaling.shrink, scaling.workersOffering, scaling.scaleStopped],
  13: [scaling.autoscaling, scaling.liveSize],
  14: [upgrading.upgrade, upgrading.minorsInSequence, upgrading.missingMinor, upgrading.older],
  15: [destroying.destroy],
  16: [looking.details],
  17: [looking.kubeconfig, looking.kubeconfigSecret],
  18: [looking.nodes, looking.nodeStates, looking.use, nodes.reboot, nodes.externalNodes],
  19: [nodes.deleteOne, nodes.replaceOne, nodes.deleteControlPlane],
  20: [firewall.firewall, firewall.firewallTags, firewall.firewallDelete, firewall.firewallList, firewall.egress, firewall.acl],
  21: [forwarding.forward, forwarding.forwardTags, forwarding.forwardDelete, forwarding.forwardList],
  22: [balancing.balancer, balancing.algorithms, balancing.udp, balancing.following, balancing.balancerAutoscale, balancing.balancerTags, balancing.balancerDelete, balancing.balancerList, addons.cloudController],
  23: [looking.events, looking.machineEvents, looking.progress],
  24: [looking.readComments, looking.writtenComments],
  25: [words.glossary],
};

const files: Readonly<Record<string, object>> = { addons, adopting, balancing, destroying, firewall, forwarding, looking, making, networks, nodes, power, scaling, upgrading, words };

/** Where the test of a claim is. */
export const fileOf = (claim: Claim): string => `tests/features/stories/${Object.entries(files).find(([, stories]) => Object.values(stories).includes(claim))![0]}.ts`;
