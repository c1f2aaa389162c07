const DAY_MS = 86_400_000;
const short = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const dayAndClock = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A day. */
export const day = (moment: string): string => short.format(new Date(moment));

/** A moment: the clock alone within the last day. */
export const moment = (at: string, nowMs: number = Date.now()): string => (nowMs - Date.parse(at) < DAY_MS ? clock : dayAndClock).format(new Date(at));
