/** A handler whose answers are given, and which remembers what it was asked. */
import type { AnyHandler } from "../../../provider/adapters/pulumi-dynamic/kinds";
import type { Session } from "../../../provider/handlers/handler";

export const session: Session = {
  world: () => {
    throw new Error("no world in this test");
  },
  credentials: () => {
    throw new Error("no connection in this test");
  },
};

export const declaredBy = { owner: "pulumi:acme/shop/dev", resource: "prod" };

export function handlerOf(answers: Partial<AnyHandler>): AnyHandler {
  const unasked = (): never => {
    throw new Error("not asked for in this test");
  };
  return { check: unasked, diff: unasked, create: unasked, read: unasked, update: unasked, delete: unasked, ...answers };
}
