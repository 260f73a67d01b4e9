// conversation.mjs - one conversation of a whole chela in a workspace, while something happens to
// it; and the judge. At the end each message must have exactly one answer, with exactly its text,
// in the order of its conversation and in its place; nothing may stand there besides, wait, or be
// lost.
import fs from 'node:fs';
import path from 'node:path';
import { Home, base, root } from '../peers/home.mjs';
import { Workspace } from '../peers/workspace.mjs';

const PATIENCE_MS = 60000, LOOK_MS = 20, ROUND_MS = 30, RETRY_AFTER_S = 1, TEXT_MAX = 4000;
const LONG = Array.from({ length: 100 }, (_, i) => `Sentence number ${i} of a long answer, with some words.`).join('\n');

// D1 and D2 are one conversation each, C3 one in a thread, in C4 each message is one.
const CHATS = ['D1', 'D2', 'C3', 'C4'], ROUNDS = 3;

// What the conversations of a kind have in common.
export const scenes = {
  short: {},
  long: {			// streamed, in two messages
    says: (text) => (/message [01] of (D1|C3)/.test(text) ? { text: `${text}\n${LONG}`, slow: 100 } : {}),
  },
  lookup: {			// an answer is posted, and nobody is told so: it has to be looked for
    breaks: (method, args) => (method === 'chat.postMessage' && /message 1 of (D1|C3)$/.test(args.text) ? 4 : undefined),
    times: 1,
  },
  busy: {			// the last answers are refused until they have to wait in the outbox
    breaks: (method, args) => (method === 'chat.postMessage' && /message 2 of (D1|C3)$/.test(args.text) ? 0 : undefined),
    times: 4,
    retry_after: 0,
  },
};

export class Conversation {
  // tools: {killer, modules, seed}
  constructor(tools, n, { scene, noise = 0, patience = PATIENCE_MS }) {
    Object.assign(this, { tools, n, scene, patience, said: [], commands: [], hits: [], starts: 0, deaths: 0, unclean: 0 });
    this.w = new Workspace({ modules: tools.modules, seed: tools.seed * 10007 + n, faults: noise });
    this.w.retry_after = scenes[scene].retry_after ?? RETRY_AFTER_S;
    this.w.says = scenes[scene].says;
    this.broken = {};
    this.w.breaks = (method, args) => this.breaks?.(method, args) ?? this.scene_breaks(method, args);
    this.home = new Home(`p${n}`);
  }

  scene_breaks(method, args) {
    const { breaks, times } = scenes[this.scene], fault = breaks?.(method, args), key = `${method} ${args.channel}`;
    if (fault === undefined || this.broken[key] === times) return undefined;
    this.broken[key] = (this.broken[key] ?? 0) + 1;
    return fault;
  }

  hit(kind, what) {
    this.hits.push([kind, what]);
  }

  // ---- the core, with one thing after the other that is to happen to it (kill.c)

  start(specs) {
    const [spec, ...later] = specs, file = this.file = path.join(root, `hit${this.n}-${this.starts += 1}`);
    this.home.start(undefined, spec ? { LD_PRELOAD: this.tools.killer, TORTURE: `${spec} ${file}`,
      ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` } : {});
    this.home.gone.then((status) => {
      const note = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
      this.note = note;
      if (/^\w+\n$/.test(note)) this.hit(/ahead|back/.test(note) ? 'clock' : 'death', note.trim());
      this.deaths += status === 'SIGKILL';
      if (this.over) return;
      if (this.renewed || (status === 'SIGKILL' && note)) this.start(later);
      else this.failed = `the core ended by itself (${status})`;
      this.renewed = false;
    });
  }

  // A person ends it and starts it again.
  renew() {
    this.renewed = true;
    this.home.core.kill('SIGTERM');
  }

  // ---- what people say

  async talk() {
    let thread;
    for (let r = 0; r < ROUNDS; r += 1) {
      for (const channel of CHATS) {
        const text = `message ${r} of ${channel}`, mention = channel[0] === 'C' ? `<@UBOT> ${text}` : text;
        const place = channel === 'C3' && thread ? { thread_ts: thread } : {};
        const ts = this.w.say(channel, 'U2', mention, place);
        if (channel === 'C3') thread ??= ts;
        this.said.push({ channel, ts, text, thread: channel === 'C3' ? thread : channel === 'C4' ? ts : undefined });
      }
      const text = `command ${r}`;
      this.commands.push({ name: this.w.command(r % 2 ? 'C5' : 'D5', 'U2', text), text });
      await new Promise((go) => setTimeout(go, ROUND_MS));
    }
  }

  whole() {
    return this.said.length === CHATS.length * ROUNDS && this.w.waiting.size === 0 && this.judge().length === 0;
  }

  async until(holds) {
    while (!holds() && !this.failed && Date.now() < this.end) await new Promise((go) => setTimeout(go, LOOK_MS));
  }

  // Runs until nothing is wrong any more, the core says so too, and has ended: what is wrong.
  async run(specs = []) {
    const port = await this.w.listen();
    fs.writeFileSync(path.join(this.home.dir, 'assistant.conf'),
      `${base(port)}channel work = slack played at 127.0.0.1:${port}\nguest * on work\n`);
    this.end = Date.now() + this.patience;
    this.start(specs);
    await this.talk();
    let wrong;
    do {
      await this.until(() => this.whole());
      let status;
      do {
        await new Promise((go) => setTimeout(go, LOOK_MS));
        status = await this.home.status();
      } while (!this.failed && this.unsettled(status).length && Date.now() < this.end);
      this.over = true;
      const exit = await this.home.stop();
      await new Promise((go) => setTimeout(go, 0));
      wrong = [...(this.failed ? [this.failed] : []), ...this.judge(), ...this.unsettled(await this.home.status()),
        ...(this.w.waiting.size ? [`${this.w.waiting.size} are not acknowledged`] : []), ...(exit === 0 ? [] : [`it ended with ${exit}`])];
      if (wrong.length && !this.failed && Date.now() < this.end) {	// something was under way just then
        this.unclean += 1;
        this.over = false;
        this.start([]);
      }
    } while (this.over === false);
    this.w.close();
    wrong.push(...this.waits(), ...this.w.wrong);
    if (!wrong.length) fs.rmSync(this.home.dir, { recursive: true, force: true });
    return wrong;
  }

  // ---- the judge

  unsettled(status) {
    const wrong = ['inbox', 'outbox', 'dead_letters'].filter((k) => status[k] !== 0).map((k) => `status: ${k} ${status[k]}`);
    for (const k of ['lost', 'strangers']) if (status[k]?.length) wrong.push(`status: ${k} ${JSON.stringify(status[k])}`);
    return wrong;
  }

  text(m) {
    return scenes[this.scene].says?.(m.text).text ?? `echo of ${m.text}`;
  }

  // These were posted in one conversation: whose answers they are, in their order.
  read(posts, asked, wrong) {
    const found = [], texts = posts.map((p) => p.text), count = (m) => Math.ceil(this.text(m).length / TEXT_MAX);
    for (let at = 0; at < texts.length;) {
      const m = asked.find((x) => !found.includes(x) && texts.slice(at, at + count(x)).join('\n') === this.text(x));
      if (!m) {
        wrong.push(`in ${posts[at].channel}, besides: "${texts[at].slice(0, 300)}"`);
        return found;
      }
      found.push(m);
      at += count(m);
    }
    for (const m of asked) if (!found.includes(m)) wrong.push(`"${m.text}": no answer`);
    return found;
  }

  judge() {
    const wrong = [], place = (channel, thread) => `${channel} ${thread ?? ''}`;
    const places = new Map(this.said.map((m) => [place(m.channel, m.thread), { asked: [], posts: [] }]));
    for (const m of this.said) places.get(place(m.channel, m.thread)).asked.push(m);
    for (const p of this.w.posted) {
      const at = places.get(place(p.channel, p.thread_ts));
      if (at) at.posts.push(p);
      else wrong.push(`in the wrong place: ${p.channel} ${p.thread_ts} "${p.text.slice(0, 60)}"`);
    }
    for (const { asked, posts } of places.values()) {
      const found = this.read(posts, asked, wrong);
      for (const [i, b] of found.entries())
        for (const a of found.slice(i + 1))
          if (asked.indexOf(a) < asked.indexOf(b) && !this.w.overtook.has(`${b.ts} ${a.ts}`))
            wrong.push(`"${b.text}" was answered before "${a.text}"`);
    }
    for (const c of this.commands) this.judge_command(c, wrong);
    return wrong;
  }

  // The documented window: whether a command's answer arrived, nobody can look up. One whose
  // receipt was lost may come again.
  judge_command(c, wrong) {
    const got = this.w.replied.filter((r) => r.name === c.name);
    const lost = this.deaths > 0 || fs.existsSync(this.file) || this.w.calls.some((x) => x.method === 'respond' && x.args.name === c.name && x.fault >= 3);
    if (!got.length) wrong.push(`"${c.text}": no answer`);
    if (got.length > 1 && !lost) wrong.push(`"${c.text}": ${got.length} answers`);
    if (got.some((r) => r.text !== `echo of ${c.text}`)) wrong.push(`"${c.text}": ${JSON.stringify(got)}`);
  }

  // Who is told to wait does, and each call has its token.
  waits() {
    const wrong = [], calls = this.w.calls.map((c) => ({ ...c, key: `${c.method} ${JSON.stringify(c.args)}` }));
    for (const c of calls) {
      const token = { 'apps.connections.open': 'Bearer played-app_token', respond: undefined }[c.method];
      if (c.token !== (c.method === 'respond' ? undefined : token ?? 'Bearer played-bot_token')) wrong.push(`${c.method} came with ${c.token}`);
    }
    if (this.deaths) return wrong;
    for (const [i, c] of calls.entries()) {
      if (/^(reactions|assistant)/.test(c.method)) continue;		// asked anew for each message
      const next = calls.slice(i + 1).find((x) => x.key === c.key);
      if (c.fault === 0 && next && next.at - c.at < this.w.retry_after * 1000 - 5) wrong.push(`${c.method} did not wait: ${next.at - c.at} ms`);
    }
    return wrong;
  }

  // For whoever has to find out.
  story() {
    const calls = this.w.calls.map((c) => `  ${c.at} ${c.method} ${c.args.channel ?? c.args.name ?? ''} ${c.args.text?.slice(0, 40) ?? ''} ${
      c.args.metadata?.event_payload?.key ?? ''}${c.fault < 0 ? '' : ` (fault ${c.fault})`}`);
    return `  ${this.home.dir}\n${this.home.words.split('\n').filter((l) => /^\d{4}-|^\w+: /.test(l)).join('\n')}\n${calls.join('\n')}`;
  }
}
