import type { Tap } from "./link.ts";

/** A moment in the life of a statement or a call, as the wire shows it. */
export type Moment =
  /** It was about to be sent: the server never hears of it. */
  | "before"
  /** It was sent, and nobody waits for the answer any more. */
  | "during"
  /** It was done, and the answer is lost. */
  | "after";

/**
 * Springs once, at `moment` of the first Postgres statement whose text holds `words`. The driver first sends the text to be
 * described and, once that was answered, the order to run it: the latter is the statement.
 */
export const statementTrap = (words: string, moment: Moment, spring: () => void): Tap => {
  let seen: "nothing" | "text" | "described" | "sent" | "sprung" = "nothing";
  const sprung = (): void => {
    seen = "sprung";
    spring();
  };
  return (direction, bytes) => {
    switch (seen) {
      case "nothing":
        if (direction === "to_server" && bytes.includes(words)) seen = "text";
        return "pass";
      case "text":
        if (direction === "to_client") seen = "described";
        return "pass";
      case "described":
        if (direction !== "to_server") return "pass";
        if (moment === "before") {
          sprung();
          return "hold";
        }
        if (moment === "after") seen = "sent";
        // The order has left by the time anyone dies.
        else setImmediate(sprung);
        return "pass";
      case "sent":
        if (direction !== "to_client") return "pass";
        sprung();
        return "hold";
      case "sprung":
        return "pass";
    }
  };
};

/** Springs once, at `moment` of the first HTTP call whose head holds `words`. */
export const callTrap = (words: string, moment: Exclude<Moment, "during">, spring: () => void): Tap => {
  let seen: "nothing" | "sent" | "sprung" = "nothing";
  return (direction, bytes) => {
    if (seen === "nothing" && direction === "to_server" && bytes.includes(words)) {
      if (moment === "before") {
        seen = "sprung";
        spring();
        return "hold";
      }
      seen = "sent";
    } else if (seen === "sent" && direction === "to_client") {
      seen = "sprung";
      spring();
      return "hold";
    }
    return "pass";
  };
};
