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
