import { gunzipSync } from "node:zlib";
import { newBootstrapToken } from "../../kubernetes/bootstrap-token";
import { goneAsEmpty } from "../gone";
import { hasJoined } from "../ownership";
import { joinSeconds } from "../plan-input";
import type { Operation } from "./operation";

/**
 * The join tokens of one operation: a random one of its own, and those that machines of an interrupted run were deployed with and
 * still try. They are read from those machines' user data, which is theirs until they have joined.
 */
export class JoinTokens {
  readonly own: string;
  private earlier: Promise<string[]> | undefined;
  /** Milliseconds since 1970. The machine that makes the cluster makes its token a moment after this. */
  private expires: number;

  constructor(
    private readonly operation: Operation,
    random: (bytes: number) => Uint8Array,
  ) {
    this.own = newBootstrapToken(random);
    this.expires = operation.world.clock.now() + joinSeconds * 1000;
  }

  async publish(leastMs = joinSeconds * 1000): Promise<void> {
    const expires = this.operation.world.clock.now() + leastMs;
    for (const token of await this.all()) await this.operation.kubernetes.putBootstrapToken(token, new Date(expires));
    this.expires = expires;
  }

  /** A machine is waited for that long from now: those tokens that would be over before count anew. Machines try on until they are let in. */
  async outlast(waitMs: number): Promise<void> {
    if (this.operation.world.clock.now() + waitMs > this.expires) await this.publish(Math.max(waitMs, joinSeconds * 1000));
  }

  async withdraw(): Promise<void> {
    for (const token of await this.all()) await this.operation.kubernetes.deleteBootstrapToken(token);
  }

  private async all(): Promise<string[]> {
    this.earlier ??= this.readEarlier();
    return [...new Set([this.own, ...(await this.earlier)])];
  }

  private async readEarlier(): Promise<string[]> {
    const { world, observed } = this.operation;
    const waiting = observed.machines.filter((machine) => !hasJoined(machine) && machine.state !== "Error");
    const data = await Promise.all(
      waiting.map(async ({ id, name }) => {
        try {
          return [await world.mold.call("getVirtualMachineUserData", { virtualmachineid: id }, this.operation.context(`machine ${name}`))];
        } catch (error) {
          // Discarded meanwhile, and made anew with this operation's own.
          return goneAsEmpty(error);
        }
      }),
    );
    return data.flat().flatMap(({ userdata }) => (userdata ? tokensIn(userdata) : []));
  }
}

/** Pure: the bootstrap tokens in user data as the API shows it. */
export function tokensIn(userData: string): string[] {
  const bytes = Buffer.from(userData, "base64");
  const text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
  return [...text.matchAll(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g)].map(([token]) => token);
}
