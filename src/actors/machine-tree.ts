import type { AnyStateNode } from "xstate";

/** The node and all its descendants. */
export function nodesOf(root: AnyStateNode): AnyStateNode[] {
  return [root, ...Object.values(root.states).flatMap((child) => nodesOf(child))];
}
