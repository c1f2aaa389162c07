import { GAIN_PRESETS } from "@deadiff/core";
import { InvalidArgumentError } from "commander";

/** A finite number; its range is the request's to check. */
export function parseNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError("a number is wanted.");
  return value;
}

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("a whole number from 1 on is wanted.");
  return value;
}

/** `SIZE` or `WIDTHxHEIGHT`, pixels. */
export function parseSize(text: string): { width: number; height: number } {
  const match = /^(\d+)(?:x(\d+))?$/u.exec(text);
  if (match === null) throw new InvalidArgumentError("pixels are wanted, as 128 or 128x96.");
  const width = Number(match[1]);
  return { width, height: match[2] === undefined ? width : Number(match[2]) };
}

/** A named setting, or numbers separated by commas. */
export function parseGains(text: string): (typeof GAIN_PRESETS)[number] | number[] {
  const named = GAIN_PRESETS.find((name) => name === text);
  if (named !== undefined) return named;
  const numbers = text.split(",").map(Number);
  if (text.trim() === "" || !numbers.every(Number.isFinite)) throw new InvalidArgumentError(`one of ${GAIN_PRESETS.join(", ")} is wanted, or a number per layer, as 1,0.5,...`);
  return numbers;
}

/** `FROM-TO` in sigma. */
export function parseInterval(text: string): { from: number; to: number } {
  const match = /^(\d*\.?\d+)-(\d*\.?\d+)$/u.exec(text);
  if (match === null) throw new InvalidArgumentError("two noise levels are wanted, as 0.3-5.");
  return { from: Number(match[1]), to: Number(match[2]) };
}
