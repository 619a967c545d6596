// Providers that hang or hang up, many sends, many connectors, and the end of the
// process.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { connectorsFolder, packages, written } from './instance.mjs';
import { CHINESE, configOf, emulator, here, ourFolder, ours, startCore, stopCore } from './setup.mjs';

const LIMIT = { timeout: 120_000 };
const message = { to: CHINESE, type: 'SignIn', payload: { code: '683725' } };

// All numbers and codes that `scenarios.mjs` makes up.
written.addPattern('a number', '1390000\\d{4}');
written.addPattern('a code', 'Zq\\d{5}K');

test('a provider that hangs ends in an error at the time-out', LIMIT, async () => {
  await emulator.reset();
  await emulator.fault('timeout', { action: '*', times: 20 });
  const told = await ours.send({ ...message, config: configOf({ timeoutMs: 600 }) });
  assert.equal(told.error?.recognised, true, JSON.stringify(told));
  assert.equal(told.error.code, 'general');
  assert.deepEqual(await emulator.messages(), []);
  await emulator.reset();
});

test('without timeoutMs it ends too', LIMIT, async () => {
  await emulator.reset();
  await emulator.fault('timeout', { action: '*', times: 20 });
  const told = await ours.send({ ...message, config: configOf() });
  assert.equal(told.error?.code, 'general', JSON.stringify(told));
  await emulator.reset();
});

for (const fault of ['reset_after_accept', 'slow']) {
  test(`${fault}: sent, once`, LIMIT, async () => {
    await emulator.reset();
    // The answer would come after the time-out; asking finds the message before.
    await emulator.fault(fault, fault === 'slow' ? { delay_ms: 20_000 } : {});
    const told = await ours.send({ ...message, config: configOf({ timeoutMs: 4000 }) });
    assert.ok(told.returned, JSON.stringify(told));
    const arrived = await emulator.messages();
    assert.equal(arrived.length, 1);
    assert.equal(told.value.outId, arrived[0].out_id);
    assert.equal((await emulator.requests('SendSms')).length, 1);
  });
}

for (const fault of ['reset', 'reset_after_accept']) {
  test(`${fault} on a connection that is in use: not sent a second time`, LIMIT, async () => {
    await emulator.reset();
    const config = configOf({ timeoutMs: 4000, region: 'cn-hangzhou' });
    for (const n of [1, 2, 3]) {
      const first = await ours.send({ ...message, config });
      assert.ok(first.returned, `${n}: ${JSON.stringify(first)}`);
    }
    await emulator.fault(fault);
    const told = await ours.send({ ...message, config });
    assert.equal(Boolean(told.returned), fault === 'reset_after_accept', JSON.stringify(told));
    assert.equal((await emulator.requests('SendSms')).length, 4);
    assert.equal((await emulator.messages()).length, fault === 'reset' ? 3 : 4);
  });
}

// A provider that hangs up after every answer without a word, and after every
// fifth request instead of an answer; what became of that, it does not tell.
test('a provider that hangs up gets no message twice', LIMIT, async () => {
  const seen = [];
  const server = net.createServer((socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end < 0 || text.length < end + 4 + length) return;
      const isSend = /SendSms/.test(text);
      if (isSend) seen.push(/OutId=(\w+)/.exec(text)[1]);
      text = '';
      if (isSend && seen.length % 5 === 0) return socket.destroy();
      const [status, answer] = isSend
        ? ['200 OK', { Code: 'OK', Message: 'OK', RequestId: 'R', BizId: '1^0' }]
        : ['403 Forbidden', { Code: 'NoPermission', Message: 'no', RequestId: 'R' }];
      const body = JSON.stringify(answer);
      socket.write(`HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      setTimeout(() => socket.destroy(), seen.length % 2);
      return undefined;
    });
  });
  await once(server.listen(0, '127.0.0.1').unref(), 'listening');
  const config = configOf({ endpoint: `http://127.0.0.1:${server.address().port}`, timeoutMs: 30_000 });
  for (let n = 1; n <= 30; n += 1) {
    const told = await ours.send({ ...message, config });
    // A message that meets the end of its connection on the way is not seen at all.
    if (told.returned) assert.equal(told.value.outId, seen.at(-1), JSON.stringify(told));
    else assert.equal(told.error.code, 'general');
  }
  assert.equal(new Set(seen).size, seen.length, 'one was sent twice');
  assert.ok(seen.length > 10);
});

test('1,000 sends at 64 in flight all arrive, once', LIMIT, async () => {
  await emulator.reset();
  const ends = await ours.scenario('bulk', { config: configOf({ timeoutMs: 60_000 }), times: 1000, width: 64 });
  assert.deepEqual(ends, { sent: 1000 });
  const arrived = await emulator.messages();
  assert.equal(arrived.length, 1000);
  for (const field of ['to', 'out_id', 'biz_id']) {
    assert.equal(new Set(arrived.map((one) => one[field])).size, 1000, field);
  }
  assert.equal(await emulator.requestCount(), 1000);
});

test('whoever is refused under load does not take others along', LIMIT, async () => {
  await emulator.reset();
  await emulator.fault({ code: 'isv.BUSINESS_LIMIT_CONTROL' }, { times: 50 });
  const ends = await ours.scenario('bulk', { config: configOf({ timeoutMs: 60_000 }), times: 300, width: 64 });
  assert.deepEqual(ends, { sent: 250, rate_limit_exceeded: 50 });
  assert.equal((await emulator.messages()).length, 250);
});

// Memory is looked at in a process that writes no traces of its own, and in which
// V8 has its young generation at full size from the start: by itself it lets that
// grow to 16 MiB with the first thousands of calls to anything.
const grown = async (scenario, order) => {
  await emulator.reset(order.account);
  const core = await startCore(ourFolder, { env: {}, node: ['--expose-gc', '--min-semi-space-size=16'] });
  const { before, after } = await core.scenario(scenario, order);
  await stopCore(core);
  const mib = (bytes) => (bytes / 1048576).toFixed(1);
  console.log(`${scenario}: ${mib(before.rss)} MiB, then ${mib(after.rss)} MiB; threads ${before.threads}, ${after.threads}; files ${before.files}, ${after.files}`);
  return { before, after };
};

test('10,000 connectors with sends between them hold no memory', LIMIT, async () => {
  const order = { config: configOf(), first: 1000, times: 10_000 };
  const { before, after } = await grown('manyConnectors', order);
  assert.ok(after.rss <= before.rss * 1.1, `${before.rss} became ${after.rss}`);
  assert.equal(after.threads, before.threads);
  assert.ok(after.files <= before.files + 4, `${before.files} files became ${after.files}`);
});

test('1,000 keys one after the other hold nothing', LIMIT, async () => {
  const keys = Array.from({ length: 1000 }, (_, n) => ({ id: `rotated-key-${n}`, secret: `rotated-secret-${n}-end` }));
  written.addPattern('a secret', 'rotated-secret-\\d+-end');
  const order = { account: { access_keys: keys }, config: configOf(), keys, first: 300 };
  const { before, after } = await grown('rotation', order);
  assert.ok(after.rss <= before.rss * 1.1, `${before.rss} became ${after.rss}`);
  assert.equal(after.threads, before.threads);
  assert.ok(after.files <= before.files + 20, `${before.files} files became ${after.files}`);
});

test('all keys send over the same connections', LIMIT, async () => {
  const keys = Array.from({ length: 100 }, (_, n) => ({ id: `rotated-key-${n}`, secret: `rotated-secret-${n}-end` }));
  const { before, after } = await grown('rotation', { account: { access_keys: keys }, config: configOf(), keys, first: 1 });
  assert.ok(after.files <= before.files + 2, `${before.files} files became ${after.files}`);
});

// Programs that nobody ends.
const program = (what, { config = configOf(), args = [] } = {}) =>
  new Promise((resolve) => {
    const script = path.join(here, 'exit.mjs');
    const environment = { ...process.env, NODE_DEBUG: '*', RUST_LOG: 'trace', SESAME_LOG: 'trace' };
    written.add({ config, ...message });
    execFile(
      process.execPath,
      [script, what, ourFolder, JSON.stringify(config), ...args],
      { env: environment, timeout: 60_000, maxBuffer: 1 << 28 },
      (error, stdout, stderr) => {
        written.read(stdout, `exit.mjs ${what}`);
        written.read(stderr, `exit.mjs ${what}`);
        resolve({ code: error?.code ?? 0, killed: error?.killed ?? false, stdout: stdout.trim() });
      },
    );
  });

for (const [what, label, expected] of [
  ['load', 'which only loads it', 'loaded'],
  ['send', 'with idle connections', 'sent'],
  ['pending', 'that waits for nothing but a send', 'sent'],
  ['refused', 'after a refusal', 'invalid_request_parameters'],
]) {
  test(`a process ${label} ends by itself`, LIMIT, async () => {
    await emulator.reset();
    // The send takes its time; nothing else keeps the process.
    if (what === 'pending') await emulator.fault('slow', { delay_ms: 1500 });
    const told = await program(what);
    assert.deepEqual(told, { code: 0, killed: false, stdout: expected });
  });
}

for (const [what, label, expected] of [
  ['mute', 'whose console is broken', 'invalid_config sent true invalid_config'],
  ['threadless', 'that can start no thread', 'general alive'],
]) {
  test(`a program ${label} is told how sending ended`, LIMIT, async () => {
    await emulator.reset();
    const told = await program(what);
    assert.deepEqual(told, { code: 0, killed: false, stdout: expected });
  });
}

test('process.exit in the middle of sends ends it at once and cleanly', LIMIT, async () => {
  await emulator.reset();
  await emulator.fault('timeout', { times: 20 });
  const told = await program('exit');
  assert.deepEqual(told, { code: 7, killed: false, stdout: 'leaving' });
  await emulator.reset();
});

test('two instances of the module send beside each other', LIMIT, async () => {
  await emulator.reset();
  const copy = path.join(connectorsFolder('connectors-copy', [{ from: packages.ours, as: 'sesame' }]), 'sesame');
  const told = await ours.scenario('twoInstances', { config: configOf(), copy, message });
  assert.deepEqual(told, { distinct: 3, sent: 3 });
  assert.equal((await emulator.messages()).length, 3);
});

test('threads that come and go can send', LIMIT, async () => {
  await emulator.reset();
  const ends = await ours.scenario('inThreads', { config: configOf(), times: 3 });
  assert.deepEqual(ends, Array(3).fill('sending,sent, 0'));
});

test('a thread that is ended while it sends takes nothing along', LIMIT, async () => {
  await emulator.reset();
  await emulator.fault('slow', { times: 5, delay_ms: 200 });
  assert.equal(await ours.scenario('endedThreads', { config: configOf(), times: 5 }), 'alive');
  await emulator.reset();
  const told = await ours.send({ ...message, config: configOf() });
  assert.ok(told.returned, JSON.stringify(told));
});
