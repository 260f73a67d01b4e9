// models.mjs - the whole assistant against a model server that nobody here wrote:
// @copilotkit/aimock, over loopback, on both wires.
//
// usage: node models.mjs CHELA AIMOCK_MODULE. Each scenario has an instance of its own; what
// is checked is what a person sees, and what the server says it was asked.
import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, writeFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [chela, module] = process.argv.slice(2);
const { LLMock } = await import(pathToFileURL(module).href);
const KEY = "sk-test-0123456789abcdef";

const wires = {
  anthropic: { base: (port) => `http://127.0.0.1:${port}`, model: "claude-test-1", path: "/v1/messages" },
  openai: { base: (port) => `http://127.0.0.1:${port}/v1`, model: "gpt-test-1", path: "/v1/chat/completions" },
};

// What one scenario sets up: a server, an instance, and lines that a person types.
async function world(wire, setup, run) {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", chunkSize: 4 });
  setup(mock);
  const url = await mock.start();
  const port = new URL(url).port;
  const dir = mkdtempSync(join(tmpdir(), "chela-peer-"));
  const { base, model } = wires[wire];
  writeFileSync(join(dir, "assistant.conf"), [
    `model m = ${wire} at ${base(port)} using ${model}`,
    "model spare = offline",
    "secret m.key from env PEER_KEY",
    "use m",
    "allow read,write,delete on core",
    "",
  ].join("\n"));
  try {
    await run({ mock, say: (lines) => talk(dir, wire, lines), asked: () => mock.getRequests() });
  } finally {
    await mock.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

// The answers to these lines, as a pipe shows them.
function talk(dir, wire, lines) {
  return new Promise((resolve, reject) => {
    const child = spawn(chela, ["--instance", dir, "chat", "--yes-to", wire], { env: { ...process.env, PEER_KEY: KEY } });
    let out = "", err = "";
    child.stdout.on("data", (d) => (out += d));
    child.stderr.on("data", (d) => (err += d));
    child.on("error", reject);
    child.on("close", (status) => resolve({ out, err, status }));
    child.stdin.end(lines.map((l) => l + "\n").join(""));
  });
}

function must(holds, what, seen) {
  if (!holds) throw new Error(`${what}\n${typeof seen === "string" ? seen : JSON.stringify(seen, null, 1)}`);
}

const scenarios = {
  "an answer in words": (w) => world(w, (m) => m.onMessage("hello", { content: "Hello! How can I help you today?" }),
    async ({ say, asked }) => {
      const { out, status, err } = await say(["hello"]);
      must(status === 0 && out.trim() === "Hello! How can I help you today?", "the words come whole", out + err);
      const headers = asked()[0].headers;
      must(headers["x-api-key"] === KEY || headers.authorization === `Bearer ${KEY}` || /redacted|\*\*\*/i.test(JSON.stringify(headers)),
        "the key is in its header", headers);
    }),
  "two lines are one conversation": (w) => world(w, (m) => m.onMessage("first", { content: "One." }).onMessage("second", { content: "Two." }),
    async ({ say, asked }) => {
      const { out, err } = await say(["first", "second"]);
      must(out === "One.\nTwo.\n", "both are answered in order", out + err);
      must(JSON.stringify(asked()[1].body).includes("One."), "the second request holds the first answer", asked()[1].body);
    }),
  "a tool is used and its result goes back": (w) => world(w, (m) => {
    m.addFixture({ match: { userMessage: "keep", hasToolResult: false }, response: { toolCalls: [{ name: "remember", arguments: JSON.stringify({ text: "milk, not oats" }) }] } });
    m.addFixture({ match: { userMessage: "keep", hasToolResult: true }, response: { content: "Kept." } });
    m.addFixture({ match: { userMessage: "what", hasToolResult: false }, response: { toolCalls: [{ name: "recall", arguments: "{}" }] } });
    m.addFixture({ match: { userMessage: "what", hasToolResult: true, toolResultContains: "milk, not oats" }, response: { content: "Milk." } });
  }, async ({ say }) => {
    const { out, err } = await say(["keep: milk, not oats", "what did I say?"]);
    must(out === "Kept.\nMilk.\n", "the note came back from the store", out + err);
  }),
  "429 is asked again, and nobody notices": (w) => world(w, (m) => {
    m.onMessage("hello", { content: "After all." });
    m.nextRequestError(429, { message: "Rate limited", type: "rate_limit_error" });
  }, async ({ say, asked }) => {
    const { out, err } = await say(["hello"]);
    must(out === "After all.\n", "answered", out + err);
    must(asked().length === 2, "asked twice", asked().length);
  }),
  "529 is asked again": (w) => world(w, (m) => {
    m.onMessage("hello", { content: "After all." });
    m.nextRequestError(529, { message: "Overloaded", type: "overloaded_error" });
  }, async ({ say, asked }) => {
    const { out, err } = await say(["hello"]);
    must(out === "After all.\n" && asked().length === 2, "answered at the second", out + err);
  }),
  "a stream that is cut is no answer, and its calls do not run": (w) => world(w, (m) => {
    m.addFixture({ match: { userMessage: "keep" }, response: { content: "I keep that for you now, one moment.", toolCalls: [{ name: "remember", arguments: JSON.stringify({ text: "must not be kept, ever, since the stream is cut" }) }] }, truncateAfterChunks: 8 });
    m.addFixture({ match: { userMessage: "what", hasToolResult: false }, response: { toolCalls: [{ name: "recall", arguments: "{}" }] } });
    m.addFixture({ match: { userMessage: "what", hasToolResult: true, toolResultContains: "must not be kept" }, response: { content: "It was kept." } });
    m.addFixture({ match: { userMessage: "what", hasToolResult: true }, response: { content: "Nothing was kept." } });
  }, async ({ say }) => {
    const { out, err } = await say(["keep this", "what was kept?"]);
    must(/Nothing was kept\.\n$/.test(out), "no call ran", out + err);
    must(!out.startsWith("I keep that"), "half an answer is not an answer", out);
  }),
  "a key that is refused is told with the remedy": (w) => world(w, (m) =>
    m.addFixture({ match: {}, response: { error: { message: "invalid x-api-key", type: "authentication_error" }, status: 401 } }),
  async ({ say, asked }) => {
    const { out, err } = await say(["hello"]);
    must(/m\.key/.test(out), "the remedy names the key", out + err);
    must(!out.includes(KEY) && !err.includes(KEY), "the key is not shown", out + err);
    must(asked().length === 1, "not asked again", asked().length);
  }),
  "a server that only fails is told in words": (w) => world(w, (m) => {
    m.onMessage("hello", { content: "never" });
    m.setChaos({ dropRate: 1 });
  }, async ({ say }) => {
    const { out, err } = await say(["hello"]);
    must(out.length > 20 && !out.includes("never"), "a sentence, not silence", out + err);
  }),
  "garbage is told in words": (w) => world(w, (m) => {
    m.onMessage("hello", { content: "never" });
    m.setChaos({ malformedRate: 1 });
  }, async ({ say }) => {
    const { out, err } = await say(["hello"]);
    must(out.length > 20 && !out.includes("never"), "a sentence, not silence", out + err);
  }),
  "a line that breaks is told in words": (w) => world(w, (m) => {
    m.onMessage("hello", { content: "never" });
    m.setChaos({ disconnectRate: 1 });
  }, async ({ say }) => {
    const { out, err } = await say(["hello"]);
    must(out.length > 20 && !out.includes("never"), "a sentence, not silence", out + err);
  }),
};

let failed = 0, passed = 0;
const only = process.argv[4];
for (const wire of Object.keys(wires))
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (only && !`${wire}: ${name}`.includes(only)) continue;
    try {
      await scenario(wire);
      passed++;
    } catch (e) {
      failed++;
      console.log(`  ${wire}: ${name}: ${e.message}`);
    }
  }
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
