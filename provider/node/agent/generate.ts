/**
 * Puts the agent's scripts and the unit into script.ts, so that they are where the code is: in the package, under any bundler, without a file
 * to be found at run time. Run by `npm run generate`; a test fails when script.ts is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function generatedScript(): string {
  const literal = (file: string): string => {
    const text = readFileSync(join(__dirname, file), "utf8");
    return `\`${text.replace(/[\\`]|\$\{/g, "\\$&")}\``;
  };
  return `// Generated from agent.sh, upgrade.sh, certificates.sh, addons.sh and agent.service by generate.ts. Do not edit.

/** What runs on every machine. */
export const agentScript = ${literal("agent.sh")};

/** Its part that goes on after the join; the agent sources it. */
export const upgradeScript = ${literal("upgrade.sh")};

/** Its part that renews certificates; the agent sources it. */
export const certificatesScript = ${literal("certificates.sh")};

/** Its part that installs what else is on the ISO; the agent sources it. */
export const addonsScript = ${literal("addons.sh")};

/** The systemd unit that runs it. */
export const agentUnit = ${literal("agent.service")};
`;
}

if (require.main === module) writeFileSync(join(__dirname, "script.ts"), generatedScript());
