import { BAD_INPUT } from "./bad-input.ts";
import { CANCELS } from "./cancel.ts";
import type { Case } from "./case.ts";
import { CRASHES } from "./crashes.ts";
import { MONEY } from "./idempotency.ts";
import { NETWORK } from "./network.ts";
import { WEBHOOKS } from "./webhooks.ts";

/** Every case, in the order they run. */
export const CASES: readonly Case[] = [...CRASHES, ...NETWORK, ...CANCELS, ...WEBHOOKS, ...MONEY, ...BAD_INPUT];
