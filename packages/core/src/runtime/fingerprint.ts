import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/**
 * Identifies what an optimised graph depends on in a processor: its weights are laid out in blocks of 8 or 16 channels
 * and packed for the instructions at hand.
 */
export function processorFingerprint(): string {
  return createHash("sha256").update(`${process.platform} ${process.arch} ${processorDescription()}`).digest("hex");
}

function processorDescription(): string {
  try {
    // One line per core, all alike: "flags" on x86, "Features" on arm64.
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    if (flags !== undefined) return flags;
  } catch {
    // No /proc: the model's name stands for its instructions.
  }
  return cpus()[0]?.model ?? "";
}
