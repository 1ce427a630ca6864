/** When was that, as a list of conversations groups it: today, yesterday, … in the reader's own time zone. Pure. */

const DAY_IN_MS = 86_400_000;

/**
 * @param {string} updatedAt ISO 8601 @param {Date} now
 * @returns {"today" | "yesterday" | "lastWeek" | "lastMonth" | "earlier"}
 */
export function dayGroup(updatedAt, now) {
  const then = new Date(updatedAt);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const days = Math.ceil((midnight - then.getTime()) / DAY_IN_MS);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days <= 7) return "lastWeek";
  return days <= 30 ? "lastMonth" : "earlier";
}
