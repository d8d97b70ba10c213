/** What holds for the rules of all three tabs alike: they are listed, their tags are edited, and they go. */
import type { SeenRule } from "../../schema/generated/types";
import type { Life } from "../core/world/life";
import { byHand, seen } from "../core/world/made";
import type { DeclaredRule } from "../handlers/rules";
import type { Claim } from "./claims";
import { door } from "./door";
import { idle, off, replaced, ruleModules, unheardOfRule, type RuleKind } from "./switches";
import { opened } from "./worlds";

export type Rows = readonly Readonly<Record<string, unknown>>[];
export const table = ({ cloud }: Pick<Life, "cloud">, name: string): Rows => seen(cloud)[name]!;

export const up = (life: Life, rule: DeclaredRule): Promise<void> => door().up(life, rule);
export const isAsDeclared = async (life: Life, rule: DeclaredRule): Promise<void> => expect(await door().isAsDeclared(life, rule)).toBe(true);

/** The cluster and its address: of one that Mold runs that is its network's own. */
export const where = ({ outputs }: Life): { cluster: string; ipAddressId: string } => ({ cluster: outputs.uid, ipAddressId: outputs.publicIpAddressId });

type Declare = (life: Life) => DeclaredRule;

/** Tags of the user's own. */
const tagsOn = (life: Life, type: string): string[] => table(life, "tags").flatMap(({ resourceType, key, value }) => (resourceType === type && !String(key).startsWith("ablestack-") ? [`${String(key)}=${String(value)}`] : []));

/** @param rule declared with the tag `team=shop` */
export const editedTags = (type: string, kind: RuleKind, rule: Declare): Claim => ({
  says: "its `tags` are edited in place",
  async shows(on) {
    const life = opened(on);
    const one = rule(life);
    await up(life, one);
    const { ruleId } = one.outputs;
    expect(tagsOn(life, type)).toEqual(["team=shop"]);
    await up(life, one.declare({ tags: { tier: "front" } }));
    expect(tagsOn(life, type)).toEqual(["tier=front"]);
    expect(one.outputs.ruleId).toBe(ruleId);
  },
  without: () => [unheardOfRule(kind, "tags")],
});

export const deleted = (kind: RuleKind, rule: Declare): Claim => ({
  says: "deleted, it goes, and nothing else does",
  async shows(on) {
    const life = opened(on);
    const before = life.cloud.state();
    const one = rule(life);
    await up(life, one);
    expect(life.cloud.state()).not.toBe(before);
    await door().destroy(life, one);
    expect(life.cloud.state()).toBe(before);
  },
  without: () => [idle("nothing is deleted", ruleModules[kind], `${kind}.delete`)],
});

/** @param made at Mold's screens, at port 7777 */
export const listed = (kind: SeenRule["kind"], rule: Declare, facts: object, made: (life: Life) => Promise<unknown>): Claim => ({
  says: "`getNetworkRules`: those that are there, with who declares them, and those that somebody made by hand",
  async shows(on) {
    const life = opened(on);
    const one = rule(life);
    await up(life, one);
    await made(life);
    const { rules } = await door().read(life.cloud, "getNetworkRules", { cluster: "prod" });
    const ofKind = rules.filter((each) => each.kind === kind);
    expect(ofKind.filter(({ ruleId }) => ruleId === one.outputs.ruleId)).toMatchObject([{ ...facts, declaredBy: door().owner, state: "Active" }]);
    expect(ofKind.filter(({ startPort }) => startPort === 7777)).toEqual([expect.not.objectContaining({ declaredBy: expect.anything() as unknown })]);
  },
  without: () =>
    [...Object.keys(facts), "declaredBy"].map((column) =>
      off<(...given: never[]) => Promise<{ rules: readonly SeenRule[] }>>(`\`${column}\` is not told`, "provider/handlers/data-sources/index", "readers.getNetworkRules", (real) => async (...given) => ({
        rules: (await real(...given)).rules.map((each) => replaced(each, [column], undefined)),
      })),
    ),
});

export const byHandThere = (life: Life, command: "createFirewallRule" | "createPortForwardingRule" | "createLoadBalancerRule", given: object): Promise<unknown> => life.cloud.clock.run(byHand(life.cloud).run(command, given as never));
