// What an operator sets up around it: certificates, proxies, secrets that are not
// in the database, languages.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';

import { LOUD, written } from './instance.mjs';
import { CHINESE, HONG_KONG, configOf, emulator, here, officialConfig, ourFolder, ours, secure, startCore, stopCore, templates } from './setup.mjs';

const certificate = process.env.NODE_EXTRA_CA_CERTS;
const message = { to: CHINESE, payload: { code: '683725' } };

// Sends one message through a core with this environment.
const sentWith = async (environment, config) => {
  const core = await startCore(ourFolder, { env: { ...LOUD, NODE_EXTRA_CA_CERTS: '', ...environment } });
  const told = await core.send({ ...message, config });
  await stopCore(core);
  return told;
};

for (const variable of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
  test(`over TLS, with a certificate from ${variable}`, async () => {
    await secure.reset();
    const told = await sentWith({ [variable]: certificate }, officialConfig({ endpoint: secure.url }));
    assert.ok(told.returned, JSON.stringify(told));
    assert.equal((await secure.messages()).length, 1);
  });
}

test('a certificate that nobody vouches for ends it before anything is sent', async () => {
  await secure.reset();
  const told = await sentWith({}, officialConfig({ endpoint: secure.url }));
  assert.equal(told.error?.code, 'general', JSON.stringify(told));
  assert.equal(told.error.data.Code, 'tls_failed');
  assert.equal(await secure.requestCount(), 0);
});

// A proxy that leads every connection to the emulator.
const asked = [];
const sockets = new Set();
const proxy = http.createServer().on('connect', ({ url }, socket) => {
  asked.push(url);
  const { hostname, port } = new URL(secure.url);
  const there = net.connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  socket.pipe(there).pipe(socket);
  for (const one of [socket, there]) sockets.add(one.on('error', () => {}));
});
after(() => {
  proxy.close();
  for (const socket of sockets) socket.destroy();
});

test("a configuration of the official connector, unchanged, sends to Aliyun's own address, through a proxy", async () => {
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  await secure.reset();
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, SSL_CERT_FILE: certificate };
  const told = await sentWith(environment, officialConfig());
  assert.ok(told.returned, JSON.stringify(told));
  assert.deepEqual(asked, ['dysmsapi.aliyuncs.com:443']);
  assert.equal((await secure.messages()).length, 1);
});

test('NO_PROXY goes round it', async () => {
  asked.length = 0;
  await secure.reset();
  const environment = { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, NO_PROXY: '127.0.0.1', SSL_CERT_FILE: certificate };
  const told = await sentWith(environment, officialConfig({ endpoint: secure.url }));
  assert.ok(told.returned, JSON.stringify(told));
  assert.deepEqual(asked, []);
});

const secrets = path.join(here, 'secrets');
mkdirSync(secrets, { recursive: true });
writeFileSync(path.join(secrets, 'aliyun-secret'), 'testsecretAbCdEf\n');
writeFileSync(path.join(here, 'elsewhere'), 'testsecretAbCdEf\n');
written.add({ config: officialConfig() });

for (const [name, environment, reference] of [
  ['a variable', { ALIYUN_SECRET: 'testsecretAbCdEf' }, { env: 'ALIYUN_SECRET' }],
  ['a file', { SESAME_SECRETS_DIR: secrets }, { file: path.join(secrets, 'aliyun-secret') }],
  ['a file by its name', { SESAME_SECRETS_DIR: secrets }, { file: 'aliyun-secret' }],
]) {
  test(`a secret from ${name}`, async () => {
    await emulator.reset();
    const told = await sentWith(environment, configOf({ accessKeySecret: reference }));
    assert.ok(told.returned, JSON.stringify(told));
  });
}

for (const [name, reference] of [
  ['a variable of something else', { env: 'OTHER_SECRET' }],
  ['a file elsewhere', { file: path.join(here, 'elsewhere') }],
  ['a way out of the folder', { file: path.join(secrets, '..', 'elsewhere') }],
  ['a file of the system', { file: '/etc/passwd' }],
]) {
  test(`whoever configures Logto cannot read ${name}`, async () => {
    const core = await startCore(ourFolder, { env: { ...LOUD, OTHER_SECRET: 'testsecretAbCdEf', SESAME_SECRETS_DIR: secrets } });
    for (const key of ['accessKeySecret', 'signName', 'endpoint']) {
      const told = await core.check(configOf({ accessKeyId: 5, [key]: reference }));
      assert.equal(told.error?.code, 'invalid_config');
      const said = JSON.stringify(told);
      assert.ok(!/testsecret|root:/.test(said), said);
      const sent = await core.send({ ...message, config: configOf({ [key]: reference }) });
      assert.ok(sent.error, JSON.stringify(sent));
    }
    await stopCore(core);
  });
}

// Everything a configuration may hold, and whatever of it may be a reference.
const places = {
  ...Object.fromEntries(
    ['accessKeyId', 'signName', 'endpoint', 'region', 'timeoutMs', 'defaultCountry', 'securityToken', 'nextAccessKeyId',
      'provider', 'credentials', 'signNames', 'templates', 'strictPhoneRegionNumberCheck', 'unknown'].map((key) => [
      key,
      (reference) => ({ [key]: reference }),
    ]),
  ),
  'signNames.china': (reference) => ({ signNames: { china: reference } }),
  ...Object.fromEntries(
    ['usageType', 'templateCode', 'signName', 'signNames', 'variables'].map((key) => [
      `templates[].${key}`,
      (reference) => ({ templates: templates.map((template) => ({ ...template, [key]: reference })) }),
    ]),
  ),
  'templates[].templateCode.china': (reference) => ({
    templates: templates.map((template) => ({ ...template, templateCode: { china: reference, overseas: 'SMS_1' } })),
  }),
  'templates[].variables[]': (reference) => ({
    templates: templates.map((template) => ({ ...template, variables: ['code', reference, reference] })),
  }),
};
test('a secret that may be referred to stands nowhere but in the place of a secret', async () => {
  const secret = '【s3cr3t-Of-Another】';
  writeFileSync(path.join(secrets, 'aliyun-other'), secret);
  const seen = [];
  const attacker = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push(decodeURIComponent(`${request.url} ${JSON.stringify(request.headers)} ${body.replaceAll('+', ' ')}`));
      response.end('{"Code":"OK","RequestId":"R"}');
    });
  });
  await once(attacker.listen(0, '127.0.0.1'), 'listening');
  const environment = { ...LOUD, ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret, SESAME_SECRETS_DIR: secrets };
  const core = await startCore(ourFolder, { env: environment });
  const said = [];
  for (const reference of [{ env: 'ALIBABA_CLOUD_ACCESS_KEY_SECRET' }, { file: 'aliyun-other' }]) {
    for (const change of Object.values(places)) {
      for (const more of [{}, { accessKeyId: 5 }]) {
        const config = { ...officialConfig({ endpoint: `http://127.0.0.1:${attacker.address().port}`, timeoutMs: 500 }), ...more, ...change(reference) };
        said.push(await core.check(config), await core.send({ ...message, config }));
      }
    }
  }
  await stopCore(core);
  attacker.close();
  attacker.closeAllConnections();
  assert.ok(seen.length > 0);
  assert.ok(!/s3cr3t/i.test(JSON.stringify([said, seen])), 'told');
  assert.ok(!/s3cr3t/i.test(core.output), 'written');
});

test('a secret that was not there is found as soon as it is', async () => {
  await emulator.reset();
  const late = path.join(secrets, 'late');
  rmSync(late, { force: true });
  const core = await startCore(ourFolder, { env: { ...LOUD, SESAME_SECRETS_DIR: secrets } });
  const config = configOf({ accessKeySecret: { file: 'late' } });
  const before = await core.send({ ...message, config });
  assert.equal(before.error?.code, 'invalid_config');
  writeFileSync(late, 'testsecretAbCdEf\n');
  const after = await core.send({ ...message, config });
  assert.ok(after.returned, JSON.stringify(after));
  await stopCore(core);
});

test('a pipe among the secrets is not waited for', async () => {
  rmSync(path.join(secrets, 'pipe'), { force: true });
  execFileSync('mkfifo', [path.join(secrets, 'pipe')]);
  const core = await startCore(ourFolder, { env: { ...LOUD, SESAME_SECRETS_DIR: secrets } });
  await core.check(configOf({ accessKeySecret: { file: 'pipe' } }));
  await stopCore(core);
  const line = core.output.split('\n').find((text) => text.includes('accessKeySecret') && text.includes('cannot be read'));
  assert.ok(line.includes('not found') && !line.includes('timed out'), line);
});

for (const [locale, pattern] of [
  ['zh-CN', /[\u4e00-\u9fff]/],
  ['zh-HK', /[\u4e00-\u9fff]/],
  ['en', /^[ -~]+$/],
  ['fr-FR', /^[ -~]+$/],
  [undefined, /^[ -~]+$/],
]) {
  test(`the end user is told in a language that fits ${locale}`, async () => {
    await emulator.reset();
    await emulator.fault({ code: 'isv.BUSINESS_LIMIT_CONTROL' });
    const payload = { code: '683725', ...(locale ? { locale } : {}) };
    const told = await ours.send({ to: HONG_KONG, payload, config: configOf() });
    assert.match(told.error.data.errorDescription, pattern);
  });
}

test('the log names numbers masked', async () => {
  await emulator.reset();
  await emulator.fault({ code: 'isv.MOBILE_NUMBER_ILLEGAL' });
  const before = ours.output.length;
  await ours.send({ ...message, config: configOf() });
  await ours.scenario('shape');
  const line = ours.output.slice(before).split('\n').find((text) => text.startsWith('{') && text.includes('MOBILE_NUMBER_ILLEGAL'));
  assert.equal(JSON.parse(line)['message.to'], '+86 138****8000');
});
