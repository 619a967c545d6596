// What a message becomes: template, number, variables, receipt.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AMERICAN, CHINA, CHINESE, HONG_KONG, OVERSEAS, SIGN, configOf, emulator, ours, plainTemplates, templates } from './setup.mjs';

const UUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/;

// Sends, and gives back the one message that arrived.
const arrived = async (message) => {
  const told = await ours.send({ config: configOf(), ...message });
  assert.ok(told.returned, JSON.stringify(told));
  const [newest, ...more] = await emulator.messages();
  assert.deepEqual(more, [], 'more than one message');
  assert.ok(newest, 'nothing arrived');
  return { ...newest, told };
};

const each = (name, cases, run) => {
  for (const [label, ...values] of cases) {
    test(`${name}: ${label}`, async () => {
      await emulator.reset();
      await run(...values);
    });
  }
};

each(
  'usage type',
  [
    ...Object.entries(CHINA),
    ...['OrganizationInvitation', 'UserPermissionValidation', 'BindNewIdentifier', 'MfaVerification', 'BindMfa'].map(
      (type) => [type, CHINA.Generic],
    ),
    ['SomethingNew', CHINA.Generic],
  ].map(([type, template]) => [type, type, template]),
  async (type, template) => {
    const got = await arrived({ to: CHINESE, type, payload: { code: '683725' } });
    assert.equal(got.template_code, template);
    assert.equal(got.sign_name, SIGN);
    assert.deepEqual(got.template_param, { code: '683725' });
  },
);

test('a template of its own goes before Generic', async () => {
  await emulator.reset();
  const config = configOf({ templates: [...templates, { usageType: 'BindMfa', templateCode: 'SMS_154950905' }] });
  const got = await arrived({ config, to: CHINESE, type: 'BindMfa', payload: { code: '683725' } });
  assert.equal(got.template_code, 'SMS_154950905');
});

// Word for word what connectors were handed in a running Logto 1.42, and what
// its types allow besides.
each(
  'payload',
  [
    ['Experience API', { code: '683725', locale: 'zh-CN', uiLocales: 'zh-CN en' }],
    ['Experience API without ui_locales', { code: '361033', locale: 'zh-CN' }],
    ['Management API', { code: '673071' }],
    ['test route', { code: '000000', locale: 'zh-CN' }],
    [
      'nested objects',
      {
        code: '683726',
        locale: 'en',
        uiLocales: 'en',
        application: { id: 'a', name: 'Shop & Söhne', displayName: { en: 'x' } },
        organization: { id: 'o', branding: { logoUrl: 'https://example.com/l.png' } },
        user: { id: 'u', name: '张三', primaryPhone: CHINESE, customData: { deep: [1, [2, [3]]] } },
        inviter: null,
        link: 'https://example.com/?token=t',
      },
    ],
    ['names of JavaScript', JSON.parse('{"code":"683727","__proto__":{"code":"1"},"constructor":1,"toJSON":"x"}')],
  ],
  async (payload) => {
    const got = await arrived({ to: CHINESE, payload, ip: '::ffff:127.0.0.1' });
    assert.deepEqual(got.template_param, { code: payload.code });
    const [{ params }] = await emulator.requests('SendSms');
    assert.equal(params.TemplateParam, JSON.stringify({ code: payload.code }));
  },
);

each(
  'payload that has no JSON',
  [
    ['half a character', { code: '683725', uiLocales: '\ud800' }],
    ['half a character in a key', { code: '683725', '\udfff': 1 }],
    ['an object that is deep', { code: '683725', user: JSON.parse(`${'['.repeat(300)}${']'.repeat(300)}`) }],
    ['a large number', { code: '683725', user: 1n }],
    ['a large number for a code', { code: 683725n }],
  ],
  async (payload) => {
    const got = await arrived({ to: CHINESE, payload });
    assert.deepEqual(got.template_param, { code: '683725' });
  },
);

// What is wrong is left out alone; the message goes where it was to go.
each(
  'a wrong key',
  [
    ['provider', { provider: 'carrier-pigeon' }],
    ['credentials', { credentials: null }],
    ['both', { provider: 5, credentials: 'x', region: '<x>', timeoutMs: 'soon' }],
    ['300 templates in front', { templates: [...Array(300).fill({ usageType: 'BindMfa', templateCode: 'SMS_1' }), ...templates] }],
  ],
  async (changes) => {
    const got = await arrived({ config: configOf({ ...changes, defaultCountry: 'CN' }), to: '13012345678', payload: { code: '683725' } });
    assert.equal(got.template_code, CHINA.SignIn);
  },
);
each(
  'an endpoint that cannot be used is not replaced',
  ['nonsense', 'https://sms.example/path', 5, { env: 'SMS_ENDPOINT' }].map((endpoint) => [JSON.stringify(endpoint), endpoint]),
  async (endpoint) => {
    const config = configOf({ endpoint });
    assert.equal((await ours.check(config)).error, undefined);
    const told = await ours.send({ config, to: CHINESE, payload: { code: '683725' } });
    assert.equal(told.error?.code, 'invalid_config', JSON.stringify(told));
  },
);

test('a code that is a number goes out as text', async () => {
  await emulator.reset();
  const got = await arrived({ to: CHINESE, payload: { code: 683725 } });
  assert.deepEqual(got.template_param, { code: '683725' });
});

test('declared variables, and no others', async () => {
  await emulator.reset();
  const own = { usageType: 'SignIn', templateCode: 'SMS_154950906', signName: 'Sesame Intl', variables: ['name', 'code'] };
  const config = configOf({ templates: [own, ...templates.slice(1)] });
  const payload = { code: '683725', name: '张三', locale: 'zh-CN' };
  const got = await arrived({ config, to: CHINESE, payload });
  assert.deepEqual(got.template_param, { name: '张三', code: '683725' });
  assert.equal(got.sign_name, 'Sesame Intl');
});

each(
  'signature',
  [
    ['overseas', { signNames: { overseas: 'Sesame Intl' } }, HONG_KONG, 'Sesame Intl'],
    ['overseas, to China', { signNames: { overseas: 'Sesame Intl' } }, CHINESE, SIGN],
    ['of both regions', { signNames: { china: SIGN, overseas: 'Sesame Intl' }, signName: 'unused' }, CHINESE, SIGN],
  ],
  async (changes, to, expected) => {
    const got = await arrived({ config: configOf(changes), to, payload: { code: '683725' } });
    assert.equal(got.sign_name, expected);
  },
);

// The official suite's two cases, by their behaviour.
each(
  'number to China',
  [`86${13012345678}`, `0086${13012345678}`, `+86${13012345678}`].map((to) => [to, to]),
  async (to) => {
    const got = await arrived({ to, payload: { code: '683725' } });
    assert.equal(got.template_code, CHINA.SignIn);
    assert.equal((await emulator.requests('SendSms'))[0].params.PhoneNumbers, '13012345678');
  },
);
each(
  'number overseas',
  [HONG_KONG, `+${HONG_KONG}`, `00${HONG_KONG}`, '85366123456', '886912345678', AMERICAN, '447400123456', '6581234567'].map(
    (to) => [to, to],
  ),
  async (to) => {
    const got = await arrived({ to, payload: { code: '683725' } });
    assert.equal(got.template_code, OVERSEAS);
    const { params } = (await emulator.requests('SendSms'))[0];
    assert.equal(params.PhoneNumbers, to.replace(/^(\+|00)/, ''));
  },
);
each(
  'bare number',
  [
    // Logto sends these digits for a number in Maryland.
    ['13012345678', '13012345678', {}, OVERSEAS],
    ['13012345678 with defaultCountry CN', '13012345678', { defaultCountry: 'CN' }, CHINA.SignIn],
    ['13800138000, which is no other number', '13800138000', {}, CHINA.SignIn],
  ],
  async (to, changes, template) => {
    const got = await arrived({ config: configOf(changes), to, payload: { code: '683725' } });
    assert.equal(got.template_code, template);
  },
);
each(
  'strict numbers',
  [
    ['with 86', CHINESE, CHINA.SignIn],
    ['with +86', `+${CHINESE}`, CHINA.SignIn],
    ['American', AMERICAN, OVERSEAS],
  ],
  async (to, template) => {
    const config = configOf({ strictPhoneRegionNumberCheck: true });
    const got = await arrived({ config, to, payload: { code: '683725' } });
    assert.equal(got.template_code, template);
  },
);
each(
  'refused number',
  [
    ['+1123123123, valid nowhere', '+1123123123', {}, 'invalid_request_parameters'],
    ['a landline', '862112345678', {}, 'invalid_request_parameters'],
    ['too short', '8613800', {}, 'invalid_request_parameters'],
    ['empty', '', {}, 'invalid_request_parameters'],
    ['words', 'not a number', {}, 'invalid_request_parameters'],
    ['two numbers', `${CHINESE},8613800138001`, {}, 'invalid_request_parameters'],
    ['bare, strict', '13800138000', { strictPhoneRegionNumberCheck: true }, 'invalid_request_parameters'],
    // Aliyun would take it for a mainland one: a stranger would get the code.
    ['+1 where one template serves both regions', AMERICAN, { templates: plainTemplates }, 'template_not_found'],
  ],
  async (to, changes, code) => {
    const told = await ours.send({ config: configOf(changes), to, payload: { code: '683725' } });
    assert.equal(told.error?.recognised, true, JSON.stringify(told));
    assert.equal(told.error.code, code);
    assert.equal(await emulator.requestCount(), 0);
  },
);

test('the receipt', async () => {
  await emulator.reset();
  const { told, out_id, biz_id } = await arrived({ to: CHINESE, payload: { code: '683725' } });
  const { outId, bizId, requestId, ...rest } = told.value;
  assert.deepEqual(rest, {});
  assert.equal(outId, out_id);
  assert.equal(bizId, biz_id);
  assert.match(requestId, UUID);
});

test('every send has an out-id of its own', async () => {
  await emulator.reset();
  for (const n of [1, 2, 3]) await ours.send({ config: configOf(), to: CHINESE, payload: { code: `68372${n}` } });
  const ids = (await emulator.messages()).map((message) => message.out_id);
  assert.equal(new Set(ids).size, 3);
});

test('the configuration is read for every send', async () => {
  await emulator.reset();
  const first = await ours.send({ config: configOf(), to: CHINESE, payload: { code: '683725' } });
  assert.equal(first.reads, 1);
  const second = await ours.send({
    config: configOf({ templates: templates.map((template) => ({ ...template, templateCode: 'SMS_154950905' })) }),
    to: CHINESE,
    payload: { code: '683726' },
  });
  assert.equal(second.reads, 1);
  assert.deepEqual(
    (await emulator.messages(CHINESE)).map((message) => message.template_code),
    ['SMS_154950905', CHINA.SignIn],
  );
});

test('inputConfig goes before the stored configuration, which is not read', async () => {
  await emulator.reset();
  const told = await ours.send({ config: configOf(), inputConfig: true, to: CHINESE, type: 'Generic', payload: { code: '000000', locale: 'en' } });
  assert.ok(told.returned, JSON.stringify(told));
  assert.equal(told.reads, 0);
  assert.equal((await emulator.messages(CHINESE)).length, 1);
});

test('getConfig is called bare, with the id, once for each send', async () => {
  await emulator.reset();
  const message = { to: CHINESE, type: 'SignIn', payload: { code: '683725' } };
  const { calls, read, readWithInput } = await ours.scenario('getConfigCalls', { config: configOf(), message });
  assert.deepEqual(calls, [['aliyun-short-message-service'], ['aliyun-short-message-service']]);
  assert.equal(read, 2);
  assert.equal(readWithInput, 0);
});

test('an error of getConfig comes out as it is', async () => {
  const message = { to: CHINESE, type: 'SignIn', payload: { code: '683725' } };
  const same = await ours.scenario('failingGetConfig', { message });
  assert.deepEqual(same, { rejects: true, throws: true, notImplemented: true });
});

test('a temporary key with its token', async () => {
  await emulator.reset();
  const key = {
    accessKeyId: 'STS.testid',
    accessKeySecret: 'temporarysecretGhIjK',
    securityToken: 'CAIS+token/with=signs that need*escaping~',
  };
  await arrived({ config: configOf(key), to: CHINESE, payload: { code: '683725' } });
});

test('a region travels with the request', async () => {
  await emulator.reset();
  await arrived({ config: configOf({ region: 'ap-southeast-1' }), to: CHINESE, payload: { code: '683725' } });
});
