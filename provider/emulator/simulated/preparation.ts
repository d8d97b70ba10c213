/** What the node agent does before it is told to upgrade: it loads the next version's images while its node serves as before. */
import type { Cluster } from "./cluster";
import type { Kubelets } from "./kubelets";
import type { Machine } from "./machine";
import { AGENT, PREPARE, PREPARED, WANTED } from "./node-protocol";
import { annotate, ownNode } from "./own-node";
import type { Site } from "./site";
import { isoObjection, refusal } from "./upgrade";

export class NodePreparation {
  constructor(
    private readonly site: Site,
    private readonly kubelets: Kubelets,
  ) {}

  /** Told when something has changed: what the Node asks for, the disc. */
  consider(machine: Machine): void {
    const { state } = machine;
    const own = ownNode(this.site, machine);
    if (!own) return;
    const { cluster, disk, annotations } = own;
    const next = annotations[PREPARE] ?? "";
    if (next === "" || next === annotations[WANTED]) return this.site.timers.cancel(timerOf(machine));
    if (!this.kubelets.hears(cluster, machine.id)) return;
    const say = (text: string): void => {
      if (annotations[PREPARED] !== text) this.show(machine, cluster, disk.nodeName, text);
    };
    if (state.images === next) return say(next);
    const objection = refusal(machine, disk, { wanted: next, first: false }) ?? isoObjection(machine, next);
    if (objection) return say(`${next} ${objection.refused ? "refused" : "failed"}: ${objection.reason}`);
    if (this.site.timers.has(timerOf(machine))) return;
    this.site.timers.at(timerOf(machine), this.site.context.clock.now() + this.site.durations.imageImport, () => this.loaded(machine, next));
  }

  private loaded(machine: Machine, version: string): void {
    // What its power or its disc was taken from begins anew.
    if (machine.state.phase === "member" && machine.spec.iso?.version === version) {
      machine.update({ images: version });
      machine.say(`${AGENT}: images of ${version} loaded`);
    }
    this.site.changed();
  }

  private show(machine: Machine, cluster: Cluster, node: string, text: string): void {
    machine.say(`${AGENT}: prepared: ${text}`);
    annotate(cluster, node, { [PREPARED]: text });
  }
}

const timerOf = ({ id }: Machine): string => `prepare/${id}`;
