// home.mjs - a chela of its own for each test, and one or two Slack workspaces (workspace.mjs) that it
// is connected to. Programs that use it are called with CHELA NODE_MODULES [ONLY]. What failed is kept.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Workspace } from './workspace.mjs';

const [chela, modules, only] = process.argv.slice(2);
const PATIENCE_MS = 40000, AT_ONCE = 6;
export const root = fs.mkdtempSync(path.join(os.tmpdir(), 'chela-whole-'));
process.on('exit', (code) => code || fs.rmSync(root, { recursive: true, force: true }));
const env = Object.fromEntries(Object.entries(process.env).filter(([k]) => !/_API_KEY$|^LD_PRELOAD$/.test(k)));

export const base = (port) => `name Chela\nmodel echo = openai at http://127.0.0.1:${port}/v1 using echo\nuse echo\n`;
const first = path.join(root, 'first');
fs.mkdirSync(first, { mode: 0o700 });
fs.writeFileSync(path.join(first, 'assistant.conf'), base(1));
const checked = spawnSync(chela, ['--instance', first, 'check', 'slack', 'openai'], { env, encoding: 'utf8' });
if (checked.status !== 0) throw new Error(checked.stdout + checked.stderr);

export class Home {
  constructor(name) {
    this.dir = path.join(root, name);
    this.words = '';
    fs.cpSync(first, this.dir, { recursive: true });
  }

  // With this configuration, else with the last one.
  start(conf, more = {}) {
    if (conf) fs.writeFileSync(path.join(this.dir, 'assistant.conf'), conf);
    this.core = spawn(chela, ['--instance', this.dir, 'run', '--yes-to', 'openai,slack'],
      { env: { ...env, ...more }, stdio: ['ignore', 'ignore', 'pipe'] });
    this.core.stderr.on('data', (d) => { this.words += d; });
    this.gone = new Promise((done) => this.core.on('exit', (code, signal) => done(signal ?? code)));
  }

  // asynchronous: the services that the core talks to live in this process
  status() {
    return new Promise((done) => {
      const child = spawn(chela, ['--instance', this.dir, 'status', '--json'], { env });
      let out = '';
      child.stdout.on('data', (d) => { out += d; });
      child.on('close', () => { try { done(JSON.parse(out)); } catch { done({}); } });
    });
  }

  stop() {
    this.core.kill('SIGTERM');
    return this.gone;
  }
}

export async function until(what, holds, seen) {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: did not come about; ${JSON.stringify(await seen?.(), null, 1) ?? ''}`);
    await new Promise((go) => setTimeout(go, 10));
  }
}
export function must(holds, what, seen) {
  if (!holds) throw new Error(`${what}; ${JSON.stringify(seen, null, 1)}`);
}

// What a test has at hand: one workspace (or two), one home, and words for what they see.
export async function place(name, { people = 'owner U1 on work\nguest U2 on work\n', workspaces = 1, before } = {}, run) {
  const w = Array.from({ length: workspaces }, () => new Workspace({ modules })), home = new Home(name);
  const ports = await Promise.all(w.map((x) => x.listen()));
  const names = ['work', 'home'];
  before?.(w[0]);
  home.start(base(ports[0]) + w.map((_, i) => `channel ${names[i]} = slack played at 127.0.0.1:${ports[i]}\n`).join('') + people);
  const t = { w: w[0], other: w[1], home };
  t.texts = (channel, from = t.w) => from.posted.filter((p) => p.channel === channel).map((p) => p.text);
  t.says = (channel, text, from = t.w) => until(`"${text}" in ${channel}`, () => t.texts(channel, from).includes(text), () => [from.posted, from.calls, home.words]);
  t.quiet = () => until('every envelope is acknowledged', () => w.every((x) => x.waiting.size === 0));
  try {
    await run(t);
    must(home.core.exitCode === null, 'the core runs on', home.words);
  } finally {
    await home.stop();
    for (const x of w) x.close();
  }
}

export async function run(name, tests) {
  const left = Object.entries(tests).filter(([title]) => !only || title.includes(only)), all = left.length;
  let red = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async (_, k) => {
    for (let test, i = 0; (test = left.shift()) !== undefined; i += 1) {
      try {
        await test[1](`p${k}-${i}`);
      } catch (e) {
        red += 1;
        console.error(`${name}: ${test[0]}: ${e.message}`);
      }
    }
  }));
  console.log(`  ${name}: ${all - red} of ${all} conversations as they should be`);
  process.exit(red ? 1 : 0);
}
