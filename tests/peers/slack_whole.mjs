// slack_whole.mjs CHELA NODE_MODULES: the whole assistant in a Slack workspace (workspace.mjs), one
// conversation each: what people there see, and what the person at home is told. Beside CHELA stands kill.so.
import fs from 'node:fs';
import path from 'node:path';
import { must, place, root, run, until } from './home.mjs';

const tests = {
  'a direct message is answered without a thread, a mention in one': (n) => place(n, {}, async (t) => {
    const ts = (t.w.say('D1', 'U1', 'hi'), t.w.say('C1', 'U2', '<@UBOT> **hello** &amp; you'));
    await t.says('D1', 'echo of hi');
    await t.says('C1', 'echo of *hello* &amp; you');
    must(!t.w.posted.find((p) => p.channel === 'D1').thread_ts, 'no thread in a direct message', t.w.posted);
    must(t.w.posted.find((p) => p.channel === 'C1').thread_ts === ts, 'a thread in a channel', t.w.posted);
    t.w.say('C1', 'U2', 'and now?', { thread_ts: ts });		// in our thread: no mention is needed
    await t.says('C1', 'echo of and now?');
  }),

  'one gesture that comes as two events, and again, has one answer': (n) => place(n, {}, async (t) => {
    const ts = t.w.say('C1', 'U1', '<@UBOT> twice');
    t.w.event({ type: 'app_mention', channel: 'C1', user: 'U1', text: '<@UBOT> twice', ts, event_ts: ts });
    t.w.event({ type: 'message', channel: 'C1', user: 'U1', text: '<@UBOT> twice', ts, event_ts: ts, channel_type: 'channel' });
    await t.says('C1', 'echo of twice');
    t.w.say('D1', 'U1', 'last');
    await t.says('D1', 'echo of last');
    await t.quiet();
    must(t.texts('C1').length === 1, 'one answer', t.w.posted);
  }),

  'what is ours, another team\'s, or said to others is not answered': (n) => place(n, {}, async (t) => {
    t.w.say('D1', 'UBOT', 'mine', { bot_id: 'B1', app_id: 'A1' });
    t.w.say('C1', 'U1', 'lunch, anyone?');
    t.w.say('D1', 'USLACK', 'Slack says');
    t.w.event({ type: 'message', channel: 'D1', ts: t.w.ts(), subtype: 'channel_join', user: 'U1', text: 'joined', channel_type: 'im' });
    t.w.event({ type: 'message', channel: 'D1', user: 'U1', text: 'foreign', ts: t.w.ts(), channel_type: 'im' },
      { authorizations: [{ team_id: 'T2', user_id: 'UBOT', is_bot: true }] });
    await t.quiet();
    t.w.say('D1', 'U1', 'last');
    await t.says('D1', 'echo of last');
    must(t.w.posted.filter((p) => !/last/.test(p.text)).length === 0, 'nothing else', t.w.posted);
  }),

  'a stranger is told once, and home learns who wrote': (n) => place(n, {}, async (t) => {
    t.w.say('D9', 'U9', 'let me in');
    await until('a word to the stranger', () => t.texts('D9').length === 1);
    t.w.say('D9', 'U9', 'please');
    await t.quiet();
    t.w.say('D1', 'U1', 'last');
    await t.says('D1', 'echo of last');
    must(t.texts('D9').length === 1 && /do not know you/.test(t.texts('D9')[0]), 'once', t.w.posted);
    must(/U9/.test(JSON.stringify(await t.home.status())), 'status names them', await t.home.status());
  }),

  'the program answers for itself': (n) => place(n, {}, async (t) => {
    t.w.says = (text) => (text === 'slow' ? { text: 'x'.repeat(2000), slow: 300 } : {});
    t.w.say('D1', 'U1', 'which model?');
    await t.says('D1', 'I answer with echo (echo).');
    t.w.say('D2', 'U2', 'status');
    await until('a guest is refused', () => t.texts('D2').some((x) => /Only an owner/.test(x)));
    t.w.say('D3', 'U1', 'slow');
    await until('it has begun', () => t.w.calls.some((c) => /status|reactions|postMessage/i.test(c.method) && c.args.channel === 'D3' || c.args.channel_id === 'D3'));
    t.w.say('D3', 'U1', 'stop');
    await until('it stopped', () => t.texts('D3').includes('Stopped.') && t.texts('D3').some((x) => /Interrupted/.test(x)), () => t.w.posted);
    t.w.say('D1', 'U1', 'status');
    await until('how things stand', () => t.texts('D1').some((x) => /work/.test(x) && /```/.test(x)), () => t.w.posted);
    t.w.say('D1', 'U1', 'New conversation');
    await until('a new one', () => t.texts('D1').some((x) => /new conversation/i.test(x)));
  }),

  'two workspaces at once are kept apart': (n) => place(n, { workspaces: 2, people: 'owner U1 on work\nowner U1 on home\n' }, async (t) => {
    t.w.say('D1', 'U1', 'here');
    t.other.say('D1', 'U1', 'there');
    await t.says('D1', 'echo of here');
    await t.says('D1', 'echo of there', t.other);
    must(t.texts('D1').length === 1 && t.texts('D1', t.other).length === 1, 'each its own', [t.w.posted, t.other.posted]);
  }),

  'a slow model holds up its own chat only': (n) => place(n, {}, async (t) => {
    let slow = 0;
    t.w.says = (text) => (text === 'slow' ? (slow += 1, { text: 'slowly '.repeat(100), slow: 1000 }) : {});
    t.w.say('D1', 'U1', 'slow');
    await until('the slow one was asked', () => slow === 1);
    for (let i = 0; i < 20; i += 1) t.w.say(`D1${i}`, 'U1', `quick ${i}`);
    for (let i = 0; i < 20; i += 1) await t.says(`D1${i}`, `echo of quick ${i}`);
    must(!t.texts('D1').some((x) => x.length > 600), 'the slow one is still under way', t.w.posted);
  }),

  'a limit is waited for exactly, while other chats go on': (n) => place(n, {}, async (t) => {
    let refused = 0;
    t.w.retry_after = 2;
    t.w.breaks = (method, args) => (method === 'chat.postMessage' && args.channel === 'D1' && !refused ? (refused = Date.now(), 0) : undefined);
    t.w.say('D1', 'U1', 'limited');
    await until('it is limited', () => refused);
    t.w.say('D2', 'U1', 'free');
    await t.says('D2', 'echo of free');
    must(Date.now() - refused < 2000, 'the other did not wait', Date.now() - refused);
    await t.says('D1', 'echo of limited');
    const waited = Date.now() - refused;
    must(waited >= 1990 && waited < 3500, 'two seconds', waited);
  }),

  'what was done though nobody was told is not done twice': (n) => place(n, {}, async (t) => {
    const broken = new Set();
    t.w.breaks = (method, args) => {
      if (method !== 'chat.postMessage' || broken.has(args.channel)) return undefined;
      broken.add(args.channel);
      return { D1: 3, D2: 4, D3: 1, D4: 2 }[args.channel];
    };
    for (const c of ['D1', 'D2', 'D3', 'D4']) t.w.say(c, 'U1', `once ${c}`);
    for (const c of ['D1', 'D2', 'D3', 'D4']) await t.says(c, `echo of once ${c}`);
    t.w.say('D1', 'U1', 'then');
    await t.says('D1', 'echo of then');
    for (const c of ['D1', 'D2', 'D3', 'D4']) must(t.texts(c).filter((x) => /once/.test(x)).length === 1, `one in ${c}`, [t.w.posted, t.w.calls]);
  }),

  'what cannot be delivered is seen at home, with the remedy': (n) => place(n, {}, async (t) => {
    t.w.breaks = (method, args) => (method !== 'chat.postMessage' ? undefined
      : { C1: { error: 'not_in_channel' }, C2: { error: 'missing_scope', needed: 'chat:write', provided: 'commands' } }[args.channel]);
    t.w.say('C1', 'U1', '<@UBOT> a');
    t.w.say('C2', 'U1', '<@UBOT> b');
    t.w.say('D1', 'U1', 'c');
    await t.says('D1', 'echo of c');
    await until('both are told', async () => {
      const s = JSON.stringify(await t.home.status());
      return /invite/.test(s) && /chat:write/.test(s);
    }, () => t.home.status());
  }),

  'lines come and go, and every word is heard': (n) => place(n, {}, async (t) => {
    for (const [i, how] of ['warning', 'refresh_requested', 'too_many_websockets', 'cut', 'close', 'warning'].entries()) {
      await until('a line', () => t.w.sockets.size > 0);
      if (how === 'cut') for (const s of t.w.sockets) s.terminate();
      else if (how === 'close') for (const s of t.w.sockets) s.close(1000);
      else t.w.disconnect(how);
      if (how === 'too_many_websockets') for (const s of t.w.sockets) s.close(1000);
      t.w.say('D1', 'U1', `after ${how} ${i}`);
      await t.says('D1', `echo of after ${how} ${i}`);
    }
    await until('no more lines than are needed', () => t.w.sockets.size >= 1 && t.w.sockets.size <= 2);
    must(t.texts('D1').length === 6, 'each once', t.w.posted);
  }),

  'a long answer grows by edits, is cut where it must be, and is exact': (n) => place(n, {}, async (t) => {
    const long = Array.from({ length: 150 }, (_, i) => `Sentence number ${i} of a long answer, with some words.`).join('\n');
    t.w.says = () => ({ text: long, slow: 100 });
    t.w.say('D1', 'U1', 'tell me');
    await until('all of it', () => t.texts('D1').join('\n') === long, () => [t.texts('D1'), t.w.calls]);
    const edits = t.w.calls.filter((c) => c.method === 'chat.update').map((c) => c.at);
    must(edits.length >= 1, 'it grew', t.w.calls);
    must(edits.every((at, i) => !i || at - edits[i - 1] >= 900), 'not more often than the platform likes', edits);
    must(t.texts('D1').every((x) => x.length <= 4000), 'no piece is too long', t.texts('D1').map((x) => x.length));
  }),

  'a wrong token is named': (n) => place(n, { before: (w) => { w.breaks = (m) => (m === 'auth.test' ? { error: 'invalid_auth' } : undefined); } }, async (t) => {
    await until('status says so', async () => /invalid_auth.*xoxb/.test(JSON.stringify((await t.home.status()).channels)), () => t.home.status());
  }),

  'Socket Mode that is off is named': (n) => place(n, { before: (w) => { w.breaks = (m) => (m === 'apps.connections.open' ? { error: 'socket_mode_not_enabled' } : undefined); } }, async (t) => {
    await until('status says so', async () => /Socket Mode/.test(JSON.stringify((await t.home.status()).channels)), () => t.home.status());
  }),

  'Socket Mode that is switched off meanwhile is named': (n) => place(n, {}, async (t) => {
    await until('a line', () => t.w.sockets.size > 0);
    t.w.disconnect('link_disabled');
    await until('status says so', async () => /Socket Mode/.test(JSON.stringify((await t.home.status()).channels)), () => t.home.status());
  }),

  // What came, with the turn and its first row; the answer, marked as being sent; its receipt.
  'a message costs three waits for the disk, and two where the program answers': (n) => place(n, {}, async (t) => {
    const counts = path.join(root, `${n}-counts`);
    const syncs = async (words) => {
      fs.rmSync(counts, { force: true });
      await t.home.stop();
      t.home.start(undefined, { LD_PRELOAD: path.resolve(path.dirname(process.argv[2]), 'kill.so'), TORTURE: `none 0 ${counts}`,
        ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` });
      await until('a line', () => t.w.sockets.size > 0);
      for (const [i, word] of words.entries()) {
        const posted = t.w.posted.length;
        t.w.say(`D${posted}${i}`, 'U1', word);
        await until('an answer', () => t.w.posted.length > posted);
        await new Promise((go) => setTimeout(go, 50));		// and its receipt
      }
      await t.home.stop();
      return Number(/sync (\d+)/.exec(fs.readFileSync(counts, 'utf8'))[1]);
    };
    await syncs([]);		// the first start makes the tables
    for (const [word, most] of [['hi', 3], ['which model', 2]]) {
      const few = await syncs(Array(2).fill(word)), more = await syncs(Array(7).fill(word));
      must(more - few <= 5 * most, word, [few, more]);
    }
    t.home.start();
  }),

  'it ends when asked to, and what it was sending arrives': (n) => place(n, {}, async (t) => {
    t.w.say('D1', 'U1', 'bye');
    await until('it is being sent', () => t.w.calls.some((c) => c.method === 'chat.postMessage'));
    const began = Date.now();
    await t.home.stop();
    must(Date.now() - began < 3000, 'soon', Date.now() - began);
    t.home.start();
    t.w.say('D1', 'U1', 'again');
    await t.says('D1', 'echo of again');
    must(t.texts('D1').length === 2, 'each once', t.w.posted);
  }),
};

await run('slack', tests);
