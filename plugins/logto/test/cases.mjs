// The cases that run on the official connector and on ours: `config` and
// `message` change what is usual, `account` and `fault` what Aliyun does.

import { CHINA, OVERSEAS, SIGN, plainTemplates, templates } from './setup.mjs';

const withCodes = (templateCode) => templates.map(({ usageType }) => ({ usageType, templateCode }));
const to = (number, more = {}) => ({ message: { to: number }, ...more });
const payload = (values, more = {}) => ({ message: { payload: values }, ...more });
// Ours asks about what is in doubt; that need not take long here.
const fault = (what, more = {}) => ({ fault: what, config: { timeoutMs: 1500 }, ...more });
const code = (name, status, more) => fault({ code: name, ...(status ? { http_status: status } : {}) }, more);

const configs = {
  usual: {},
  'plain-templates': { config: { templates: plainTemplates } },
  'all-usage-types': {
    config: {
      templates: [
        ...templates,
        ...['OrganizationInvitation', 'UserPermissionValidation', 'BindNewIdentifier', 'MfaVerification', 'BindMfa'].map(
          (usageType) => ({ usageType, templateCode: 'SMS_154950905' }),
        ),
      ],
    },
    message: { type: 'BindMfa' },
  },
  'type-numbers': { config: { templates: templates.map((template, n) => ({ ...template, type: [0, 1, 2, 6][n] })) } },
  'type-unknown': { config: { templates: templates.map((template) => ({ ...template, type: 3 })) } },
  'unknown-keys': { config: { somethingElse: { a: [1] }, comment: 'x' } },
  'usage-type-twice': { config: { templates: [...templates, { usageType: 'SignIn', templateCode: 'SMS_154950905' }] } },
  'usage-type-unknown': { config: { templates: [...templates, { usageType: 'Signup', templateCode: 'SMS_154950905' }] } },
  'usage-type-of-tomorrow': {
    config: { templates: [...templates, { usageType: 'Signup', templateCode: 'SMS_154950905' }] },
    message: { type: 'Signup' },
  },
  'generic-alone': { config: { templates: [{ usageType: 'Generic', templateCode: CHINA.Generic }] } },
  'test-for-generic': {
    config: { templates: ['Register', 'SignIn', 'ForgotPassword', 'Test'].map((usageType) => ({ usageType, templateCode: CHINA.Generic })) },
  },
  'no-generic': { config: { templates: templates.slice(0, 3) } },
  'no-templates': { config: { templates: [] } },
  'templates-no-list': { config: { templates: { SignIn: 'SMS_1' } } },
  'template-without-code': { config: { templates: [...templates.slice(1), { usageType: 'SignIn' }] } },
  'template-china-only': { config: { templates: withCodes({ china: CHINA.SignIn }) } },
  'template-china-empty': { config: { templates: withCodes({ china: '', overseas: OVERSEAS }) } },
  'template-overseas-empty': {
    config: { templates: withCodes({ china: CHINA.SignIn, overseas: '' }) },
    message: { to: '85268326366' },
  },
  'template-empty': { config: { templates: withCodes('') } },
  'template-of-a-notice': { config: { templates: withCodes('SMS_154950906') } },
  'template-in-review': { config: { templates: withCodes('SMS_154950907') } },
  'key-missing': { config: { accessKeyId: undefined } },
  'key-number': { config: { accessKeyId: 5 } },
  'key-empty': { config: { accessKeyId: '' } },
  'key-placeholder': { config: { accessKeyId: '<access-key-id>' } },
  'key-with-space': { config: { accessKeyId: ' testid ' } },
  'secret-missing': { config: { accessKeySecret: undefined } },
  'secret-empty': { config: { accessKeySecret: '' } },
  'secret-with-line-break': { config: { accessKeySecret: 'testsecretAbCdEf\n' } },
  'secret-wrong': { config: { accessKeySecret: 'another-secret' } },
  'key-unknown': { config: { accessKeyId: 'nobody' } },
  'key-temporary': {
    config: {
      accessKeyId: 'STS.testid',
      accessKeySecret: 'temporarysecretGhIjK',
      securityToken: 'CAIS+token/with=signs that need*escaping~',
    },
  },
  'sign-empty': { config: { signName: '' } },
  'sign-brackets': { config: { signName: `【${SIGN}】` } },
  'sign-unknown': { config: { signName: '没有的签名' } },
  'sign-in-review': { config: { signName: '审核中' } },
  'sign-other-letters': { config: { signName: 'Sesame Intl' } },
  'sign-overseas': { config: { signNames: { overseas: 'Sesame Intl' } }, message: { to: '85268326366' } },
  'strict-no-boolean': { config: { strictPhoneRegionNumberCheck: 'yes' } },
  'config-null': { config: null },
  'config-list': { config: [] },
};

const strict = { strictPhoneRegionNumberCheck: true };
const numbers = {
  'number-86': to('8613012345678'),
  'number-0086': to('008613012345678'),
  'number-plus-86': to('+8613012345678'),
  'number-bare-two-readings': to('13012345678'),
  'number-bare-two-readings-CN': to('13012345678', { config: { defaultCountry: 'CN' } }),
  'number-bare-mainland': to('13800138000'),
  'number-bare-mainland-strict': to('13800138000', { config: strict }),
  'number-86-strict': to('8613800138000', { config: strict }),
  'number-hong-kong': to('85268326366'),
  'number-macao': to('85366123456'),
  'number-taiwan': to('886912345678'),
  'number-hong-kong-plain': to('85268326366', { config: { templates: plainTemplates } }),
  'number-britain': to('447400123456'),
  'number-america': to('14155552671'),
  'number-america-plus': to('+14155552671'),
  'number-america-strict': to('14155552671', { config: strict }),
  'number-america-plain': to('14155552671', { config: { templates: plainTemplates } }),
  'number-america-like-mainland': to('18624017194'),
  'number-plus-1-invalid': to('+1123123123'),
  'number-landline': to('862112345678'),
  'number-short': to('8613800'),
  'number-empty': to(''),
  'number-words': to('not a number'),
  'number-written': to('+86 138-0013-8000'),
  'number-two': to('8613800138000,8613800138001'),
};

const payloads = {
  'payload-locale': payload({ code: '683725', locale: 'zh-CN' }),
  'payload-ui-locales': payload({ code: '683725', locale: 'zh-CN', uiLocales: 'zh-CN en' }),
  'payload-nested': payload({ code: '683725', user: { name: 'a' }, application: { name: 'b' } }),
  'payload-other-text': payload({ code: '683725', link: 'https://example.com/x' }),
  'payload-other-plain-text': payload({ code: '683725', name: 'abc' }),
  'payload-no-code': payload({}),
  'payload-empty-code': payload({ code: '' }),
  'payload-number': payload({ code: 683725 }),
  'payload-short-code': payload({ code: '123' }),
  'payload-long-code': payload({ code: '123456789012' }),
  'payload-letters': payload({ code: 'aB3dE6' }),
  'type-generic': { message: { type: 'Generic', payload: { code: '000000', locale: 'en' } } },
  'type-unlisted': { message: { type: 'SomethingNew' } },
  'by-input-config': { message: { inputConfig: true, type: 'Generic' } },
};

const answers = {
  'answer-number-limit': code('isv.BUSINESS_LIMIT_CONTROL'),
  'answer-number-limit-400': code('isv.BUSINESS_LIMIT_CONTROL', 400),
  'answer-number-limit-real': { account: { limits: { per_minute: 0 } } },
  'answer-throttling': code('Throttling.User', 503),
  'answer-throttling-400': code('Throttling', 400),
  'answer-no-money': code('isv.AMOUNT_NOT_ENOUGH'),
  'answer-no-money-real': { account: { balance: 0 } },
  'answer-day-limit': code('isv.DAY_LIMIT_CONTROL'),
  'answer-number-illegal': code('isv.MOBILE_NUMBER_ILLEGAL'),
  'answer-black-list': code('isv.BLACK_KEY_CONTROL_LIMIT'),
  'answer-no-permission': { account: { permissions: ['dysms:QuerySendDetails'] } },
  'answer-ram': code('isp.RAM_PERMISSION_DENY'),
  'answer-system-error': code('isp.SYSTEM_ERROR'),
  'answer-internal-error': code('InternalError', 500),
  'answer-unavailable': code('ServiceUnavailable', 503),
  'answer-unlisted': code('isv.SOMETHING_NEW'),
  'answer-string-to-sign': fault({
    code: 'SignatureDoesNotMatch',
    http_status: 400,
    message: 'server string to sign is:POST&%2F&AccessKeyId%3Dtestid%26PhoneNumbers%3D8613800138000%26TemplateParam%3D683725',
  }),
  'answer-not-json': fault('garbage'),
  'answer-html-502': fault('http_502_html'),
  'answer-html-200': fault({ http_status: 200, body: '<html>sign in to the proxy</html>' }),
  'answer-empty': fault({ http_status: 200, body: '' }),
  'answer-list': fault({ http_status: 200, body: '[]' }),
  'answer-ok-no-request-id': fault({ http_status: 200, body: '{"Code":"OK","Message":"OK","BizId":"123456^0"}' }),
  'answer-ok-more-fields': fault({ http_status: 200, body: '{"Code":"OK","Message":"OK","BizId":"123456^0","RequestId":"F655A8D5-B967-440B-8683-DAD6FF8DE990","More":1}' }),
  'answer-ok-no-biz-id': fault({ http_status: 200, body: '{"Code":"OK","Message":"OK","RequestId":"F655A8D5-B967-440B-8683-DAD6FF8DE990"}' }),
  'answer-late': fault('slow', { delay: 200 }),
  'answer-cut': fault('reset'),
  'answer-cut-after-accepting': fault('reset_after_accept', { config: { timeoutMs: 4000 } }),
  'answer-never': fault('timeout', { waits: 3000 }),
};

export const cases = Object.entries({ ...configs, ...numbers, ...payloads, ...answers }).map(([id, one]) => ({ id, ...one }));
