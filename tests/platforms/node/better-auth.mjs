// The example in `examples/better-auth`, the same files, as a person's browser
// uses it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { codeOn, fresh, inbox, wrong } from './phones.mjs';

// Runs the example and gives its address and how to end it.
const running = async (env) => {
  const child = spawn(process.execPath, ['server.mjs'], {
    cwd: new URL('better-auth/', import.meta.url),
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('ready ')) continue;
    const stop = async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    };
    return { url: line.slice('ready '.length), stop };
  }
  throw new Error('the example ended');
};

const withExample = (run, env = {}) => async () => {
  const { url, stop } = await running({ SESAME_URL: process.env.SERVER_URL, ...env });
  const post = async (path, body, headers = {}) => {
    const answer = await fetch(`${url}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  };
  try {
    await run({ url, post });
  } finally {
    await stop();
  }
};

export const cases = {
  'somebody signs up, and signs in again': withExample(async ({ url, post }) => {
    const phoneNumber = fresh();
    const signIn = async () => {
      const sent = await post('/phone-number/send-otp', { phoneNumber });
      assert.equal(sent.status, 200, JSON.stringify(sent.body));
      const code = await codeOn(phoneNumber);
      const missed = await post('/phone-number/verify', { phoneNumber, code: wrong(code) });
      assert.deepEqual([missed.status, missed.body.code], [400, 'INVALID_OTP']);
      const met = await post('/phone-number/verify', { phoneNumber, code });
      assert.deepEqual([met.status, met.body.status], [200, true], JSON.stringify(met.body));
      const again = await post('/phone-number/verify', { phoneNumber, code });
      assert.deepEqual([again.status, again.body.code], [400, 'INVALID_OTP']);
      const cookie = met.headers.get('set-cookie').split(';', 1)[0];
      const session = await fetch(`${url}/api/auth/get-session`, { headers: { cookie } });
      const { user } = await session.json();
      assert.deepEqual([user.phoneNumber, user.phoneNumberVerified], [phoneNumber, true]);
      return user.id;
    };
    assert.equal(await signIn(), await signIn());
  }),

  'asking again sends the same code': withExample(async ({ post }) => {
    const phoneNumber = fresh();
    await post('/phone-number/send-otp', { phoneNumber });
    const code = await codeOn(phoneNumber);
    await post('/phone-number/send-otp', { phoneNumber });
    assert.equal((await inbox(phoneNumber)).length, 2);
    assert.equal(await codeOn(phoneNumber), code);
    const met = await post('/phone-number/verify', { phoneNumber, code });
    assert.equal(met.status, 200);
  }),

  'too many are told in the reader’s language': withExample(async ({ post }) => {
    const phoneNumber = fresh();
    const send = () =>
      post('/phone-number/send-otp', { phoneNumber }, { 'accept-language': 'zh-CN,zh;q=0.9' });
    for (let times = 0; times < 5; times += 1) assert.equal((await send()).status, 200);
    const refused = await send();
    assert.deepEqual([refused.status, refused.body.code], [429, 'LIMIT_REACHED']);
    assert.match(refused.body.message, /[\u4e00-\u9fff]/);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  }),

  'too many wrong codes': withExample(async ({ post }) => {
    const phoneNumber = fresh();
    await post('/phone-number/send-otp', { phoneNumber });
    const code = await codeOn(phoneNumber);
    const guess = () => post('/phone-number/verify', { phoneNumber, code: wrong(code) });
    for (let times = 0; times < 4; times += 1) assert.equal((await guess()).body.code, 'INVALID_OTP');
    assert.equal((await guess()).body.code, 'TOO_MANY_ATTEMPTS');
    const right = await post('/phone-number/verify', { phoneNumber, code });
    assert.equal(right.status, 403);
  }),

  'what is no number, and what nobody asked for': withExample(async ({ post }) => {
    for (const phoneNumber of ['13800138000', '+1', 'hello']) {
      const said = await post('/phone-number/send-otp', { phoneNumber });
      assert.ok(said.status === 400 || said.status === 422, String(said.status));
    }
    const said = await post('/phone-number/verify', { phoneNumber: fresh(), code: '123456' });
    assert.deepEqual([said.status, said.body.code], [400, 'INVALID_OTP']);
  }),

  'without Sesame nobody gets in': withExample(
    async ({ post }) => {
      const said = await post('/phone-number/send-otp', { phoneNumber: fresh() });
      assert.equal(said.status, 503);
    },
    { SESAME_API_KEY: 'sk_000000000000_wrong' },
  ),
};
