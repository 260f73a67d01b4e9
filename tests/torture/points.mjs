// points.mjs - what can happen to a conversation, and when: families of points. Of deaths and
// jumps of the clock there are as many as anybody wants; of the others each is told once.
import { FAULTS, dice } from '../peers/workspace.mjs';

const NOISE = 0.25, SILENCE_MS = 100000, WAITS = 12;
const deaths = ['write', 'sync', 'send', 'adapter', 'orphan'], jumps = ['ahead', 'back'];
const ails = ['cut', 429, 500];

// What befalls a line (s) of the workspace (w) in a conversation (c).
const soon = (ms, act) => setTimeout(act, ms).unref();
const goes = (reason, ms) => (c, w, s) => {
  w.disconnect(reason, [s]);
  soon(ms, () => s.close(1000));
};
const closes = (code) => (c, w, s) => s.close(code);
// From now on each line that comes up goes down again, `left` times in all.
const each = (left, falls) => (c, w, s) => {
  w.on_line = (line) => {
    if ((left -= 1) >= 0) falls(w, line);
  };
  w.on_line(s);
};
const lines = () => ({
  cut: (c, w, s) => s.terminate(),
  'end without a close': (c, w, s) => s._socket.end(),
  warning: goes('warning', 300),
  refresh_requested: goes('refresh_requested', 50),
  too_many_websockets: goes('too_many_websockets', 0),
  link_disabled: (c, w, s) => {				// until a person switches it on and starts anew
    w.disconnect('link_disabled', [s]);
    soon(200, () => c.renew());
  },
  1000: closes(1000), 1001: closes(1001), 1011: closes(1011), 4000: closes(4000),
  deaf: (c, w, s) => {					// half open, and another one is asked for
    w.disconnect('warning', [s]);
    w.deafen(s, 3000);
  },
  repeat: (c, w) => w.repeat(),
  shuffle: (c, w) => w.shuffle(5),
  storm: each(20, (w, line) => {
    w.disconnect('refresh_requested', [line]);
    for (const s of w.sockets) if (s !== line) s.close(1000);
  }),
  'cut thrice': each(3, (w, line) => line.terminate()),
  stop: (c) => c.renew(),
});

// Dice that fall the same way for the same words: what one conversation had more than another
// leaves the rest of a plan as it was.
export function chances(seed) {
  return (words) => {
    let h = seed;
    for (const c of words) h = Math.imul(h ^ c.charCodeAt(0), 16777619);
    return dice(h)();
  };
}
const at = (chance, n) => 1 + Math.floor(chance * n);
const one = (chance, list) => list[Math.floor(chance * list.length)];

function call(scene, method, n, fault) {
  return { name: `${scene}: ${method} ${n}, ${FAULTS[fault]}`, scene, arm: (c) => {
    let seen = 0;
    c.breaks = (m) => {
      if (m !== method || (seen += 1) !== n) return undefined;
      c.hit('call', `${method} ${FAULTS[fault]}`);
      return fault;
    };
  } };
}

function model(scene, n, ail) {
  return { name: `${scene}: model ${n}, ${ail}`, scene, arm: (c) => {
    c.w.ails = (asked) => {
      if (asked !== n) return undefined;
      c.hit('model', ail);
      return ail;
    };
  } };
}

function line(scene, n, what) {
  return { name: `${scene}: frame ${n}, ${what}`, scene, arm: (c) => {
    const befalls = lines()[what];
    c.w.on_frame = (frame, s) => {
      if (frame !== n) return;
      c.hit('line', what);
      befalls(c, c.w, s);
    };
  } };
}

// The only line is half open: the core has to find out, by its pings, which takes half a minute.
function silence(scene, n) {
  return { name: `${scene}: frame ${n}, silence`, scene, patience: SILENCE_MS, arm: (c) => {
    c.w.on_frame = (frame, s) => {
      if (frame !== n) return;
      c.hit('line', 'silence');
      c.w.deafen(s, SILENCE_MS);
    };
  } };
}

const happening = (scene, specs, { noise } = {}) =>
  ({ name: `${scene}: ${specs.join(', then ')}${noise ? ', and faults' : ''}`, scene, specs, noise });

const common = (dry) => Object.keys(dry).filter((scene) => scene !== 'busy');
const range = (n) => Array.from({ length: n }, (_, i) => i + 1);

// All that can be told, in any order. dry: by scene, what a conversation in which nothing happened
// had: {counts, calls, asked, frames}.
function told(dry, chance) {
  const calls = [], models = [], frames = [], names = common(dry);
  for (const method of new Set(names.flatMap((s) => Object.keys(dry[s].calls)))) {
    const scene = names.find((s) => dry[s].calls[method]);
    for (const n of range(dry[scene].calls[method])) for (const fault of FAULTS.keys()) calls.push(call(scene, method, n, fault));
  }
  for (const ail of ails) for (const n of range(dry.short.asked)) models.push(model(one(chance(`${ail} ${n}`), names), n, ail));
  for (const what of Object.keys(lines())) for (const n of range(dry.short.frames)) frames.push(line(one(chance(`${what} ${n}`), names), n, what));
  // what waits in the outbox waits by the wall clock: at the end of these there is such a wait
  const syncs = dry.busy.counts.sync, waits = jumps.flatMap((j) => range(WAITS).map((n) => happening('busy', [`${j} ${syncs + 1 - n}`])));
  const mixed = (list) => list.map((p) => [chance(p.name), p]).sort((a, b) => a[0] - b[0]).map(([, p]) => p);
  return { call: mixed(calls), model: mixed(models), line: mixed(frames), wait: mixed(waits) };
}

// Lists, and functions that give one more.
export function families(dry, chance) {
  const names = common(dry);
  const counts = (scene) => ({ ...dry[scene].counts, orphan: dry[scene].counts.adapter, ahead: dry[scene].counts.sync, back: dry[scene].counts.sync });
  const family = (name, kinds, more = {}) => {
    let i = 0;
    return () => {
      const die = (what) => chance(`${name} ${i} ${what}`), scene = one(die('scene'), names);
      i += 1;
      return happening(scene, kinds.map((of, k) => {
        const kind = one(die(`kind ${k}`), of);
        return `${kind} ${at(die(`at ${k}`), Math.ceil(counts(scene)[kind] / (k + 1)))}`;	// after a death less is left
      }), more);
    };
  };
  const endless = [...deaths.map((d) => family(d, [[d]])), family('twice', [deaths, deaths]), family('clock', [jumps], { noise: NOISE }),
    family('mixed', [[...deaths, ...jumps]], { noise: NOISE })];
  return { told: told(dry, chance), endless };
}

export const silences = (dry, chance) => range(4).map((i) => silence('short', at(chance(`silence ${i}`), dry.short.frames)));

// By its name in a report.
export function named(name) {
  const [, scene, what, faults] = /^(\w+): (.*?)(, and faults)?$/.exec(name);
  const [, kind, n, more] = /^([\w.]+) (\d+)(?:, (.*))?$/.exec(what) ?? [];
  if (kind === 'model') return model(scene, Number(n), Number(more) || more);
  if (kind === 'frame') return more === 'silence' ? silence(scene, Number(n)) : line(scene, Number(n), more);
  if (FAULTS.includes(more)) return call(scene, kind, Number(n), FAULTS.indexOf(more));
  return happening(scene, what.split(', then '), { noise: faults && NOISE });
}

// What has to happen, whatever the dice say.
export const kinds = { death: deaths, clock: [], call: [], model: [], line: [] };
