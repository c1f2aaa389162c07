import { topological } from "./graph.ts";
import { add, broadcast, constant } from "./ops.ts";
import { shapeText } from "./dim.ts";
import type { Tensor } from "./tensor.ts";
import { vjp } from "./vjp.ts";

/**
 * Reverse-mode differentiation: one walk from the loss back to what it depends on.
 *
 * @param loss a scalar (shape [] )
 * @param wrt tensors to differentiate by; anything traced, not leaves alone
 * @returns d loss / d x for each, zeros where the loss does not depend on it
 * @throws TypeError where the loss is not a scalar
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.shape.length > 0) throw new TypeError(`grad: the loss must be a scalar, got ${shapeText(loss.shape)}`);
  const order = topological([loss]);

  // Only nodes that some `wrt` flows into carry a gradient: the frozen part of a network costs nothing.
  const active = new Set<Tensor>(wrt);
  for (const node of order) if (node.inputs.some((x) => active.has(x))) active.add(node);

  const gradients = new Map<Tensor, Tensor>([[loss, constant([1], [])]]);
  for (const node of order.reverse()) {
    const g = gradients.get(node);
    if (g === undefined || !active.has(node) || node.inputs.length === 0) continue;
    const operandGradients = vjp(node, g);
    for (const [i, operand] of node.inputs.entries()) {
      const contribution = operandGradients[i];
      if (!active.has(operand) || contribution == null) continue;
      const sum = gradients.get(operand);
      gradients.set(operand, sum === undefined ? contribution : add(sum, contribution));
    }
  }
  return wrt.map((x) => gradients.get(x) ?? broadcast(constant([0], []), x.shape));
}
