/** The worker's side of lib/bench.js: one job in, one piece of HTML (or null) out. */

/** @param {(job: any) => Promise<string | null> | string | null} work */
export function serve(work) {
  addEventListener("message", async ({ data: { id, job } }) => {
    let html = null;
    try {
      html = await work(job);
    } catch {
      // What cannot be set stays as it was written.
    }
    postMessage({ id, html });
  });
}
