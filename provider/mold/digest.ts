/** Which hash a server takes, when the connection says `auto`: a server of the other kind only answers 401. */
import { configKey, type ConnectionSettings } from "./connection";
import { MoldError } from "./errors";
import type { Digest } from "./signing";

/** Mold's own first. */
const candidates: readonly Digest[] = ["sha256", "sha1"];

/** Whether a call signed with `digest` is let in; rejects when that can't be told (server out of reach). */
export type Probe = (digest: Digest) => Promise<unknown>;

/** Finds out once, by the first call; a failure is not remembered. */
export class DigestChoice {
  private found: Promise<Digest> | undefined;

  constructor(
    private readonly settings: ConnectionSettings,
    private readonly probe: Probe,
  ) {}

  get(): Promise<Digest> {
    if (this.settings.digest !== "auto") return Promise.resolve(this.settings.digest);
    this.found ??= this.findOut().catch((error: unknown) => {
      this.found = undefined;
      throw error;
    });
    return this.found;
  }

  private async findOut(): Promise<Digest> {
    let said: string | undefined;
    for (const digest of candidates) {
      try {
        await this.probe(digest);
        return digest;
      } catch (error) {
        if (!(error instanceof MoldError) || error.kind !== "credentials") throw error;
        said = error.said;
      }
    }
    const name = (property: string): string => configKey(this.settings.name, property);
    throw new MoldError({
      kind: "credentials",
      command: "listCapabilities",
      code: 401,
      said,
      what: `was not let in (401), signed with ${candidates.join(" nor with ")}`,
      advice: `Check ${name("apiKey")} and ${name("secretKey")} (are they this server's?) and this machine's clock.`,
    });
  }
}
