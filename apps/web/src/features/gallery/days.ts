const DAY_MS = 86_400_000;

const dayOf = (at: Date): string => at.toDateString();

/** What a day is called: today, yesterday, its name within the last week, else its date. */
export const dayName = (moment: string, nowMs: number): string => {
  const at = new Date(moment);
  const now = new Date(nowMs);
  if (dayOf(at) === dayOf(now)) return "Today";
  if (dayOf(at) === dayOf(new Date(nowMs - DAY_MS))) return "Yesterday";
  if (nowMs - at.getTime() < 6 * DAY_MS) return at.toLocaleDateString("en", { weekday: "long" });
  return at.toLocaleDateString("en", { day: "numeric", month: "long", ...(at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) });
};
