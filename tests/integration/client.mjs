// The official client of npm, unmodified: each case does what its name says and prints what it learnt.
import OpenAI from "openai";

const [base, key, name, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: key, maxRetries: 2, timeout: 20_000 });
const messages = [{ role: "user", content: "Hello" }];

const cases = {
  async whole() {
    const said = await client.chat.completions.create({ model, messages });
    return { text: said.choices[0].message.content, tokens: said.usage.completion_tokens };
  },
  async stream() {
    const options = { include_usage: true };
    const stream = await client.chat.completions.create({ model, messages, stream: true, stream_options: options });
    let text = "";
    let tokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? "";
      tokens = chunk.usage?.completion_tokens ?? tokens;
    }
    return { text, tokens };
  },
  async cancel() {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    let pieces = 0;
    for await (const chunk of stream) {
      pieces += chunk.choices[0]?.delta?.content ? 1 : 0;
      if (pieces === 2) break; // which aborts the request
    }
    return { pieces };
  },
  async embed() {
    const found = await client.embeddings.create({ model, input: ["a", "bbb"] });
    return { vectors: found.data.map((row) => Array.from(row.embedding)), tokens: found.usage.total_tokens };
  },
  async models() {
    const names = [];
    for await (const one of client.models.list()) names.push(one.id);
    return { names, one: (await client.models.retrieve("mock/fast")).id };
  },
  async fail() {
    try {
      await client.chat.completions.create({ model, messages });
    } catch (error) {
      return { kind: error.constructor.name, status: error.status, code: error.code };
    }
    return {};
  },
  async breaks() {
    const stream = await client.chat.completions.create({ model, messages, stream: true });
    let text = "";
    try {
      for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
    } catch (error) {
      return { kind: error.constructor.name, text };
    }
    return { text };
  },
};

console.log(JSON.stringify(await cases[name]()));
