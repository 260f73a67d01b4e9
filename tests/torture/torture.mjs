// torture.mjs CHELA NODE_MODULES KILL.SO [--points N] [--seed S] [--point NAME]...: conversations over
// sockets (conversation.mjs), each with something that happens to it (points.mjs): a death of
// the core or its adapters, a fault of a call, of the model or of a line, a jump of the clock.
// Without --points: each fault at each call and frame, and as many deaths again. A NAME is as the
// report tells it ("short: write 117, then sync 20").
import { Conversation, scenes } from './conversation.mjs';
import { chances, families, kinds, named, silences } from './points.mjs';

const [, modules, killer, ...rest] = process.argv.slice(2);
const options = (name) => rest.filter((_, i) => rest[i - 1] === name);
const seed = Number(options('--seed')[0] ?? 1), wanted = Number(options('--points')[0] ?? 0), chosen = options('--point');
const AT_ONCE = 12;
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

// Some of all families in turns; or all that can be told, and as many deaths and jumps again. The
// long ones begin first.
function plan(dry, chance) {
  if (chosen.length) return chosen.map(named);
  const { told, endless } = families(dry, chance), list = [], lists = Object.values(told);
  if (!wanted) list.push(...silences(dry, chance), ...lists.flatMap((l) => l.splice(0)));
  const points = wanted || 2 * list.length;
  while (list.length < points) list.push(...endless.map((next) => next()), ...lists.flatMap((l) => l.splice(0, 1)));
  return list.slice(0, points).sort((a, b) => (b.scene === 'long') - (a.scene === 'long'));
}

const began = Date.now(), names = Object.keys(scenes);
const dry = Object.fromEntries(await Promise.all(names.map(async (s, i) => [s, await dry_run(s, -i)])));
const points = plan(dry, chances(seed)).map((p, i) => ({ ...p, n: i + 1 })), left = [...points], hits = {}, wrong = [];
let unclean = 0, marks = 0;

// Most of a conversation's time is waiting, so several go on at once.
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let p; (p = left.shift()) !== undefined;) {
    const c = new Conversation(tools, p.n, p);
    p.arm?.(c);
    const bad = await c.run(p.specs);
    for (const [kind, what] of c.hits) {
      hits[kind] ??= {};
      hits[kind][what] = (hits[kind][what] ?? 0) + 1;
    }
    unclean += c.unclean;
    marks += c.w.marks.size;
    if (bad.length) {
      wrong.push(p.n);
      console.error(`${p.name} (seed ${seed}): ${bad.join('; ')}\n${c.story()}`);
    }
    if (process.stdout.isTTY) process.stdout.write(`\r  torture: ${points.length - left.length} of ${points.length}, ${wrong.length} wrong `);
  }
}));
const missed = Object.entries(kinds).flatMap(([kind, of]) => (of.length ? of.filter((what) => !hits[kind]?.[what]) : hits[kind] ? [] : [kind]));
console.log(`${process.stdout.isTTY ? '\r' : ''}  torture: ${points.length} points, ${wrong.length} wrong, ${
  Math.round((Date.now() - began) / 1000)} s; what happened, and how often:`);
for (const [kind, of] of Object.entries(hits).sort())
  console.log(`    ${kind}: ${Object.entries(of).sort().map(([what, n]) => `${what} ${n}`).join(', ')}`);
if (unclean) console.log(`    ${unclean} were ended while something was under way, and it went on after`);
if (marks) console.log(`    ${marks} marks stayed on messages`);
if (missed.length && !chosen.length) console.error(`never happened: ${missed.join(', ')}`);
process.exit(wrong.length || (missed.length && !chosen.length) ? 1 : 0);
