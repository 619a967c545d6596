// The last test: what all the processes before wrote, with every log there is
// switched on, is searched for secrets, codes and numbers.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { written } from './instance.mjs';
import { Needles } from './needles.mjs';
import { CHINESE, officialConfig, secure, startOfficial, stopAll, stopCore } from './setup.mjs';

after(stopAll);

test('the search finds what is there', async () => {
  const needles = new Needles();
  const message = { config: { accessKeySecret: 'a+secret/of=some' }, to: '+86 138-0013-8000', payload: { code: '683725' } };
  needles.add(message);
  for (const text of [
    'to: 8613800138000',
    'PhoneNumbers=13800138000&',
    '"code":"683725"',
    'TemplateParam=%7B%22code%22%3A%22683725%22%7D',
    '%257B%2522code%2522%253A%2522683725%2522',
    'secret a+secret/of=some',
    'secret=a%2Bsecret%2Fof%3Dsome',
    `basic ${Buffer.from('a+secret/of=some').toString('base64')}`,
  ]) {
    assert.equal(needles.found([{ text, from: 'x' }]).length, 1, text);
  }
  for (const text of ['+86 138****8000', 'at 1683725000', '00.683725', 'code: ******']) {
    assert.deepEqual(needles.found([{ text, from: 'x' }]), [], text);
  }
});

test('the official connector is found out by it', async () => {
  const core = await startOfficial();
  const needles = new Needles();
  const message = { config: officialConfig(), to: CHINESE, payload: { code: '683725' } };
  needles.add(message);
  await secure.reset();
  await secure.fault('reset');
  const told = await core.send(message);
  assert.ok(told.error);
  await stopCore(core);
  assert.ok(needles.found([{ text: core.output, from: 'it' }]).length > 0);
});

test('no log holds a secret, a code or a whole number', async () => {
  await stopAll();
  const { size, count } = written;
  console.log(`${(size / 1048576).toFixed(1)} MiB searched for ${count} texts`);
  // Named files alone may send nothing at all.
  if (process.argv.length === 2) assert.ok(size > 1_000_000 && count > 50);
  assert.deepEqual(written.found(), []);
});
