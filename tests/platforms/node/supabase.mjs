// Requests of Supabase Auth, signed by the reference library of Standard
// Webhooks.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { Webhook } from 'standardwebhooks';

import { codeOn, fresh, inbox } from './phones.mjs';

const values = JSON.parse(readFileSync(new URL('../values.json', import.meta.url), 'utf8'));
const ENDPOINT = `${process.env.SERVER_URL.replace(/\/$/, '')}/hooks/supabase`;
const STRANGE = `whsec_${Buffer.from('a secret that nobody configured').toString('base64')}`;

const webhook = (secret) => new Webhook(secret.replace(/^v1,/, ''));

const body = (to, otp, uuid = randomUUID()) => {
  const body = structuredClone(values.supabase_body);
  body.metadata.uuid = uuid;
  body.user.phone = to.slice(1);
  Object.assign(body.sms, { otp, phone: to.slice(1) });
  return JSON.stringify(body);
};

// Posts it with the signatures of these secrets, joined as Supabase joins them.
const post = async (payload, secrets, { at = new Date(), sent = payload, joint = ', ' } = {}) => {
  const id = randomUUID();
  const signatures = secrets.map((secret) => webhook(secret).sign(id, at, payload));
  return fetch(ENDPOINT, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at / 1000)),
      'webhook-signature': signatures.join(joint),
    },
    body: sent,
  });
};

const taken = async (answer) => {
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /^application\/json/);
  assert.equal((await answer.json()).error, undefined);
};

export const cases = {
  'each of several secrets is accepted, and all together': async () => {
    const [one, other] = values.supabase;
    for (const secrets of [[one], [other], [one, other], [STRANGE, other], [one, STRANGE]]) {
      const to = fresh();
      await taken(await post(body(to, '482915'), secrets));
      assert.equal(await codeOn(to), '482915');
    }
  },

  'several joined as the standard says': async () => {
    const to = fresh();
    await taken(await post(body(to, '482915'), [STRANGE, ...values.supabase], { joint: ' ' }));
    assert.equal(await codeOn(to), '482915');
  },

  'a retry is answered again and sends nothing': async () => {
    const to = fresh();
    const payload = body(to, '482915');
    for (let times = 0; times < 3; times += 1) await taken(await post(payload, values.supabase));
    assert.equal((await inbox(to)).length, 1);
  },

  'what is not signed so is refused': async () => {
    const to = fresh();
    const payload = body(to, '482915');
    const late = new Date(Date.now() - 400_000);
    const early = new Date(Date.now() + 400_000);
    const answers = [
      await post(payload, [STRANGE]),
      await post(payload, []),
      await post(payload, values.supabase, { at: late }),
      await post(payload, values.supabase, { at: early }),
      await post(payload, values.supabase, { sent: payload.replace('482915', '482916') }),
    ];
    for (const answer of answers) assert.ok(answer.status >= 400, String(answer.status));
    assert.deepEqual(await inbox(to), []);
  },
};
