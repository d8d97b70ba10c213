const factors: Readonly<Record<string, number>> = {
  "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** Divided by rather than multiplied with: 1900m is 1.9 then. */
const parts: Readonly<Record<string, number>> = { n: 1e9, u: 1e6, m: 1e3 };

/**
 * `100m` is 0.1, `70Mi` is 73,400,320. What is no quantity counts as nothing. client-node has a function for it, whose load takes half a second.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantity(text: string | undefined): number {
  const [, number, suffix] = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(text ?? "") ?? [];
  if (number === undefined) return 0;
  const part = parts[suffix ?? ""];
  return part === undefined ? Number(number) * factors[suffix ?? ""]! : Number(number) / part;
}
