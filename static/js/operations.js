/** The staff's dashboard: its figures are asked for again while somebody looks. */

const EVERY_MS = 15_000;

const figures = document.querySelector("[data-operations-figures]");
const live = /** @type {HTMLInputElement | null} */ (document.querySelector("[data-operations-live]"));
const note = /** @type {HTMLElement | null} */ (document.querySelector("[data-operations-status]"));

async function refresh() {
  if (!figures || document.hidden || !live?.checked) return;
  const address = new URL(location.href);
  address.searchParams.set("part", "figures");
  try {
    const response = await fetch(address, { redirect: "error" });
    if (!response.ok) throw new Error(String(response.status));
    take(await response.text());
    if (note?.textContent) note.textContent = "";
  } catch {
    if (note) note.textContent = note.dataset.silent ?? "";
  }
}

/** Put new figures in place; what is open stays open, what is reached by keyboard stays reached. @param {string} html */
function take(html) {
  if (!figures) return;
  const open = [...figures.querySelectorAll("details[open]")].map((one) => one.getAttribute("data-keep"));
  const focused = figures.contains(document.activeElement) ? pathTo(/** @type {Element} */ (document.activeElement)) : null;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  for (const details of fresh.querySelectorAll("details")) details.open = open.includes(details.getAttribute("data-keep"));
  figures.replaceChildren(...fresh.body.childNodes);
  if (focused) /** @type {HTMLElement | null} */ (figures.querySelectorAll("a, summary")[focused])?.focus({ preventScroll: true });
}

/** @param {Element} element */
function pathTo(element) {
  const found = [...(figures?.querySelectorAll("a, summary") ?? [])].indexOf(element);
  return found < 0 ? null : found;
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", () => void refresh());
live?.addEventListener("change", () => void refresh());
