/**
 * Who sits here and what the page begins with: as the server wrote it into the page, or, in the page that is kept
 * on this device, as it was noted when the server could last be reached.
 *
 * @typedef {import("./protocol.js").Boot} Boot
 * @typedef {import("./protocol.js").User} User
 */
import { Shelf } from "./shelf.js";

// Begins like all that is somebody's, so that logging out takes it along.
const HERE = "user:here";

/** @returns {Boot & {user: User | null}} */
export function given() {
  const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "null");
  const drawn = new Map([...document.querySelectorAll(".messages [data-key]")].map((one) => [one.getAttribute("data-key"), one]));
  // A text that the page shows is not written into it twice (chat/views.py).
  for (const message of boot?.conversation?.messages ?? []) message.text ??= drawn.get(message.id)?.querySelector("[data-part=said]")?.textContent ?? "";
  return boot;
}

/** Note who this is, and do to what the one before them has left what is to be done. @param {Boot} boot @param {import("./database.js").Database} database */
export async function moveIn(boot, database) {
  const shelf = new Shelf(database, boot.user.id);
  const before = whoWasHere();
  try {
    localStorage.setItem(HERE, JSON.stringify(boot.user));
  } catch {
    // full or forbidden: there will be no page without a connection
  }
  if (before && before.id !== boot.user.id) await shelf.takeOverFrom(before.id, before.guest && !boot.user.guest);
  const { models, flags, preferences } = boot;
  await shelf.note("boot", { models, flags, preferences });
}

/** @param {import("./database.js").Database} database @returns {Promise<Boot | null>} null: nobody, or nobody any more */
export async function remembered(database) {
  const user = whoWasHere();
  if (!user) return null;
  const noted = await new Shelf(database, user.id).noted("boot");
  return { ...given(), ...noted, user, conversation: null };
}

/** @returns {User | null} */
function whoWasHere() {
  try {
    const user = JSON.parse(localStorage.getItem(HERE) ?? "null");
    return typeof user?.id === "number" ? user : null;
  } catch {
    return null;
  }
}
