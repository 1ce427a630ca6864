/**
 * Work that is done at most once a frame, however often it is asked for. A hidden page draws no frames, so
 * there a timer stands in: its title and status still tell the truth when it is shown again.
 * @param {() => void} work
 */
export function oncePerFrame(work) {
  let asked = false;
  const run = () => {
    if (!asked) return;
    asked = false;
    work();
  };
  return () => {
    if (asked) return;
    asked = true;
    if (document.hidden) setTimeout(run, 100);
    else requestAnimationFrame(run);
  };
}

/** Runs `work` on each item, newest first, in the page's idle time. @template T @param {T[]} items @param {(item: T) => void} work */
export function whenIdle(items, work) {
  const later = globalThis.requestIdleCallback ?? ((/** @type {any} */ run) => setTimeout(() => run({ timeRemaining: () => 8 }), 1));
  const rest = [...items];
  /** @param {IdleDeadline} deadline */
  const step = (deadline) => {
    do {
      const item = rest.pop();
      if (item === undefined) return;
      work(item);
    } while (deadline.timeRemaining() > 3);
    later(step);
  };
  if (rest.length > 0) later(step);
}
