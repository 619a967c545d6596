// Every way a send fails, and what Logto makes of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AMERICAN, CHINA, CHINESE, HONG_KONG, SIGN, configOf, emulator, ours, plainTemplates, templates } from './setup.mjs';

const STATUS = {
  rate_limit_exceeded: 429,
  usage_limit_exceeded: 429,
  invalid_request_parameters: 400,
  template_not_found: 400,
  invalid_config: 400,
  invalid_response: 400,
  general: 400,
};

// The answers of Aliyun to each row, by code; `400 Code` comes with that status.
const BY_CODE = {
  rate_limit_exceeded: [
    'isv.BUSINESS_LIMIT_CONTROL',
    '400 isv.BUSINESS_LIMIT_CONTROL',
    'isv.BUSINESS_LIMIT_DAY',
    'isv.BUSINESS_LIMIT_HOUR',
    '400 Throttling',
    '400 Throttling.User',
    '429 Throttling.User',
    '503 Throttling.User',
    '429 Throttling.Api',
  ],
  usage_limit_exceeded: [
    'isv.AMOUNT_NOT_ENOUGH',
    'isv.OUT_OF_SERVICE',
    'isv.DAY_LIMIT_CONTROL',
    'isv.MONTH_LIMIT_CONTROL',
  ],
  invalid_request_parameters: [
    'isv.MOBILE_NUMBER_ILLEGAL',
    'isv.BLACK_KEY_CONTROL_LIMIT',
    'isv.COUNTRY_RESTRICTED',
    'isv.CUSTOMER_REFUSED',
  ],
  invalid_config: [
    '404 InvalidAccessKeyId.NotFound',
    '400 InvalidAccessKeyId.Inactive',
    '400 SignatureDoesNotMatch',
    '400 InvalidSecurityToken.Expired',
    'isv.ACCOUNT_NOT_EXISTS',
    'isv.SMS_SIGNATURE_ILLEGAL',
    'isv.SMS_SIGN_ILLEGAL',
    'isv.SMS_SIGNATURE_SCENE_ILLEGAL',
    'isv.SMS_TEMPLATE_ILLEGAL',
    'isv.TEMPLATE_MISSING_PARAMETERS',
    'isv.TEMPLATE_PARAMS_ILLEGAL',
    'isv.INVALID_PARAMETERS',
    'isv.DOMESTIC_NUMBER_NOT_SUPPORTED',
  ],
  general: [
    'isv.PRODUCT_UN_SUBSCRIPT',
    'isv.SMS_TEST_SIGN_TEMPLATE_LIMIT',
    '400 InvalidTimeStamp.Expired',
    '403 Forbidden.RAM',
    '403 NoPermission',
    'isp.RAM_PERMISSION_DENY',
    'isv.DENY_IP_RANGE',
    'isv.SECURITY_FROZEN_ACCOUNT',
    'isp.SYSTEM_ERROR',
    '500 InternalError',
    '503 ServiceUnavailable',
    '504 ServiceTimeout',
    'isv.SMS_CONTENT_ILLEGAL',
    'isv.NOT_LISTED_ANYWHERE',
  ],
};

const UUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;
const OUT_ID = /^[0-9a-hjkmnp-tv-z]{16}$/;
const SENTENCE = /^[^{}"<>\\]{10,240}$/;

// What the end user's browser may see, and nothing else.
export const checkPublic = (error, providerCode) => {
  const { errorDescription, Code, RequestId, OutId, ...rest } = error.data;
  assert.deepEqual(rest, {}, 'more than four fields');
  assert.match(errorDescription, SENTENCE);
  assert.doesNotMatch(errorDescription, /\d{3}/);
  if (providerCode) assert.equal(Code, providerCode);
  if (Code !== undefined) assert.match(Code, /^[A-Za-z_.]+$/);
  if (RequestId !== undefined) assert.match(RequestId, UUID);
  if (OutId !== undefined) assert.match(OutId, OUT_ID);
};

// The operator's lines in what a core wrote since.
const linesOf = (text) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });

const refused = async (message, code, { providerCode } = {}) => {
  const before = ours.output.length;
  const told = await ours.send({ to: CHINESE, payload: { code: '683725' }, config: configOf(), ...message });
  assert.ok(told.error, `was sent: ${JSON.stringify(told)}`);
  const { error } = told;
  assert.equal(error.recognised, true, `no ConnectorError of the core's kit: ${error.message}`);
  assert.equal(error.code, code, JSON.stringify(error.data));
  assert.equal(error.answer.status, STATUS[code]);
  assert.equal(error.answer.body.code, `connector.${code}`);
  checkPublic(error, providerCode);
  return { error, lines: () => linesOf(ours.output.slice(before)) };
};

for (const [code, answers] of Object.entries(BY_CODE)) {
  for (const answer of answers) {
    test(`${code}: ${answer}`, async () => {
      const [, status, providerCode] = /^(?:(\d+) )?(.*)$/.exec(answer);
      await emulator.reset();
      await emulator.fault({ code: providerCode, ...(status ? { http_status: Number(status) } : {}) });
      const config = configOf({ timeoutMs: 1000 });
      const { error } = await refused({ config }, code, { providerCode });
      assert.match(error.data.RequestId, UUID);
      assert.match(error.data.OutId, OUT_ID);
      assert.equal((await emulator.requests('SendSms')).length, 1, 'sent more than once');
    });
  }
}

// The same rows for a real reason: the account's state, or the configuration.
const BY_STATE = [
  ['usage_limit_exceeded', 'no money', 'isv.AMOUNT_NOT_ENOUGH', { account: { balance: 0 } }],
  ['usage_limit_exceeded', 'in arrears', 'isv.OUT_OF_SERVICE', { account: { state: 'out_of_service' } }],
  ['usage_limit_exceeded', "the day's quota", 'isv.DAY_LIMIT_CONTROL', { account: { limits: { account_per_day: 0 } } }],
  ['usage_limit_exceeded', "the month's quota", 'isv.MONTH_LIMIT_CONTROL', { account: { limits: { account_per_month: 0 } } }],
  ['rate_limit_exceeded', 'calls per second', 'Throttling.User', { account: { limits: { calls_per_second: 0 } } }],
  ['invalid_request_parameters', 'a number on the black list', undefined, { account: { blocked_numbers: ['13800138000'] } }],
  ['invalid_config', 'an unknown key', 'InvalidAccessKeyId.NotFound', { config: { accessKeyId: 'nobody' } }],
  ['invalid_config', 'a wrong secret', 'SignatureDoesNotMatch', { config: { accessKeySecret: 'not-the-secret' } }],
  ['invalid_config', 'an unknown signature', 'isv.SMS_SIGNATURE_ILLEGAL', { config: { signName: '没有的签名' } }],
  ['invalid_config', 'an unknown template', 'isv.SMS_TEMPLATE_ILLEGAL', { template: 'SMS_154950999' }],
  ['invalid_config', 'a template of another kind', 'isv.SMS_SIGNATURE_SCENE_ILLEGAL', { template: 'SMS_154950906', }],
  ['general', 'a missing permission', 'NoPermission', { account: { permissions: ['dysms:QuerySendDetails'] } }],
  ['invalid_request_parameters', 'a domestic template sent overseas', 'isv.MOBILE_NUMBER_ILLEGAL', { config: { templates: plainTemplates }, to: HONG_KONG }],
  ['template_not_found', 'no overseas template', undefined, { template: { china: CHINA.SignIn, overseas: '' }, to: HONG_KONG }],
  ['template_not_found', 'no template for China', undefined, { template: { china: '', overseas: 'SMS_154950910' } }],
  ['template_not_found', '+1 through a template for both regions', undefined, { config: { templates: plainTemplates }, to: AMERICAN }],
];
for (const [code, label, providerCode, { account = {}, config = {}, template, to = CHINESE }] of BY_STATE) {
  test(`${code}: ${label}`, async () => {
    await emulator.reset(account);
    const chosen = template === undefined ? templates : templates.map(({ usageType }) => ({ usageType, templateCode: template }));
    await refused({ to, config: configOf({ templates: chosen, ...config }) }, code, { providerCode });
    assert.deepEqual(await emulator.messages(), []);
  });
}

test('rate_limit_exceeded: a second code within the minute', async () => {
  await emulator.reset({ limits: { per_minute: 1 } });
  const first = await ours.send({ to: CHINESE, payload: { code: '683725' }, config: configOf() });
  assert.ok(first.returned, JSON.stringify(first));
  await refused({}, 'rate_limit_exceeded', { providerCode: 'isv.BUSINESS_LIMIT_CONTROL' });
  assert.equal((await emulator.messages()).length, 1);
});

for (const fault of [
  'garbage',
  'http_502_html',
  { http_status: 200, body: '' },
  { http_status: 200, body: '[]' },
  { http_status: 200, body: `{"Code":"OK` },
  { http_status: 200, body: '\u0000\ufffd' },
  { http_status: 200, body: 'x'.repeat(3_000_000) },
  { http_status: 404, body: 'not here, 8613800138000 {"code":"683725"}' },
]) {
  const label = typeof fault === 'string' ? fault : `${fault.http_status} ${JSON.stringify(fault.body.slice(0, 20))}`;
  test(`invalid_response: ${label}`, async () => {
    await emulator.reset();
    await emulator.fault(fault);
    await refused({ config: configOf({ timeoutMs: 1000 }) }, 'invalid_response');
    assert.equal((await emulator.requests('SendSms')).length, 1);
  });
}

for (const [label, endpoint] of [
  ['a refused connection', 'http://127.0.0.1:9'],
  ['an unknown host', 'http://sesame.invalid'],
]) {
  test(`general: ${label}`, async () => {
    await refused({ config: configOf({ endpoint, timeoutMs: 3000 }) }, 'general');
  });
}

test('general: a cut connection', async () => {
  await emulator.reset();
  await emulator.fault('reset');
  await refused({ config: configOf({ timeoutMs: 2000 }) }, 'general');
  assert.deepEqual(await emulator.messages(), []);
});

for (const [label, payload] of [
  ['no code', {}],
  ['an empty code', { code: '' }],
  ['a code with a line break', { code: '12\n34' }],
  ['a code that is too long', { code: '12345678901' }],
  ['a code that is an object', { code: { a: 1 } }],
]) {
  test(`a payload with ${label} is refused without a call`, async () => {
    await emulator.reset();
    const told = await ours.send({ to: CHINESE, payload, config: configOf() });
    assert.equal(told.error?.recognised, true, JSON.stringify(told));
    checkPublic(told.error);
    assert.equal(await emulator.requestCount(), 0);
  });
}

test('a number or a code that stands as a code or an id is not passed on', async () => {
  await emulator.reset();
  for (const body of [
    { Code: 'isv.13800138000', RequestId: '683725' },
    { Code: 'isv.683725', RequestId: 'R-13800138000' },
  ]) {
    await emulator.fault({ http_status: 200, body: JSON.stringify({ Message: '', ...body }) });
    const told = await ours.send({ to: CHINESE, payload: { code: '683725' }, config: configOf({ timeoutMs: 1000 }) });
    assert.deepEqual([told.error.data.Code, told.error.data.RequestId], ['failed', undefined]);
  }
});

test('without data there is nobody to send to', async () => {
  assert.equal(await ours.scenario('withoutData', { config: configOf() }), 'invalid_request_parameters');
});

test('the end user never sees what Aliyun wrote', async () => {
  await emulator.reset();
  const message = `Specified signature is not matched. server string to sign is:POST&%2F&AccessKeyId%3Dtestid PhoneNumbers ${CHINESE} {"code":"683725"}`;
  await emulator.fault({ code: 'SignatureDoesNotMatch', http_status: 400, message });
  const { error } = await refused({}, 'invalid_config', { providerCode: 'SignatureDoesNotMatch' });
  const shown = JSON.stringify(error);
  for (const leak of ['string to sign', 'testid', '13800138000', '683725', SIGN]) {
    assert.ok(!shown.includes(leak), `${leak} in ${shown}`);
  }
});

test('the operator gets one line with cause and cure', async () => {
  await emulator.reset();
  await emulator.fault({ code: 'isv.AMOUNT_NOT_ENOUGH' });
  const { error, lines } = await refused({}, 'usage_limit_exceeded');
  const found = lines().filter((line) => JSON.stringify(line).includes('isv.AMOUNT_NOT_ENOUGH'));
  assert.equal(found.length, 1, JSON.stringify(lines()));
  const text = JSON.stringify(found[0]);
  assert.ok(text.includes(error.data.OutId) && text.includes(error.data.RequestId), text);
  assert.ok(/top up|充值/.test(text), text);
});

test('a code that Aliyun made up for us is not passed on as it is', async () => {
  await emulator.reset();
  await emulator.fault({ http_status: 200, body: '{"Code":"<script>alert(1)</script>","Message":"x","RequestId":"<b>"}' });
  const told = await ours.send({ to: CHINESE, payload: { code: '683725' }, config: configOf({ timeoutMs: 1000 }) });
  assert.equal(told.error?.recognised, true, JSON.stringify(told));
  checkPublic(told.error);
});
