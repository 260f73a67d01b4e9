// torture.mjs CHELA KILL.SO NODE_MODULES [--points N] [--seed S] [--only POINT]: a conversation over sockets, in
// which the core or its adapters are killed at the n-th write, sync, send or message to an
// adapter. After each kill the core is started again; then every message must have exactly one
// answer, with exactly its text, in the order of its chat, and the workspace nothing besides.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Workspace, dice } from '../peers/workspace.mjs';

const [chela, killer, modules, ...rest] = process.argv.slice(2);
const option = (name, otherwise) => (rest.includes(name) ? Number(rest[rest.indexOf(name) + 1]) : otherwise);
const points = option('--points', 30), seed = option('--seed', 1), only = option('--only', 0);
const CHATS = ['D1', 'D2', 'C3'], ROUNDS = 3, PATIENCE_MS = 60000, AT_ONCE = 6;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'chela-torture-'));
process.on('exit', () => fs.rmSync(root, { recursive: true, force: true }));
const clean = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/_API_KEY$|^LD_PRELOAD$|^TORTURE$/.test(k)));

function must(dir, ...args) {
  const r = spawnSync(chela, ['--instance', dir, ...args], { env: clean, encoding: 'utf8' });
  if (r.status !== 0) throw new Error(`chela ${args.join(' ')}: ${r.stdout}${r.stderr}`);
}

// An instance whose adapters are checked and enabled once, and copied for each point.
function prepare() {
  const dir = path.join(root, 'first');
  fs.mkdirSync(dir, { mode: 0o700 });
  fs.writeFileSync(path.join(dir, 'assistant.conf'), configuration(1));
  must(dir, 'check', 'slack', 'openai');
  return dir;
}

const configuration = (port) => `name Chela
model echo = openai at http://127.0.0.1:${port}/v1 using echo
use echo
channel work = slack played at 127.0.0.1:${port}
guest * on work
`;

function start(dir, spec) {
  const env = { ...clean };
  if (spec) Object.assign(env, { LD_PRELOAD: killer, TORTURE: spec, ASAN_OPTIONS: `${env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` });
  const core = spawn(chela, ['--instance', dir, 'run', '--yes-to', 'openai,slack'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  core.words = '';
  core.stderr.on('data', (d) => { core.words += d; });
  core.gone = new Promise((done) => core.on('exit', () => done()));
  return core;
}

function judge(w, said) {
  const wrong = [];
  for (const m of said) {
    const mine = w.posted.filter((p) => p.channel === m.channel && p.text === `echo of ${m.text}`);
    if (mine.length !== 1) wrong.push(`${m.channel} "${m.text}": ${mine.length} answers`);
    else if (m.channel[0] === 'C' ? mine[0].thread_ts !== m.ts : mine[0].thread_ts) wrong.push(`"${m.text}": the wrong thread`);
  }
  if (w.posted.length !== said.length) wrong.push(`${w.posted.length} messages stand there, ${said.length} were asked for`);
  for (const c of CHATS.filter((x) => x[0] === 'D')) {
    const order = w.posted.filter((p) => p.channel === c).map((p) => p.text);
    const asked = said.filter((m) => m.channel === c).map((m) => `echo of ${m.text}`);
    if (wrong.length === 0 && order.join() !== asked.join()) wrong.push(`${c}: the order ${order.join(', ')}`);
  }
  return wrong;
}

// One conversation; with a spec, one death.
async function converse(n, spec) {
  const dir = path.join(root, `p${n}`), hit = path.join(root, `hit${n}`);
  const w = new Workspace({ modules, seed: seed * 1000 + n, faults: n % 2 ? 0.1 : 0 });
  const port = await w.listen(), said = [];
  fs.cpSync(first, dir, { recursive: true });
  fs.writeFileSync(path.join(dir, 'assistant.conf'), configuration(port));
  let core = start(dir, spec && `${spec} ${hit}`), over = false, deaths = 0;
  const again = () => core.gone.then(() => {
    if (over) return;
    if ((deaths += 1) > 1 || !fs.existsSync(hit)) throw new Error(`the core ended by itself: ${core.words}`);
    core = start(dir);
    return again();
  });
  let failed;
  again().catch((e) => { failed = e.message; });
  const done = new Promise((ok) => {
    const timer = setTimeout(() => ok(false), PATIENCE_MS);
    const watch = setInterval(() => {
      const whole = said.length === CHATS.length * ROUNDS && judge(w, said).length === 0 && w.waiting.size === 0;
      if (failed || whole) { clearTimeout(timer); clearInterval(watch); ok(whole); }
    }, 20);
  });
  for (let r = 0; r < ROUNDS; r += 1) {
    for (const c of CHATS) {
      const text = `message ${r} of ${c}`;
      const ts = w.say(c, 'U2', c[0] === 'C' ? `<@UBOT> ${text}` : text);
      said.push({ channel: c, ts, text });
    }
    await new Promise((go) => setTimeout(go, 30));
  }
  const whole = await done;
  over = true;
  core.kill('SIGTERM');
  await core.gone;
  w.close();
  const wrong = whole ? [] : [failed ?? 'not done in time', ...judge(w, said), `unacknowledged ${w.waiting.size}`];
  const was = fs.existsSync(hit) ? fs.readFileSync(hit, 'utf8') : '';
  if (!wrong.length) fs.rmSync(dir, { recursive: true, force: true });
  const log = w.calls.filter((c) => /^(chat|conv)/.test(c.method)).map((c) =>
    `  ${c.at} ${c.method} ${c.args.channel} ${c.args.text ?? ''} ${c.args.metadata?.event_payload?.key ?? ''}${
      c.fault < 0 ? '' : ` (fault ${c.fault})`}`).join('\n');
  return { wrong, was, words: `${core.words}${log}` };
}

const first = prepare();
const dry = await converse(0, 'none 0');
const counts = Object.fromEntries([...dry.was.matchAll(/(\w+) (\d+)/g)].map((m) => [m[1], Number(m[2])]));
if (dry.wrong.length || !counts.write) throw new Error(`without any death: ${dry.wrong.join('; ')} ${dry.was}${dry.words}`);
counts.orphan = counts.adapter;
const kinds = Object.keys(counts), roll = dice(seed), hits = {}, wrong = [];
const plan = Array.from({ length: points }, (_, i) => {
  const kind = kinds[(i + 1) % kinds.length];
  return { n: i + 1, kind, at: 1 + Math.floor(roll() * counts[kind]) };
}).filter((p) => !only || p.n === only);
const left = [...plan];

// Most of a conversation's time is waiting, so several go on at once.
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let p; (p = left.shift()) !== undefined;) {
    const r = await converse(p.n, `${p.kind} ${p.at}`);
    if (r.was) hits[p.kind] = (hits[p.kind] ?? 0) + 1;
    if (r.wrong.length) wrong.push(`${p.kind} ${p.at} (point ${p.n}, seed ${seed}): ${r.wrong.join('; ')}\n${r.words}`);
    if (process.stdout.isTTY) process.stdout.write(`\r  torture: ${plan.length - left.length} of ${plan.length}`);
  }
}));
const missed = kinds.filter((k) => !hits[k]);
console.log(`  torture: ${points} points; deaths at ${kinds.map((k) => `${k} ${hits[k] ?? 0}`).join(', ')}`);
for (const w of wrong) console.error(w);
if (missed.length) console.error(`no death at: ${missed.join(', ')}`);
process.exit(wrong.length || missed.length ? 1 : 0);
