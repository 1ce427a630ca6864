/**
 * What is being waited for, and why, in sentences. Pure.
 */
import { words } from "../lib/words.js";
import { duration } from "./say.js";

/**
 * @param {{online: boolean, state: string, nextTryMs: number | null, unsent: number, running?: import("./conversation.js").Entry}} facts
 *   `running` is the shown entry that has no end yet
 * @returns {string[]}
 */
export function waits({ online, state, nextTryMs, unsent, running }) {
  const said = words.connection;
  const lines = [];
  if (!online) lines.push(said.offline);
  else if (state === "waiting") lines.push(said.retry(duration(Math.max(0, nextTryMs ?? 0))));
  else if (state !== "open") lines.push(said.trying);
  if (unsent > 0 && state !== "open") lines.push(said.unsent(unsent));
  if (running && state === "open") lines.push(answering(running));
  return lines.length > 0 ? lines : [said.nothing];
}

/** @param {import("./conversation.js").Entry} entry */
function answering(entry) {
  const said = words.connection;
  const { answer } = entry;
  const generation = answer?.generation ?? entry.generation;
  if (answer?.position) return said.inLine(answer.position);
  const model = generation?.model?.split("/").pop();
  if (!model) return said.noModel;
  return answer?.text || answer?.reasoning ? said.rest(model) : said.firstWord(model, generation?.reason ?? "");
}
