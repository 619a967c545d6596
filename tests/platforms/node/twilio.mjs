// Twilio's own client, with its addresses and credentials changed and nothing
// else.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import twilio from 'twilio';

import { codeOn, fresh, inbox, wrong } from './phones.mjs';

const values = JSON.parse(readFileSync(new URL('../values.json', import.meta.url), 'utf8'));
const { account, token, service } = values;
const BASE = `${process.env.SERVER_URL.replace(/\/$/, '')}/hooks/twilio`;

// The one change that a program needs.
const redirected = (client) => {
  client.api.baseUrl = BASE;
  client.verify.baseUrl = BASE;
  return client;
};

const client = redirected(twilio(account, token));
const verify = (sid = service, by = client) => by.verify.v2.services(sid);
const start = (to, sid) => verify(sid).verifications.create({ to, channel: 'sms' });
const check = (options, sid) => verify(sid).verificationChecks.create(options);

// What the client makes of a refusal.
const refused = async (work, status, code) => {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (error) => error,
  );
  assert.equal(error.constructor.name, 'RestException', error.stack);
  assert.deepEqual([error.status, error.code], [status, code], error.message);
  assert.equal(error.moreInfo, `https://www.twilio.com/docs/errors/${code}`);
  return error;
};

export const cases = {
  'a verification from start to approval': async () => {
    const to = fresh();
    const started = await start(to);
    assert.match(started.sid, /^VE[0-9a-f]{32}$/);
    assert.deepEqual(
      [started.serviceSid, started.accountSid, started.to, started.channel],
      [service, account, to, 'sms'],
    );
    assert.deepEqual([started.status, started.valid], ['pending', false]);
    assert.equal(started.sendCodeAttempts.length, 1);
    assert.match(started.sendCodeAttempts[0].attempt_sid, /^VL[0-9a-f]{32}$/);
    assert.ok(started.dateCreated instanceof Date && !Number.isNaN(+started.dateCreated));
    assert.ok(started.url.startsWith(BASE), started.url);
    const code = await codeOn(to);
    const missed = await check({ to, code: wrong(code) });
    assert.deepEqual([missed.status, missed.valid], ['pending', false]);
    const met = await check({ to, code });
    assert.deepEqual([met.status, met.valid], ['approved', true]);
    assert.deepEqual([met.sid, met.to, met.serviceSid], [started.sid, to, service]);
    assert.deepEqual(met.snaAttemptsErrorCodes, []);
    const again = await refused(check({ to, code }), 404, 20404);
    assert.equal(
      again.message,
      `The requested resource /Services/${service}/VerificationCheck was not found`,
    );
  },

  'a check by the verification’s sid': async () => {
    const to = fresh();
    const { sid } = await start(to);
    const code = await codeOn(to);
    assert.equal((await check({ verificationSid: sid, code: wrong(code) })).valid, false);
    const met = await check({ verificationSid: sid, code });
    assert.deepEqual([met.sid, met.status, met.valid], [sid, 'approved', true]);
  },

  'starting again sends the same code of the same verification': async () => {
    const to = fresh();
    const first = await start(to);
    const code = await codeOn(to);
    const second = await start(to);
    assert.equal(second.sid, first.sid);
    assert.equal(second.sendCodeAttempts.length, 2);
    assert.equal((await inbox(to)).length, 2);
    assert.equal(await codeOn(to), code);
  },

  'too many wrong codes': async () => {
    const to = fresh();
    const { sid } = await start(to);
    const code = await codeOn(to);
    for (let times = 0; times < 5; times += 1) {
      const missed = await check({ to, code: wrong(code) });
      assert.deepEqual([missed.status, missed.valid], ['pending', false]);
    }
    await refused(check({ to, code }), 429, 60202);
    await refused(check({ verificationSid: sid, code }), 429, 60202);
    assert.equal((await verify().verifications(sid).fetch()).status, 'max_attempts_reached');
  },

  'too many messages to a number': async () => {
    const to = fresh();
    for (let times = 0; times < 5; times += 1) await start(to);
    const error = await refused(start(to), 429, 60203);
    assert.equal(error.message, 'Max send attempts reached');
    assert.equal((await inbox(to)).length, 5);
  },

  'showing and canceling': async () => {
    const to = fresh();
    const { sid } = await start(to);
    const code = await codeOn(to);
    const shown = await verify().verifications(sid).fetch();
    assert.deepEqual([shown.sid, shown.status, shown.valid], [sid, 'pending', false]);
    assert.equal((await verify().verifications(to).fetch()).sid, sid);
    const canceled = await verify().verifications(sid).update({ status: 'canceled' });
    assert.deepEqual([canceled.sid, canceled.status], [sid, 'canceled']);
    await refused(check({ to, code }), 404, 20404);
    await refused(verify().verifications(sid).fetch(), 404, 20404);
    await refused(verify().verifications(sid).update({ status: 'canceled' }), 404, 20404);
    const other = await start(to);
    assert.notEqual(other.sid, sid);
    await refused(verify().verifications(other.sid).update({ status: 'approved' }), 403, 60204);
  },

  'a code whose time is over': async () => {
    const to = fresh();
    const sid = values.short_lived_service;
    const started = await start(to, sid);
    const code = await codeOn(to);
    // It is asked for again until it has ended, however long that takes.
    return async () => {
      for (let times = 0; times < 240; times += 1) {
        try {
          await verify(sid).verifications(started.sid).fetch();
        } catch {
          break;
        }
        await pause(500);
      }
      await refused(check({ to, code }, sid), 404, 20404);
      await refused(check({ verificationSid: started.sid, code }, sid), 404, 20404);
    };
  },

  'what is nobody’s or somebody else’s is not found': async () => {
    const to = fresh();
    const { sid } = await start(to);
    const code = await codeOn(to);
    const other = values.short_lived_service;
    const unknown = 'VA99999999999999999999999999999999';
    await refused(start(fresh(), unknown), 404, 20404);
    await refused(check({ to: fresh(), code: '123456' }), 404, 20404);
    await refused(check({ to, code }, other), 404, 20404);
    await refused(check({ verificationSid: sid, code }, other), 404, 20404);
    await refused(verify(other).verifications(sid).fetch(), 404, 20404);
    const nobodys = `VE${'0'.repeat(32)}`;
    await refused(check({ verificationSid: nobodys, code }), 404, 20404);
    assert.equal((await check({ to, code })).valid, true);
  },

  'bad parameters': async () => {
    for (const to of ['123', '+1', '+86138', 'someone@example.com']) {
      const error = await refused(start(to), 400, 60200);
      assert.ok(error.message.startsWith('Invalid parameter: To'), error.message);
    }
    await refused(start('+862166666666'), 403, 60205);
    const to = fresh();
    const create = (options) => verify().verifications.create({ to, channel: 'sms', ...options });
    await refused(create({ channel: 'call' }), 400, 60223);
    await refused(create({ channel: 'pigeon' }), 400, 60200);
    await refused(create({ customCode: '123456' }), 403, 60204);
    await refused(create({ deviceIp: 'nowhere' }), 400, 60200);
    assert.deepEqual(await inbox(to), []);
    const created = await create({
      locale: 'zh-CN',
      customFriendlyName: 'Demo',
      deviceIp: '203.0.113.7',
      tags: '{"a":"b"}',
    });
    assert.equal(created.status, 'pending');
    await refused(check({ to, code: '12' }), 400, 60200);
    await refused(check({ code: '123456' }), 400, 60200);
  },

  'wrong credentials': async () => {
    const to = fresh();
    const by = (client) => verify(service, redirected(client)).verifications;
    const create = (client) => by(client).create({ to, channel: 'sms' });
    const error = await refused(create(twilio(account, 'wrong')), 401, 20003);
    assert.equal(error.message, 'Authenticate');
    const stranger = 'AC99999999999999999999999999999999';
    await refused(create(twilio(stranger, token)), 401, 20003);
    const key = (secret) => twilio(values.api_key, secret, { accountSid: account });
    await refused(create(key('wrong')), 401, 20003);
    assert.deepEqual(await inbox(to), []);
    assert.equal((await create(key(values.api_key_secret))).status, 'pending');
    const foreign = twilio(values.api_key, values.api_key_secret, { accountSid: stranger });
    const send = redirected(foreign).messages.create({ to, body: 'x' });
    await refused(send, 404, 20404);
  },

  'a message with a content template': async () => {
    const to = fresh();
    const sent = await client.messages.create({
      to,
      from: '+15005550006',
      contentSid: values.content,
      contentVariables: JSON.stringify({ 1: '482915' }),
    });
    assert.match(sent.sid, /^SM[0-9a-f]{32}$/);
    assert.deepEqual([sent.to, sent.from, sent.status], [to, '+15005550006', 'queued']);
    assert.deepEqual([sent.accountSid, sent.direction], [account, 'outbound-api']);
    assert.ok(sent.dateCreated instanceof Date && !Number.isNaN(+sent.dateCreated));
    assert.equal(await codeOn(to), '482915');
    const shown = await client.messages(sent.sid).fetch();
    assert.equal(shown.sid, sent.sid);
    assert.ok(['sent', 'delivered'].includes(shown.status), shown.status);
    assert.deepEqual([shown.errorCode, shown.body], [null, null]);
    await refused(client.messages(`SM${'0'.repeat(32)}`).fetch(), 404, 20404);
  },

  'a message with a text': async () => {
    const to = fresh();
    const body = '您的验证码是 482915, 10 分钟内有效。';
    const sent = await client.messages.create({ to, from: '+15005550006', body });
    assert.deepEqual([sent.to, sent.body, sent.status], [to, body, 'queued']);
    assert.equal(await codeOn(to), '482915');
  },

  'bad messages': async () => {
    const to = fresh();
    const send = (options) => client.messages.create({ to, from: '+15005550006', ...options });
    await refused(send({ to: '123', body: '您的验证码是 482915' }), 400, 21211);
    await refused(send({ body: 'Hello!' }), 400, 21619);
    await refused(send({}), 400, 21619);
    await refused(send({ contentVariables: '{"1":"1"}' }), 400, 21654);
    await refused(send({ contentSid: 'HX99999999999999999999999999999999' }), 400, 21655);
    const { content: contentSid } = values;
    for (const contentVariables of ['{', '[]', '"1"', '{"1":{"a":"b"}}', '{"1":""}', '{"1":null}', '{}']) {
      await refused(send({ contentSid, contentVariables }), 400, 21656);
    }
    await refused(send({ contentSid }), 400, 21656);
    assert.deepEqual(await inbox(to), []);
  },
};
