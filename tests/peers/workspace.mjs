// workspace.mjs - a Slack workspace that remembers, and a model that says again what it is
// told; over loopback, with the faults of real ones. It is written from Slack's documents, not
// from our contract, so that the two can disagree.
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

export class Workspace {
  // faults: how often (0 to 1) a call of the Web API fails in one of the ways that api() has
  constructor({ modules, seed = 1, faults = 0 }) {
    const { WebSocketServer } = createRequire(path.resolve(modules, 'x'))('ws');
    Object.assign(this, { roll: dice(seed), faults, sockets: new Set(), tickets: new Set(), waiting: new Map(),
      posted: [], calls: [], count: 0, clock: 1700000000, began: Date.now() });
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

  event(event) {
    this.count += 1;
    const envelope = { envelope_id: `e-${this.count}`, type: 'events_api', accepts_response_payload: false, retry_attempt: 0,
      retry_reason: '', payload: { type: 'event_callback', team_id: 'T1', api_app_id: 'A1', event_id: `Ev${this.count}`,
        event_time: this.clock, event, authorizations: [{ team_id: 'T1', user_id: 'UBOT', is_bot: true }] } };
    this.waiting.set(envelope.envelope_id, { envelope, at: 0 });
    this.deliver();
    return envelope;
  }

  deliver() {
    const open = [...this.sockets].filter((s) => s.readyState === 1);
    if (!open.length) return;
    for (const w of this.waiting.values()) {
      if (w.at && Date.now() - w.at < 400) continue;
      if (w.at) w.envelope.retry_attempt += 1;
      w.at = Date.now();
      w.to = open[Math.floor(this.roll() * open.length)];
      w.to.send(JSON.stringify(w.envelope));
    }
  }

  disconnect(reason) {
    for (const s of this.sockets) s.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'x' } }));
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
        if (!this.waiting.delete(ack.envelope_id)) this.acked_twice = (this.acked_twice ?? 0) + 1;
        this.on_ack?.(ack);
      });
      s.send(JSON.stringify({ type: 'hello', num_connections: this.sockets.size, connection_info: { app_id: 'A1' } }));
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
      else this.api(at.replace(/^\/api\//, ''), request, body, response);
    });
  }

  model(turn, response) {
    const last = turn.messages.filter((m) => m.role === 'user').at(-1);
    const text = typeof last.content === 'string' ? last.content : last.content.map((p) => p.text).join('');
    const said = this.says?.(text) ?? {};		// what a test wants: {text, slow}
    const pieces = said.text ? said.text.match(/[^]{1,200}/gu) : [`echo`, ` of `, text], slow = said.slow ?? 0;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = () => {
      if (!pieces.length) {
        response.end(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`);
        return;
      }
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: pieces.shift() } }] })}\n\n`);
      slow ? setTimeout(send, slow) : setImmediate(send);
    };
    send();
  }

  api(method, request, body, response) {
    const json = (request.headers['content-type'] ?? '').includes('json');
    const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams);
    const args = json ? JSON.parse(body || '{}') : { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
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
        return { ok: true, has_more: false, messages: found.slice(-100).reverse().map((m) =>
          ({ ...m, metadata: args.include_all_metadata ? m.metadata : undefined })) };
      }
      case 'assistant.threads.setStatus':
        return { ok: false, error: 'channel_type_not_supported' };
      case 'reactions.add':
      case 'reactions.remove':
        return { ok: true };
      default:
        return { ok: false, error: 'unknown_method' };
    }
  }
}
