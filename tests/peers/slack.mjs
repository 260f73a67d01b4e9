// slack.mjs - our Slack against Slack's own clients, and our contract against a Slack that
// nobody here wrote.
//
// Slack's @slack/socket-mode and @slack/web-api talk to `chela-gate play`: a fake that the
// official clients accept can be trusted. Then each request that the manifest has is sent to
// emulate, which keeps a workspace, and its answers are read as the manifest says.
//
// usage: node slack.mjs GATE MODULES [SCENARIO]. No internet, no fixed port, no sleep.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [gate, modules, only] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "x"));
const { SocketModeClient } = require("@slack/socket-mode");
const { WebClient } = require("@slack/web-api");
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => "error", setName() {} };
const PATIENCE = 20000;

function must(holds, what, seen) {
  if (!holds) throw new Error(`${what}\n${typeof seen === "string" ? seen : JSON.stringify(seen, null, 1)}`);
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, no) => (timer = setTimeout(() => no(new Error(`${what}: not within ${PATIENCE} ms`)), PATIENCE)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- the fake and its clients

// What the fake told, and promises for what it has yet to tell.
class Fake {
  constructor(args) {
    this.lines = [];
    this.waiting = [];
    this.child = spawn(gate, ["play", ...args, "--json"]);
    this.ended = new Promise((done) => this.child.on("close", done));
    this.child.stderr.on("data", (d) => this.tell({ stderr: String(d) }));
    this.address = new Promise((done) =>
      readline.createInterface({ input: this.child.stdout }).on("line", (l) => (l[0] === "{" ? this.tell(JSON.parse(l)) : done(l))));
  }

  tell(line) {
    this.lines.push(line);
    this.waiting = this.waiting.filter(({ fits, done }) => !fits(line) || done(line));
  }

  // From the line `from` on.
  told(what, fits, from = 0) {
    const line = this.lines.slice(from).find(fits);
    return line ? Promise.resolve(line) : within(new Promise((done) => this.waiting.push({ fits, done })), what);
  }

  say(text) {
    this.child.stdin.write(text + "\n");
  }

  stop() {
    this.child.stdin.end();
    return within(this.ended, "the fake ends");
  }
}

// A fake, a client that is connected to it, and what the client hears.
async function world(args, run) {
  const fake = new Fake(args);
  const slackApiUrl = `${await within(fake.address, "the fake's address")}/api/`;
  const web = new WebClient("played-bot_token", { slackApiUrl, logger: quiet });
  const socket = new SocketModeClient({ appToken: "played-app_token", clientPingTimeout: 500, logger: quiet, clientOptions: { slackApiUrl, logger: quiet } });
  const heard = [];
  let next = () => {};
  socket.on("slack_event", async (e) => {
    await e.ack();
    heard.push(e);
    next();
  });
  const hears = async (n) => {
    while (heard.length < n) await within(new Promise((done) => (next = done)), `event ${n}`);
    return heard[n - 1];
  };
  try {
    await within(socket.start(), "the client is greeted");
    await run({ fake, web, socket, hears, slackApiUrl });
  } finally {
    await socket.disconnect();
    await fake.stop();
  }
}

const acknowledges = (id) => (l) => l.from === "assistant" && l.step === "ws" && l.value?.envelope_id === id;
const opened = (l) => l.opens === true;

const slow_page = `# Slack is busy
\`\`\`transcript
. connect.md
\`\`\`

## The client is told to wait
\`\`\`transcript
< ws {"type": "events_api", "envelope_id": "e1", "payload": {"type": "event_callback", "event": {"type": "message", "text": "now"}}}
> ws {"envelope_id": "e1", "payload": {}}
> http #first POST /chat.postMessage as bot_token form {"channel": "D1", "text": "now"}
< http #first 429 {"ok": false, "error": "ratelimited"}
  retry-after: 1
> http #second POST /chat.postMessage as bot_token form {"channel": "D1", "text": "now"}
< http #second 200 {"ok": true, "channel": "D1", "ts": "1700000001.000000"}
\`\`\`
`;

const played = {
  "the client signs in, hears, acknowledges and answers": () => world(["slack"], async ({ fake, web, hears }) => {
    const who = await web.auth.test();
    must(who.ok && who.user_id, "the bot knows who it is", who);
    fake.say("what is due?");
    const { body, type, envelope_id } = await hears(1);
    must(type === "events_api" && body.event.type === "message" && body.event.text === "what is due?", "a message came", body);
    await fake.told("the acknowledgement", acknowledges(envelope_id));
    const said = await web.chat.postMessage({ channel: body.event.channel, text: "Two & <three>.", thread_ts: body.event.ts });
    must(said.ok && said.ts && said.message.text === "Two & <three>.", "it was posted", said);
    const edited = await web.chat.update({ channel: said.channel, ts: said.ts, text: "Three." });
    must(edited.ok && edited.ts === said.ts, "it was edited", edited);
    await fake.told("what people see first", (l) => l.act === "send" && l.words === "Two & <three>.");
    await fake.told("what people see then", (l) => l.act === "edit" && l.words === "Three.");
    await web.reactions.add({ channel: said.channel, timestamp: said.ts, name: "eyes" });
    await fake.told("the mark's answer", (l) => l.from === "assistant" && l.url === "/reactions.add");
    const odd = fake.lines.filter((l) => l.remark || l.stderr);
    must(odd.length === 0, "a rule knew each request", odd);
  }),

  "a command comes as one": () => world(["slack"], async ({ fake, hears }) => {
    fake.say("/chela");
    const { body, type } = await hears(1);
    must(type === "slash_commands" && body.command === "/chela" && body.response_url, "a command came", body);
  }),

  "a line that is renewed is followed": () => world(["slack"], async ({ fake, hears }) => {
    const from = fake.lines.length;
    fake.say("/refresh");
    await fake.told("a second line", opened, from);
    fake.say("still there?");
    must((await hears(1)).body.event.text === "still there?", "it hears on", fake.lines.slice(from));
    const addresses = fake.lines.filter(opened).map((l) => l.url);
    must(new Set(addresses).size === addresses.length && addresses.length >= 2, "an address is used once", addresses);
  }),

  "a line that breaks is opened anew": () => world(["slack"], async ({ fake, hears }) => {
    const from = fake.lines.length;
    fake.say("/drop");
    await fake.told("a second line", opened, from);
    fake.say("still there?");
    must((await hears(1)).body.event.text === "still there?", "it hears on", fake.lines.slice(from));
  }),

  "a wait that is asked for is kept": async () => {
    const dir = mkdtempSync(join(tmpdir(), "chela-peer-"));
    cpSync("specs/slack", dir, { recursive: true });
    writeFileSync(join(dir, "slow.md"), slow_page);
    try {
      await world([dir, "--section", "The client is told to wait"], async ({ fake, web, hears }) => {
        await web.auth.test();		// the background has it, and this client does not ask by itself
        await hears(1);
        const began = Date.now();
        await within(web.chat.postMessage({ channel: "D1", text: "now" }), "posted");
        must(Date.now() - began >= 1000, "Retry-After was kept", Date.now() - began);
        const end = await fake.told("the end", (l) => "held" in l);
        must(end.held && (await within(fake.ended, "the end")) === 0, "the section held", end);
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },

  "another's token fits no rule": () => world(["slack"], async ({ fake, slackApiUrl }) => {
    const other = new WebClient("xoxb-other", { slackApiUrl, logger: quiet, retryConfig: { retries: 0 } });
    const refused = await other.auth.test().then(() => false, () => true);
    must(refused, "it is refused", "auth.test went well");
    const told = await fake.told("why", (l) => l.remark);
    must(told.remark.includes("played-bot_token") && !told.remark.includes("xoxb-other"), "and told", told);
  }),
};

// ---- the contract against emulate

const manifest = JSON.parse(readFileSync("specs/slack/manifest.json", "utf8"));

// A pointer, of which one step may be *.
function at(value, pointer) {
  for (const step of pointer.split("/").slice(1)) value = value?.[step];
  return value;
}

function fill(template, args) {
  if (typeof template !== "string") {
    if (template === null || typeof template !== "object") return template;
    const filled = Object.entries(template).map(([k, v]) => [k.split("?")[0], fill(v, args)]).filter(([, v]) => v !== undefined);
    return Array.isArray(template) ? filled.map(([, v]) => v) : Object.fromEntries(filled);
  }
  const whole = template.match(/^\{([\w.]+)\}$/);
  return whole ? args[whole[1]] : template.replace(/\{([\w.]+)\}/g, (_, name) => args[name] ?? "");
}

// The row of the contract that sorts this answer.
function sorted(o, answer) {
  const rows = [...(o.errors ?? []), ...manifest.errors];
  return rows.find((r) => r.at && ("is" in r ? String(at(answer, r.at)) === r.is : r.in ? r.in.includes(at(answer, r.at)) : at(answer, r.at) !== undefined));
}

async function workspace(run) {
  const { createEmulator } = await import(pathToFileURL(join(resolve(modules), "emulate/dist/api.js")).href);
  const slack = await createEmulator({
    service: "slack", port: 0, seed: { slack: {
      users: [{ name: "chela" }, { name: "ann" }], channels: [{ name: "kitchen" }], bots: [{ name: "chela" }],
      tokens: [{ token: "xoxb-1", user: "chela" }, { token: "xoxb-2", user: "ann" }] } },
  });
  // emulate knows reads by POST alone; a query is the same fields
  const call = async (name, args = {}, token = "xoxb-1") => {
    const o = manifest.operations[name];
    const url = new URL(slack.url + "/api" + fill(o.url, Object.fromEntries(Object.entries(args).map(([k, v]) => [k, encodeURIComponent(v)]))));
    const body = o.body ? JSON.stringify(fill(o.body, args)) : url.search.slice(1);
    const type = o.body ? "application/json; charset=utf-8" : "application/x-www-form-urlencoded";
    const response = await fetch(url.origin + url.pathname, { method: "POST", body, headers: { "content-type": type, authorization: `Bearer ${token}` } });
    const answer = await response.json();
    return { o, answer, row: sorted(o, answer) };
  };
  try {
    const found = await fetch(slack.url + "/api/conversations.list", { method: "POST", headers: { authorization: "Bearer xoxb-1" } });
    const channel = (await found.json()).channels[0].id;
    await run({ call, channel });
  } finally {
    await slack.close();
  }
}

function good({ o, answer, row }) {
  must(!row, "the contract counts it as done", { row, answer });
  for (const pointer of Object.values(o.gives ?? {})) must(typeof at(answer, pointer) === "string", `${pointer} is there`, answer);
  return o.gives ? at(answer, o.gives.id) : answer;
}

function found({ o, answer, row }, key) {
  must(!row, "the contract counts it as done", { row, answer });
  const { at: list, key: keys, id } = o.finds;
  return at(answer, list.replace("/*", "")).filter((m) => at(m, keys) === key).map((m) => at(m, id));
}

const contract = {
  "who we are is where the contract says": () => workspace(async ({ call }) => {
    const { answer } = await call(manifest.me.in);
    must(typeof at(answer, manifest.me.at) === "string" && typeof at(answer, manifest.me.also.team) === "string", "id and team", answer);
  }),

  "what is posted is found again by its key": () => workspace(async ({ call, channel }) => {
    const key = (n) => ({ "core.key": `key-${n}` });
    const root = good(await call("post", { channel, text: "one &amp; &lt;two&gt;", ...key(1) }));
    const under = good(await call("post", { channel, text: "three", thread: root, ...key(2) }));
    must(good(await call("update", { channel, message: root, text: "two" })) === root, "an edit keeps the id", root);
    must(found(await call("history", { channel }), "key-1").join() === root, "in its channel, though edited", root);
    must(found(await call("replies", { channel, thread: root }), "key-2").join() === under, "in its thread", under);
    must(found(await call("history", { channel }), "key-3").length === 0, "what was not posted is not", channel);
  }),

  "a mark that is there, or is not, is no failure": () => workspace(async ({ call, channel }) => {
    const message = good(await call("post", { channel, text: "hi", "core.key": "k" }));
    for (const name of ["mark", "unmark"]) {
      good(await call(name, { channel, message, name: "eyes" }));
      const { row, answer } = await call(name, { channel, message, name: "eyes" });
      must(!answer.ok && row?.class === "none", `${name} again`, { row, answer });
    }
  }),

  "each refusal has a row of its own": () => workspace(async ({ call, channel }) => {
    const text = { text: "hi", "core.key": "k" };
    const refusals = [
      ["post", { channel: "C9", ...text }, "missing"],
      ["update", { channel, message: "1.000001", ...text }, "missing"],
      ["mark", { channel, message: "1.000001", name: "eyes" }, "missing"],
      ["update", { channel, message: good(await call("post", { channel, ...text }, "xoxb-2")), ...text }, "permission"],
    ];
    for (const [name, args, kind] of refusals) {
      const { row, answer } = await call(name, args);
      must(answer.ok === false && row?.class === kind && row.at === "/error", `${name} is ${kind}`, { row, answer });
    }
  }),
};

let failed = 0, passed = 0;
for (const [name, scenario] of Object.entries({ ...played, ...contract })) {
  if (only && !name.includes(only)) continue;
  try {
    await scenario();
    passed++;
  } catch (e) {
    failed++;
    console.log(`  slack: ${name}: ${e.message}`);
  }
}
console.log(`slack: ${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
