import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";

/** A construct's path in its stack: `https`, or `web/https` inside another. No two of a stack have the same. */
export function pathInStack(scope: Construct, id: string): string {
  const stack = TerraformStack.of(scope).node.path;
  const within = scope.node.path.slice(stack.length).replace(/^\//, "");
  return within === "" ? id : `${within}/${id}`;
}
