// torture.mjs CHELA NODE_MODULES KILL.SO [--points N] [--seed S] [--point NAME]...: conversations over
// sockets (conversation.mjs), each with something that happens to it (points.mjs): a death of
// the core or its adapters, a fault of a call, of the model or of a line, a jump of the clock.
// Without --points: each fault at each call and frame, and as many deaths again. A NAME is as the
// report tells it ("short: write 117, then sync 20").
import { dice } from '../peers/workspace.mjs';
import { Conversation, scenes } from './conversation.mjs';
import { families, kinds, named, silences } from './points.mjs';

const [, modules, killer, ...rest] = process.argv.slice(2);
const options = (name) => rest.filter((_, i) => rest[i - 1] === name);
const seed = Number(options('--seed')[0] ?? 1), wanted = Number(options('--points')[0] ?? 0), chosen = options('--point');
const AT_ONCE = 10;
const tools = { killer, modules, seed };

// What there is to break: conversations in which nothing happens.
async function dry_run(scene, n) {
  const c = new Conversation(tools, n, { scene }), wrong = await c.run(['none 0']);
  if (wrong.length || !/write [1-9]/.test(c.note)) throw new Error(`nothing happened, and yet: ${wrong.join('; ')} ${c.note}\n${c.story()}`);
  const calls = {};
  for (const { method } of c.w.calls) calls[method] = (calls[method] ?? 0) + 1;
  return { counts: Object.fromEntries([...c.note.matchAll(/(\w+) (\d+)/g)].map((m) => [m[1], Number(m[2])])), calls,
    asked: c.w.asked, frames: c.w.frames };
}

// The families in turns.
function plan(dry, roll) {
  if (chosen.length) return chosen.map(named);
  const { all, most } = families(dry, roll), list = wanted ? [] : silences(roll, dry);
  const points = wanted || 2 * most + list.length;
  while (list.length < points) list.push(...Object.values(all).map((next) => next()).filter((p) => p));
  return list.slice(0, points);
}

const began = Date.now(), names = Object.keys(scenes);
const dry = Object.fromEntries(await Promise.all(names.map(async (s, i) => [s, await dry_run(s, -i)])));
const points = plan(dry, dice(seed)).map((p, i) => ({ ...p, n: i + 1 })), left = [...points], hits = {}, wrong = [], took = [];
let unclean = 0;

// Most of a conversation's time is waiting, so several go on at once.
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let p; (p = left.shift()) !== undefined;) {
    const c = new Conversation(tools, p.n, p);
    p.arm?.(c);
    const bad = await c.run(p.specs);
    for (const h of c.hits) hits[h] = (hits[h] ?? 0) + 1;
    unclean += c.unclean;
    took.push([c.took, p.name]);
    if (bad.length) {
      wrong.push(p.n);
      console.error(`${p.name} (seed ${seed}): ${bad.join('; ')}\n${c.story()}`);
    }
    if (process.stdout.isTTY) process.stdout.write(`\r  torture: ${points.length - left.length} of ${points.length}, ${wrong.length} wrong `);
  }
}));
const missed = kinds.filter((k) => !Object.keys(hits).some((h) => h.split(' ')[0] === k));
console.log(`${process.stdout.isTTY ? '\r' : ''}  torture: ${points.length} points, ${wrong.length} wrong, ${
  Math.round((Date.now() - began) / 1000)} s; happened: ${Object.entries(hits).sort().map(([h, n]) => `${h} ${n}`).join(', ')}`);
if (missed.length && !chosen.length) console.error(`never happened: ${missed.join(', ')}`);
console.log(took.sort((a, b) => b[0] - a[0]).slice(0, 12).map((t) => t.join(' ')).join('\n'));
if (unclean) console.log(`  ${unclean} times it was ended while something was under way, and went on after`);
process.exit(wrong.length || (missed.length && !chosen.length) ? 1 : 0);
