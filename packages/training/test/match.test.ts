import { describe, expect, it } from "vitest";
import { matchIcons } from "../src/data/icons/match.ts";
import type { IconSet } from "../src/data/icons/sets.ts";
import type { Emoji } from "../src/data/subjects.ts";

const emoji = (hexcode: string, label: string, ...shortcodes: string[]): Emoji => ({ hexcode, label, shortcodes, tags: [], group: "", subgroup: "", wanted: true });
const EMOJIS = [emoji("1f436", "dog face", "dog"), emoji("1f415", "dog", "dog2"), emoji("1fa85", "piñata"), emoji("1f697", "automobile", "car")];

const setOf = (names: string[], byHexcode: Record<string, string> = {}): IconSet => ({
  hand: "noto",
  info: { name: "", author: { name: "" }, license: { title: "", spdx: "", url: "" }, version: "1.0.0" },
  names,
  byHexcode: new Map(Object.entries(byHexcode)),
  svg: () => "",
});

describe("matching icons to emojis", () => {
  it("reads names without case, accents and hyphens, then short codes", () => {
    const matches = matchIcons(setOf(["Dog-Face", "dog", "pinata", "car"]), EMOJIS, {});
    expect(Object.fromEntries(matches)).toEqual({ "1f436": "Dog-Face", "1f415": "dog", "1fa85": "pinata", "1f697": "car" });
  });

  it("never gives the icon of one emoji's label to another's short code", () => {
    expect(matchIcons(setOf(["dog"]), EMOJIS, {}).get("1f436")).toBeUndefined();
  });

  it("trusts an alias first, then the set's code points", () => {
    const matches = matchIcons(setOf(["dog", "dogside", "wagon"], { "1f697": "wagon" }), EMOJIS, { "dog face": "dog", dog: "dogside" });
    expect(Object.fromEntries(matches)).toEqual({ "1f436": "dog", "1f415": "dogside", "1f697": "wagon" });
  });

  it("refuses an alias that names nothing", () => {
    expect(() => matchIcons(setOf(["dog"]), EMOJIS, { cat: "dog" })).toThrow("names nothing");
    expect(() => matchIcons(setOf(["dog"]), EMOJIS, { dog: "cat" })).toThrow("names nothing");
  });
});
