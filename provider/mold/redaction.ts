/** Keeps secrets out of logs and errors: by name where a parameter is shown, by value where a text comes from somewhere else. */
import type { Parameter } from "./signing";

const secretName = /^(apikey|secretkey|signature|sessionkey|userdata|privatekey|token|.*password|.*secret)$/i;
const shown = "[redacted]";

/** The last part of a parameter's name (`registry[0].password` is a password) decides. */
const isSecret = (name: string): boolean => secretName.test(name.slice(name.lastIndexOf(".") + 1));

/** A map entry whose value may be anything a user puts there: `details[0].value`, `userdatadetails[0].key`. Tags are ours and public. */
const isOpen = (name: string): boolean => /^(details|externaldetails|userdatadetails|param|otherdeployparams)\[/.test(name);

/** Parameters for a log line: `id=7 name=prod userdata=[redacted]`, long values cut. */
export function describeParameters(parameters: readonly Parameter[]): string {
  return parameters
    .map(([name, value]) => {
      if (isSecret(name) || isOpen(name)) return `${name}=${shown}`;
      return `${name}=${value.length > 80 ? `${value.slice(0, 80)}…` : value}`;
    })
    .join(" ");
}

/** Values that must not be seen: those of the call's own secret parameters. */
export const secretsOf = (parameters: readonly Parameter[]): string[] => parameters.filter(([name]) => isSecret(name) || isOpen(name)).map(([, value]) => value);

/** Takes secret values out of a text that somebody else wrote (Mold, a proxy, the TLS library). Values under four characters would blank out ordinary words. */
export function scrub(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of new Set([secret, encodeURIComponent(secret)])) clean = clean.replaceAll(form, shown);
  }
  return clean;
}

/** An address without user, password and query. */
export function withoutCredentials(address: string): string {
  try {
    const url = new URL(address);
    return `${url.protocol}//${url.host}${url.pathname}`;
  } catch {
    return "an address that can't be read";
  }
}
