// Logto's own connector HTTP SMS, loaded as Logto does it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import createConnector from '@logto/connector-http-sms';

import { codeOn, fresh, inbox } from './phones.mjs';

const values = JSON.parse(readFileSync(new URL('../values.json', import.meta.url), 'utf8'));

const config = {
  endpoint: `${process.env.SERVER_URL.replace(/\/$/, '')}/hooks/logto`,
  authorization: `Bearer ${values.logto}`,
};

const connector = (changes = {}) =>
  createConnector({ getConfig: async () => ({ ...config, ...changes }) });

// As Logto stores numbers: digits, country code first.
const stored = (number) => number.slice(1);

const message = (to, code) => ({
  to: stored(to),
  type: 'SignIn',
  payload: {
    code,
    locale: 'zh-CN',
    uiLocales: 'zh-CN en',
    application: { id: 'm8sq4kl2w0p9xv1c7d3ea', name: 'Demo App' },
  },
  ip: '203.0.113.7',
});

export const cases = {
  'a message arrives': async () => {
    const to = fresh();
    const { sendMessage, type, metadata } = await connector();
    assert.deepEqual([type, metadata.id], ['Sms', 'http-sms']);
    await sendMessage(message(to, '482915'));
    assert.equal(await codeOn(to), '482915');
  },

  'the test button, with the configuration being edited': async () => {
    const to = fresh();
    const { sendMessage } = await createConnector({ getConfig: () => assert.fail('it was given') });
    const test = { to: stored(to), type: 'Generic', payload: { code: '000000' } };
    await sendMessage(test, config);
    assert.equal(await codeOn(to), '000000');
  },

  'a refusal is one short sentence': async () => {
    const { sendMessage } = await connector();
    const error = await sendMessage(message('+123', '482915')).then(
      () => assert.fail('it was not refused'),
      (error) => error,
    );
    assert.equal(error.code, 'general');
    const said = error.data?.message ?? error.data;
    assert.ok(typeof said === 'string' && said.length > 0 && said.length < 200, String(said));
    assert.ok(!/[{}]/.test(said), said);
  },

  'another secret sends nothing': async () => {
    const to = fresh();
    const { sendMessage } = await connector({ authorization: 'Bearer wrong' });
    await assert.rejects(sendMessage(message(to, '482915')));
    assert.deepEqual(await inbox(to), []);
  },
};
