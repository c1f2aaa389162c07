import { DeadiffError } from "../errors.ts";
import type { HostTensor } from "../session.ts";

/** A named float32 output of a run. @throws DeadiffError `run_output_unknown` where the graph returned none of that name and type */
export function float32Output(outputs: Readonly<Record<string, HostTensor>>, name: string): Float32Array {
  const tensor = outputs[name];
  if (tensor?.dtype !== "float32") throw new DeadiffError("run_output_unknown", `the run returned no float32 output ${name}`);
  return tensor.data;
}
