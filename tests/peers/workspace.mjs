// workspace.mjs - a Slack workspace that remembers, and a model that says again what it is
// told; over loopback, with the faults of real ones. It is written from Slack's documents, not
// from our contract, so that the two can disagree.
//
// What a test may set, all optional: breaks(method, args) gives the number of a fault (FAULTS)
// or {error} for a call of the Web API; ails(n) gives "cut" or a status for the n-th call of the
// model; says(text) gives {text, slow}; on_frame(n, socket) hears of the n-th frame that left,
// on_line(socket) of a line that was greeted, on_post(message), on_ack(ack).
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

// A dice that falls the same way each time (mulberry32).
export function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const FAULTS = ['429', '500', 'cut before', '503 though done', 'cut though done'];
const REPEAT_MS = 400;		// an envelope that is not acknowledged comes again

export class Workspace {
  // faults: how often (0 to 1) a call of the Web API fails, in one of FAULTS
  constructor({ modules, seed = 1, faults = 0 }) {
    const { WebSocketServer } = createRequire(path.resolve(modules, 'x'))('ws');
    Object.assign(this, { roll: dice(seed), faults, sockets: new Set(), tickets: new Set(), waiting: new Map(),
      envelopes: [], posted: [], replied: [], calls: [], marks: new Set(), overtook: new Set(), wrong: [],
      count: 0, frames: 0, asked: 0, clock: 1700000000, began: Date.now() });
    this.wss = new WebSocketServer({ noServer: true });
    this.server = http.createServer((request, response) => this.serve(request, response));
    this.server.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.server.on('connection', (s) => { s.on('error', () => {}); });
  }

  listen() {
    return new Promise((done) => this.server.listen(0, '127.0.0.1', () => done(this.server.address().port)));
  }

  close() {
    for (const s of this.sockets) s.terminate();
    clearInterval(this.repeats);
    clearTimeout(this.deals);
    this.server.close();
    this.server.closeAllConnections();
  }

  ts() {
    this.count += 1;
    return `${this.clock + Math.floor(this.count / 1000)}.${String(this.count).padStart(6, '0')}`;
  }

  // ---- what people do

  // Says it; Slack sends it to one socket, and again until it is acknowledged.
  say(channel, user, text, more = {}) {
    const ts = this.ts();
    this.event({ type: 'message', channel, user, text, ts, event_ts: ts, channel_type: channel[0] === 'D' ? 'im' : 'channel',
      client_msg_id: `c-${ts}`, team: 'T1', ...more });
    return ts;
  }

  event(event, more = {}) {
    this.count += 1;
    return this.envelope(event.ts, { type: 'events_api', accepts_response_payload: false, retry_attempt: 0, retry_reason: '',
      payload: { type: 'event_callback', team_id: 'T1', api_app_id: 'A1', event_id: `Ev${this.count}`,
        event_time: this.clock, event, authorizations: [{ team_id: 'T1', user_id: 'UBOT', is_bot: true }], ...more } });
  }

  // "/chela TEXT"; its name, under which `replied` has what was answered. (Slack does not repeat
  // these; here they come until they are acknowledged, so that none may be lost.)
  command(channel, user, text) {
    const name = `${this.count += 1}.command`;
    this.envelope(name, { type: 'slash_commands', accepts_response_payload: true, payload: { team_id: 'T1', team_domain: 't',
      channel_id: channel, channel_name: channel[0] === 'D' ? 'directmessage' : 'general', user_id: user, user_name: user,
      command: '/chela', text, api_app_id: 'A1', is_enterprise_install: 'false', trigger_id: name,
      response_url: `https://hooks.slack.com/commands/T1/${name}` } });
    return name;
  }

  envelope(name, value) {
    const envelope = { envelope_id: `e-${this.count += 1}`, ...value };
    this.waiting.set(envelope.envelope_id, { name, envelope, at: 0 });
    this.envelopes.push(envelope);
    this.deliver();
    return envelope;
  }

  // One that is open, by the dice.
  line() {
    const open = [...this.sockets].filter((s) => s.readyState === 1);
    return open[Math.floor(this.roll() * open.length)];
  }

  deliver() {
    for (const w of this.waiting.values()) {
      if (!this.line()) return;
      if (w.at && Date.now() - w.at < REPEAT_MS) continue;
      if (w.at && 'retry_attempt' in w.envelope) w.envelope.retry_attempt += 1;
      w.at = Date.now();
      if (!this.pile) this.pass(w, this.line());
      else if (this.pile.push(w) >= this.pile_most) this.deal();
    }
  }

  // Keeps in mind which earlier ones, not acknowledged and on other lines, it may overtake.
  pass(w, socket) {
    for (const v of this.waiting.values()) {
      if (v === w) break;
      if (v.to !== socket) this.overtook.add(`${w.name} ${v.name}`);
    }
    w.to = socket;
    this.send(socket, w.envelope);
  }

  send(socket, value) {
    if (!socket.deaf && socket.readyState === 1) socket.send(JSON.stringify(value));
    this.frames += 1;
    this.on_frame?.(this.frames, socket);
  }

  // ---- what happens to lines

  disconnect(reason, sockets = this.sockets) {
    for (const s of sockets) this.send(s, { type: 'disconnect', reason, debug_info: { host: 'x' } });
  }

  // Neither reads nor writes any more, and does not say so, for a while.
  deafen(socket, ms) {
    socket.deaf = true;
    socket._socket.pause();
    setTimeout(() => socket.terminate(), ms).unref();
  }

  // All that was ever sent comes once more.
  repeat() {
    for (const e of [...this.envelopes]) {
      const w = this.waiting.get(e.envelope_id), s = this.line();
      if (s && w) this.pass(w, s);
      else if (s) this.send(s, e);
    }
  }

  // The next ones come in any order.
  shuffle(most) {
    this.pile = [];
    this.pile_most = most;
    this.deals = setTimeout(() => this.deal(), 300);
  }

  deal() {
    const pile = this.pile ?? [];
    this.pile = undefined;
    for (let i = pile.length - 1; i > 0; i -= 1) {
      const k = Math.floor(this.roll() * (i + 1));
      [pile[i], pile[k]] = [pile[k], pile[i]];
    }
    for (const w of pile) {
      const s = this.line();
      if (s) this.pass(w, s);
      else w.at = 0;
    }
  }

  // ---- sockets

  upgrade(request, socket, head) {
    const ticket = new URL(request.url, 'http://x').searchParams.get('ticket');
    if (!this.tickets.delete(ticket) || this.sockets.size >= 10) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.wss.handleUpgrade(request, socket, head, (s) => {
      this.sockets.add(s);
      s.on('error', () => {});
      s.on('close', () => {			// what it left unanswered comes first on the next
        this.sockets.delete(s);
        for (const w of this.waiting.values()) if (w.to === s) w.at = 0;
      });
      s.on('message', (bytes) => {
        const ack = JSON.parse(bytes.toString());
        this.waiting.delete(ack.envelope_id);
        if (!this.envelopes.some((e) => e.envelope_id === ack.envelope_id)) this.wrong.push(`an acknowledgement of ${bytes}`);
        this.on_ack?.(ack);
      });
      this.send(s, { type: 'hello', num_connections: this.sockets.size, connection_info: { app_id: 'A1' } });
      this.on_line?.(s);
      this.repeats ??= setInterval(() => this.deliver(), 100);
      this.deliver();
    });
  }

  // ---- the Web API, and the model

  serve(request, response) {
    let body = '';
    request.on('data', (d) => { body += d; });
    request.on('end', () => {
      const at = new URL(request.url, 'http://x').pathname;
      if (at.endsWith('/chat/completions')) this.model(JSON.parse(body), response);
      else if (at.startsWith('/commands/')) this.api('respond', request, body, response, at.split('/').at(-1));
      else this.api(at.replace(/^\/api\//, ''), request, body, response);
    });
  }

  model(turn, response) {
    this.turns = [...(this.turns ?? []), turn].slice(-100);
    const last = turn.messages.filter((m) => m.role === 'user').at(-1);
    const said_by = /^\[[^\]]*\] /;		// who speaks, where several do
    const text = (typeof last.content === 'string' ? last.content : last.content.map((p) => p.text).join('')).replace(said_by, '');
    const said = this.says?.(text) ?? {};		// what a test wants: {text, slow}
    const pieces = said.text ? said.text.match(/[^]{1,200}/gu) : [`echo`, ` of `, text], slow = said.slow ?? 0;
    this.asked += 1;
    const ails = this.ails?.(this.asked), cut = ails === 'cut' ? Math.floor(pieces.length / 2) : -1;
    if (typeof ails === 'number') {
      response.writeHead(ails, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: 'not now' } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = () => {
      if (pieces.length === cut) {
        response.destroy();
        return;
      }
      if (!pieces.length) {
        response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
        return;
      }
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: pieces.shift() } }] })}\n\n`);
      slow ? setTimeout(send, slow) : setImmediate(send);
    };
    send();
  }

  api(method, request, body, response, name) {
    const json = (request.headers['content-type'] ?? '').includes('json');
    const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams);
    const args = name ? { name, ...JSON.parse(body) } : json ? JSON.parse(body || '{}') : { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
    const say = (status, value, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    const asked = this.breaks?.(method, args);		// what a test wants: a fault, or an answer
    const fault = typeof asked === 'number' ? asked : this.roll() < this.faults ? Math.floor(this.roll() * 5) : -1;
    this.calls.push({ method, args, fault, at: Date.now() - this.began, token: request.headers.authorization });
    if (asked?.error) return say(200, { ok: false, ...asked });
    if (fault === 0) return say(429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(this.retry_after ?? 0) });
    if (fault === 1) return say(500, 'no');
    if (fault === 2) return request.socket.destroy();
    const answer = this.does(method, args);
    if (fault === 3) return say(503, 'it was done all the same');
    if (fault === 4) return request.socket.destroy();		// done, and nobody is told
    return say(200, answer);
  }

  does(method, args) {
    switch (method) {
      case 'auth.test':
        return { ok: true, url: 'https://t.slack.com/', team: 't', user: 'chela', team_id: 'T1', user_id: 'UBOT', bot_id: 'B1' };
      case 'apps.connections.open': {
        const ticket = `t${this.tickets.size}-${this.count += 1}`;
        this.tickets.add(ticket);
        return { ok: true, url: `wss://wss-primary.slack.com/link/?ticket=${ticket}&app_id=A1` };
      }
      case 'chat.postMessage': {
        const message = { type: 'message', user: 'UBOT', bot_id: 'B1', app_id: 'A1', ts: this.ts(), text: args.text,
          thread_ts: args.thread_ts, channel: args.channel, metadata: args.metadata };
        this.posted.push(message);
        this.on_post?.(message);
        return { ok: true, channel: args.channel, ts: message.ts, message };
      }
      case 'chat.update': {
        const message = this.posted.find((m) => m.ts === args.ts && m.channel === args.channel);
        if (!message) return { ok: false, error: 'message_not_found' };
        message.text = args.text;
        message.edits = (message.edits ?? 0) + 1;
        this.on_post?.(message);
        return { ok: true, channel: args.channel, ts: args.ts, text: args.text };
      }
      case 'conversations.history':
      case 'conversations.replies': {
        const found = this.posted.filter((m) => m.channel === args.channel && (!args.ts || m.thread_ts === args.ts || m.ts === args.ts));
        const from = Number(args.cursor || 0), next = from + (args.ts ? 2 : 100);	// a thread comes in small pages, oldest first
        const page = (args.ts ? found : found.reverse()).slice(from, next), more = found.length > next;
        return { ok: true, has_more: more, response_metadata: more ? { next_cursor: String(next) } : undefined,
          messages: page.map((m) => ({ ...m, metadata: args.include_all_metadata ? m.metadata : undefined })) };
      }
      case 'assistant.threads.setStatus':
        return { ok: false, error: 'channel_type_not_supported' };
      case 'reactions.add':
      case 'reactions.remove': {
        const mark = `${args.channel} ${args.timestamp} ${args.name}`, adds = method === 'reactions.add';
        if (this.marks.has(mark) === adds) return { ok: false, error: adds ? 'already_reacted' : 'no_reaction' };
        this.marks[adds ? 'add' : 'delete'](mark);
        return { ok: true };
      }
      case 'respond':
        this.replied.push(args);
        return 'ok';
      default:
        return { ok: false, error: 'unknown_method' };
    }
  }
}
