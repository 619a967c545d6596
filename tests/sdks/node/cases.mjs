// The cases, each run for every way of calling. A failed assertion fails a case.

import assert from 'node:assert/strict';

import * as behaviour from './behaviour.mjs';
import { queues, withOneNonce } from './clients.mjs';
import { sentOn, shared } from './emulator.mjs';

const PHONE = '13800138000';
const OTHER_PHONE = '13900139000';
const SIGN = '阿里云短信测试';
const OTHER_SIGN = 'Sesame & Söhne (50 %) + *';
const TEMPLATE = 'SMS_154950909';
const NOTICE = 'SMS_154950910';
const GIFT_SIGN = '速通互联验证码';
const GIFT_TEMPLATE = '100001';
const OVERSEAS_PHONE = '85268326366';
const REPORT_QUEUE = 'Alicom-Queue-1000000000000000-SmsReport';

const GOOD = { id: 'testid', secret: 'testsecret' };
const TEMPORARY = {
  id: 'STS.testid',
  secret: 'temporarysecret',
  token: 'CAIS+token/with=signs that need*escaping~',
};
const WRONG_SECRET = { ...GOOD, secret: 'not-the-secret' };
const UNKNOWN = { ...GOOD, id: 'nobody' };

// The parameters of a SendSms; a change to undefined leaves one out.
const message = (changes = {}) => {
  const params = {
    PhoneNumbers: PHONE,
    SignName: SIGN,
    TemplateCode: TEMPLATE,
    TemplateParam: '{"code":"246810"}',
    ...changes,
  };
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
};

// The answer of a call that must have been accepted.
const accepted = (way, told) => {
  assert.ok('returned' in told, JSON.stringify(told));
  if (way.whole) return {}; // Logto's connector keeps the answer to itself.
  const answer = told.returned;
  assert.equal(answer.Code, 'OK');
  assert.equal(answer.Message, 'OK');
  assert.match(answer.RequestId, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  return answer;
};

const send = async (way, changes, key = GOOD) =>
  accepted(way, await way.call('SendSms', message(changes), key));

// Aliyun's code, wherever this client keeps it.
const codeOf = (told) =>
  told.returned?.ResponseCode ?? told.returned?.Code ?? told.data?.Code ?? told.code;

// A call that must be accepted, of any product.
const ask = async (way, action, params = {}) => {
  const told = await way.call(action, params, GOOD);
  assert.equal(codeOf(told), 'OK', JSON.stringify(told));
  return told.returned;
};

// A call that must be refused.
const denied = async (way, action, params, code) =>
  assert.equal(codeOf(await way.call(action, params, GOOD)), code);

const only = async (way, to = PHONE) => {
  const all = await way.emulator.messages(to);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0];
};

const sending = {
  'lands in the inbox': async (way) => {
    const changes = way.whole ? { PhoneNumbers: `86${PHONE}` } : { OutId: 'order-1' };
    const answer = await send(way, changes);
    const got = await only(way);
    assert.equal(got.text, `【${SIGN}】您的验证码为：246810，请勿泄露于他人！`);
    assert.equal(got.sign_name, SIGN);
    assert.equal(got.template_code, TEMPLATE);
    assert.deepEqual(got.template_param, { code: '246810' });
    assert.match(got.biz_id, behaviour.bizIdShape);
    assert.equal(await way.emulator.requests(), 1);
    if (way.whole) return;
    assert.equal(got.biz_id, answer.BizId);
    assert.equal(got.out_id, 'order-1');
  },

  'text arrives unchanged': async (way) => {
    const TemplateParam = JSON.stringify({ name: '张 三', note: "50% + 1/2 = *~!'()&" });
    await send(way, { SignName: OTHER_SIGN, TemplateCode: NOTICE, TemplateParam });
    const got = await only(way);
    assert.equal(got.text, `【${OTHER_SIGN}】张 三，您好：50% + 1/2 = *~!'()&`);
  },

  'missing parameters': async (way) => {
    for (const name of ['PhoneNumbers', 'SignName', 'TemplateCode']) {
      for (const value of way.whole ? [''] : [undefined, '']) {
        await way.emulator.reset();
        const told = await way.call('SendSms', message({ [name]: value }), GOOD);
        assert.equal(codeOf(told), `Missing${name}`);
        assert.equal(told.statusCode ?? 400, 400);
        assert.ok(told.message.includes(`${name} is mandatory for this action.`), told.message);
      }
    }
  },

  'unknown names': async (way) => {
    for (const [changes, code] of [
      [{ SignName: '没有的签名' }, 'isv.SMS_SIGNATURE_ILLEGAL'],
      [{ TemplateCode: 'SMS_0' }, 'isv.SMS_TEMPLATE_ILLEGAL'],
    ]) {
      await way.emulator.reset();
      assert.equal(codeOf(await way.call('SendSms', message(changes), GOOD)), code);
      assert.deepEqual(await way.emulator.messages(PHONE), []);
    }
  },
};

// What a connector for one code cannot ask for.
const clientOnly = {
  'values arrive unchanged': async (way) => {
    for (const [name, value] of Object.entries(shared('values.json'))) {
      await way.emulator.reset();
      await send(way, { OutId: value });
      assert.equal((await only(way)).out_id ?? '', value, name);
    }
  },

  'several numbers get one receipt': async (way) => {
    const answer = await send(way, { PhoneNumbers: `${PHONE},+86${OTHER_PHONE}` });
    for (const phone of [PHONE, OTHER_PHONE]) {
      assert.equal((await only(way, phone)).biz_id, answer.BizId);
    }
  },

  'temporary key with its token': async (way) => {
    await send(way, {}, TEMPORARY);
    await only(way);
  },

  'temporary key with a foreign token': async (way) => {
    const told = await way.call('SendSms', message(), { ...TEMPORARY, token: 'foreign' });
    assert.match(String(codeOf(told)), /^InvalidSecurityToken/);
    assert.deepEqual(await way.emulator.messages(PHONE), []);
  },

  batch: async (way) => {
    const params = {
      PhoneNumberJson: JSON.stringify([PHONE, OTHER_PHONE]),
      // A signature for codes does not serve a notice, so both are general ones.
      SignNameJson: JSON.stringify([OTHER_SIGN, OTHER_SIGN]),
      TemplateCode: NOTICE,
      TemplateParamJson: JSON.stringify([
        { name: '王 五', note: '1111' },
        { name: 'Söhne', note: '2 + 2' },
      ]),
      OutId: 'batch 01',
    };
    const answer = accepted(way, await way.call('SendBatchSms', params, GOOD));
    const [first, second] = [await only(way, PHONE), await only(way, OTHER_PHONE)];
    assert.equal(first.text, `【${OTHER_SIGN}】王 五，您好：1111`);
    assert.equal(second.text, `【${OTHER_SIGN}】Söhne，您好：2 + 2`);
    for (const got of [first, second]) {
      assert.equal(got.biz_id, answer.BizId);
      assert.equal(got.out_id, 'batch 01');
    }
  },

  'details by page': async (way) => {
    const sent = [];
    for (const n of [0, 1, 2, 3, 4]) sent.push((await send(way, { OutId: `page ${n}` })).BizId);
    const [newest] = await way.emulator.messages(PHONE);
    await way.emulator.report(sent[0], 'delivered');
    await way.emulator.report(sent[1], 'failed', 'MOBILE_NOT_ON_SERVICE');

    const page = async (CurrentPage, extra = {}) => {
      const params = { PhoneNumber: PHONE, SendDate: sentOn(newest), PageSize: 2, CurrentPage, ...extra };
      return accepted(way, await way.call('QuerySendDetails', params, GOOD));
    };
    const rows = (answer) => answer.SmsSendDetailDTOs.SmsSendDetailDTO;

    const pages = [];
    for (const number of [1, 2, 3, 4]) pages.push(await page(number));
    assert.deepEqual(pages.map((answer) => rows(answer).length), [2, 2, 1, 0]);
    assert.deepEqual(pages.map((answer) => Number(answer.TotalCount)), [5, 5, 5, 5]);
    const seen = Object.fromEntries(pages.flatMap(rows).map((row) => [row.OutId, row]));
    assert.deepEqual(Object.keys(seen).sort(), sent.map((_, n) => `page ${n}`));
    for (const row of Object.values(seen)) assert.equal(row.PhoneNum, PHONE);
    assert.deepEqual([seen['page 0'].SendStatus, seen['page 0'].ErrCode], [3, 'DELIVERED']);
    assert.deepEqual([seen['page 1'].SendStatus, seen['page 1'].ErrCode], [2, 'MOBILE_NOT_ON_SERVICE']);

    const [row, ...more] = rows(await page(1, { BizId: sent[3] }));
    assert.deepEqual(more, []);
    assert.equal(row.OutId, 'page 3');
    assert.ok(row.Content.startsWith(`【${SIGN}】`), row.Content);
  },

  'templates by page': async (way) => {
    const first = await ask(way, 'QuerySmsTemplateList');
    assert.deepEqual([first.TotalCount, first.PageSize], [3, 10]);
    const entries = first.SmsTemplateList;
    const kinds = entries.map((entry) => [entry.TemplateType, entry.OuterTemplateType]);
    assert.deepEqual(kinds, [[2, 0], [0, 1], [2, 0]]);
    for (const entry of entries) assert.equal(entry.AuditStatus, 'AUDIT_STATE_PASS');
    const second = await ask(way, 'QuerySmsTemplateList', { PageIndex: 2, PageSize: 2 });
    assert.deepEqual(second.SmsTemplateList.map((entry) => entry.TemplateCode), [GIFT_TEMPLATE]);
    const { SmsSignList: signs } = await ask(way, 'QuerySmsSignList', { PageIndex: 1, PageSize: 50 });
    assert.deepEqual(signs.map((sign) => sign.SignName), [SIGN, OTHER_SIGN, GIFT_SIGN]);
    assert.equal(signs[0].BusinessType, '验证码类型');
  },

  'template from application to deletion': async (way) => {
    const { TemplateCode } = await ask(way, 'CreateSmsTemplate', {
      TemplateName: '登录 & 注册',
      TemplateContent: '您的验证码为：${code}！',
      TemplateType: 0,
      RelatedSignName: SIGN,
      TemplateRule: '{"code":"numberCaptcha"}',
    });
    await denied(way, 'SendSms', message({ TemplateCode }), 'isv.SMS_TEMPLATE_ILLEGAL');
    await denied(way, 'DeleteSmsTemplate', { TemplateCode }, 'isv.ERROR_TEMPLATE_NOT_DELETE');
    await way.emulator.change(`templates/${TemplateCode}`, { status: 'approved' });
    const full = await ask(way, 'GetSmsTemplate', { TemplateCode });
    assert.deepEqual([full.TemplateStatus, full.TemplateType], ['1', '0']);
    assert.equal(full.TemplateName, '登录 & 注册');
    assert.deepEqual(JSON.parse(full.VariableAttribute), { code: 'numberCaptcha' });
    await send(way, { TemplateCode });
    assert.equal((await only(way)).text, `【${SIGN}】您的验证码为：246810！`);
    await ask(way, 'DeleteSmsTemplate', { TemplateCode });
    await denied(way, 'QuerySmsTemplate', { TemplateCode }, 'isv.SMS_TEMPLATE_ILLEGAL');
  },

  'signature with its papers': async (way) => {
    const SignName = '芝麻开门';
    const params = {
      SignName,
      SignSource: 0,
      Remark: '登录 & 注册',
      SignFileList: [
        { FileContents: 'aGVsbG8+Pz8/', FileSuffix: 'png' },
        { FileContents: 'd29ybGQ=', FileSuffix: 'jpg' },
      ],
    };
    await ask(way, 'AddSmsSign', params);
    assert.equal((await ask(way, 'QuerySmsSign', { SignName })).SignStatus, 0);
    const rejected = { status: 'rejected', reject_reason: '缺少授权' };
    await way.emulator.change(`sign_names/${SignName}`, rejected);
    const told = await ask(way, 'QuerySmsSign', { SignName });
    assert.deepEqual([told.SignStatus, told.Reason], [2, '缺少授权']);
    await ask(way, 'ModifySmsSign', params);
    const registrations = { unicom: 'filing' };
    await way.emulator.change(`sign_names/${SignName}`, { status: 'approved', registrations });
    const { SignIspRegisterDetailList: carriers } = await ask(way, 'GetSmsSign', { SignName });
    assert.deepEqual(
      carriers.map((carrier) => [carrier.OperatorCode, carrier.RegisterStatus]),
      [['mobile', 3], ['unicom', -1], ['telecom', 3]],
    );
    await send(way, { SignName });
  },

  'code made and checked': async (way) => {
    const sent = await ask(way, 'SendSmsVerifyCode', {
      PhoneNumber: PHONE,
      SignName: GIFT_SIGN,
      TemplateCode: GIFT_TEMPLATE,
      TemplateParam: '{"code":"##code##","min":"5"}',
      CodeLength: 6,
      ReturnVerifyCode: true,
      SchemeName: '测试方案',
      OutId: 'o-1',
    });
    assert.equal(sent.Success, true);
    const VerifyCode = sent.Model.VerifyCode;
    const got = await only(way);
    assert.equal(VerifyCode.length, 6);
    assert.equal(got.template_param.code, VerifyCode);
    assert.deepEqual([got.biz_id, got.out_id], [sent.Model.BizId, 'o-1']);
    const typed = { PhoneNumber: PHONE, VerifyCode, SchemeName: '测试方案' };
    const other = { ...typed, SchemeName: '别的' };
    await denied(way, 'CheckSmsVerifyCode', other, 'isv.ValidateFail');
    const checked = await ask(way, 'CheckSmsVerifyCode', typed);
    assert.equal(checked.Model.VerifyResult, 'PASS');
    await denied(way, 'CheckSmsVerifyCode', typed, 'isv.ValidateFail');
  },

  'second code too soon': async (way) => {
    const params = {
      PhoneNumber: PHONE,
      SignName: GIFT_SIGN,
      TemplateCode: GIFT_TEMPLATE,
      TemplateParam: '{"code":"##code##","min":"5"}',
    };
    await ask(way, 'SendSmsVerifyCode', params);
    await denied(way, 'SendSmsVerifyCode', params, 'biz.FREQUENCY');
    await only(way);
  },

  'text overseas': async (way) => {
    const text = 'Your code is 1234. 你的验证码 1234 😀';
    const params = { To: OVERSEAS_PHONE, Message: text, From: 'Alicloud', Type: 'OTP' };
    const { MessageId } = await ask(way, 'SendMessageToGlobe', params);
    const got = await only(way, `+${OVERSEAS_PHONE}`);
    assert.deepEqual([got.text, got.biz_id], [text, MessageId]);
    await way.emulator.report(MessageId, 'failed', 'REJECTD');
    const told = await ask(way, 'QueryMessage', { MessageId });
    assert.deepEqual([told.Status, told.ErrorCode, told.Message], ['2', 'REJECTD', text]);
    assert.ok(told.SendDate.endsWith('+0800'), told.SendDate);
    const home = { To: `86${PHONE}`, Message: text };
    await denied(way, 'SendMessageToGlobe', home, 'MOBILE_NUMBER_ILLEGAL');
  },

  'texts overseas and home': async (way) => {
    const sent = await ask(way, 'BatchSendMessageToGlobe', {
      To: JSON.stringify([OVERSEAS_PHONE, '6581234567']),
      Message: JSON.stringify(['一 + 1', 'two']),
      Type: 'NOTIFY',
    });
    assert.deepEqual([sent.SuccessCount, sent.FailedList], ['2', '[]']);
    assert.equal((await only(way, `+${OVERSEAS_PHONE}`)).text, '一 + 1');
    const { MessageId } = await ask(way, 'SendMessageWithTemplate', {
      To: `86${PHONE}`,
      From: SIGN,
      TemplateCode: TEMPLATE,
      TemplateParam: '{"code":"246810"}',
    });
    assert.equal((await only(way)).text, `【${SIGN}】您的验证码为：246810，请勿泄露于他人！`);
    await ask(way, 'SmsConversion', { MessageId, Delivered: true });
    await ask(way, 'ConversionData', { ConversionRate: '0.53', ReportTime: 1349055900000 });
    const conversion = { MessageId, Delivered: false, ConversionTime: 1349055900001 };
    await ask(way, 'SmsConversionIntl', conversion);
    await ask(way, 'ConversionDataIntl', { ConversionRate: '1', ReportTime: 1349055900002 });
    const told = await way.emulator.conversions();
    assert.deepEqual(
      told.map(({ told_at, ...one }) => one),
      [
        { action: 'SmsConversion', message_id: MessageId, delivered: true },
        { action: 'ConversionData', rate: 0.53, time_millis: 1349055900000 },
        {
          action: 'SmsConversionIntl',
          message_id: MessageId,
          delivered: false,
          time_millis: 1349055900001,
        },
        { action: 'ConversionDataIntl', rate: 1, time_millis: 1349055900002 },
      ],
    );
  },

  'reports through the queue': async (way) => {
    const { BizId } = await send(way, { OutId: 'order-1' });
    await way.emulator.report(BizId, 'failed', 'MOBILE_NOT_ON_SERVICE');
    const params = { MessageType: 'SmsReport', QueueName: REPORT_QUEUE };
    const { MessageTokenDTO: token } = await ask(way, 'QueryTokenForMnsQueue', params);
    const client = queues(way.emulator, token);
    const { body } = await client.receiveMessage(REPORT_QUEUE, 3);
    const report = JSON.parse(Buffer.from(body.MessageBody, 'base64').toString('utf8'));
    assert.deepEqual(
      [report.biz_id, report.out_id, report.success],
      [BizId, 'order-1', false],
    );
    assert.equal((await client.deleteMessage(REPORT_QUEUE, body.ReceiptHandle)).code, 204);
    await assert.rejects(client.receiveMessage(REPORT_QUEUE), { name: 'MNSMessageNotExistError' });
  },

  // The second product, through the same client.
  'code check fails': async (way) => {
    const answerId = 'pns-validate-fail-400';
    await behaviour.giveVerbatim(way.emulator, answerId, 'CheckSmsVerifyCode');
    const params = { PhoneNumber: PHONE, VerifyCode: '1234' };
    const told = await counted(way, { action: 'CheckSmsVerifyCode', params });
    expect(behaviour.listed(answerId, way.sdk), told);
  },
};

const callApiOnly = {
  'no key at all': async (way) => {
    const told = await way.call('SendSms', message(), undefined);
    assert.equal(codeOf(told), 'MissingAccessKeyId');
    assert.equal(told.statusCode, 400);
    assert.ok(told.message.includes('AccessKeyId is mandatory for this action.'), told.message);
  },
};

// One call, and how many requests the client made of it.
const counted = async (way, { key = GOOD, action = 'SendSms', params = message() } = {}) => {
  const before = await way.emulator.requests();
  const told = await way.call(action, params, key);
  return { ...told, requests_sent: (await way.emulator.requests()) - before };
};

const expect = (expected, told, how) => {
  const found = behaviour.differences(expected, told, how);
  if (found.length > 0) assert.fail(found.join('; '));
};

// The listed bytes: everything the client reports must be equal.
const verbatim = (answerId) => async (way) => {
  await behaviour.giveVerbatim(way.emulator, answerId);
  expect(behaviour.listed(answerId, way.sdk), await counted(way));
};

const byCode = async (way, answerId) => {
  await behaviour.giveByCode(way.emulator, answerId);
  return counted(way);
};

const byName = (fault) => async (way) => {
  await way.emulator.answerNext(fault);
  return counted(way);
};

// How each listed answer is had from the emulator itself, which ways can be
// brought to it (absent: all), and which of the reported fields can then be
// compared (absent: all).
const ownAnswers = {
  ok: { provoke: (way) => counted(way) },
  'business-error-200': {
    provoke: async (way) => {
      await way.emulator.reset({ limits: { per_minute: 1, per_hour: 5, per_day: 10 } });
      await send(way);
      return counted(way);
    },
  },
  'v1-mismatch-other-sts': {
    provoke: (way) => counted(way, { key: WRONG_SECRET }),
    can: (way) => way.signature === 'rpc-v1',
  },
  'v3-mismatch': {
    provoke: (way) => counted(way, { key: WRONG_SECRET }),
    can: (way) => way.signature === 'acs3',
  },
  'unknown-key': { provoke: (way) => counted(way, { key: UNKNOWN }) },
  'nonce-used': {
    provoke: (way) =>
      withOneNonce(async () => {
        await send(way);
        const told = await counted(way);
        await only(way);
        return told;
      }),
  },
  'no-permission': {
    provoke: async (way) => {
      await way.emulator.reset({ permissions: ['dysms:QuerySendDetails'] });
      return counted(way);
    },
  },
  throttling: {
    provoke: async (way) => {
      await way.emulator.reset({ limits: { calls_per_second: 0 } });
      return counted(way);
    },
  },
  'throttling-429-header': { provoke: byCode },
  'unavailable-503': { provoke: byCode },
  'internal-500': { provoke: byCode },
  'pns-validate-fail-400': {
    // A connector for one code only sends.
    provoke: (way, answerId) => {
      const params = { PhoneNumber: PHONE, VerifyCode: '1234' };
      return way.whole ? byCode(way, answerId) : counted(way, { action: 'CheckSmsVerifyCode', params });
    },
  },
  'xml-error-400': {
    provoke: (way) => counted(way, { params: message({ SignName: undefined, Format: 'XML' }) }),
    can: (way) => way.generic,
    fields: ['raised', 'name', 'statusCode', 'requests_sent'],
  },
  'html-502': {
    provoke: byName('http_502_html'),
    fields: ['raised', 'name', 'code', 'statusCode', 'requests_sent'],
  },
  'not-json-200': {
    provoke: byName('garbage'),
    fields: ['raised', 'name', 'code', 'requests_sent'],
  },
};

const own = (answerId, { provoke, fields }) => async (way) => {
  const told = await provoke(way, answerId);
  expect(behaviour.listed(answerId, way.sdk), told, { fields, loose: true });
};

// The cases of one way, as [name, function of the way].
export const casesOf = (way) => [
  ...Object.entries(sending),
  ...(way.whole ? [] : Object.entries(clientOnly)),
  ...(way.keyless ? Object.entries(callApiOnly) : []),
  ...[...behaviour.answers.keys()]
    // It was recorded with ACS3; signing with V1, this client reads no XML.
    .filter((id) => !(id === 'xml-error-400' && way.name === 'tea, RPC V1, POST'))
    .map((id) => [`${id}, word for word`, verbatim(id)]),
  ...Object.entries(ownAnswers)
    .filter(([, { can = () => true }]) => can(way))
    .map(([id, answer]) => [`${id}, the emulator's own`, own(id, answer)]),
];
