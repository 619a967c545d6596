// What each client is known to make of an answer, and whether it still does.
//
// `sdk-error-behaviour.json` lists 16 answers and what every client reports for
// them. Here each is given twice: once word for word, so that everything reported
// must be equal; and once made by the emulator itself, for a real reason where
// there is one, so that all must be equal but ids and the names of hosts and accounts.

import { isDeepStrictEqual } from 'node:util';

import { shared } from './emulator.mjs';

export const answers = new Map(
  shared('sdk-error-behaviour.json').answers.map((answer) => [answer.id, answer]),
);

const UUID = /[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/g;
const CALCULATION = /(server string to sign is:|server StringToSign is )(?:(?!","Code")[\s\S])*/g;
// Fields that name a host or an account.
const OWN_FIELDS = new Set([
  'HostId',
  'Recommend',
  'AuthPrincipalDisplayName',
  'AuthPrincipalOwnerId',
  'EncodedDiagnosticMessage',
]);

export const bizIdShape = /\d{6,}\^\d+/;

// What the list says this client reports for this answer.
export const listed = (answerId, sdk) => {
  const { sdk: _sdk, version: _version, ...report } = answers
    .get(answerId)
    .reported.find((entry) => entry.sdk === sdk);
  return report;
};

// Makes the emulator answer the next call of the action with the listed bytes.
export const giveVerbatim = (emulator, answerId, action) => {
  const { status, headers, body } = answers.get(answerId);
  const fault = { http_status: status, headers: Object.fromEntries(headers), body };
  return emulator.answerNext(fault, action);
};

// Makes the emulator refuse the next SendSms with the listed code.
export const giveByCode = (emulator, answerId) => {
  const { status, headers, body } = answers.get(answerId);
  const { Code: code, Message: message } = JSON.parse(body);
  const extra = headers.filter(([name]) => name.toLowerCase().startsWith('x-acs-'));
  const fault = { code, message, http_status: status, headers: Object.fromEntries(extra) };
  return emulator.answerNext(fault);
};

// Where a report differs from the list, in words; empty if nowhere.
export const differences = (expected, told, { fields, loose = false } = {}) => {
  const view = (value) => blur(value ?? null, loose);
  return (fields ?? Object.keys(expected))
    .filter((name) => !isDeepStrictEqual(view(expected[name]), view(told[name])))
    .map((name) => {
      const [wanted, got] = [expected, told].map((from) => JSON.stringify(view(from[name])));
      return `${name}: expected ${wanted}, got ${got}`;
    });
};

const blur = (value, loose) => {
  if (Array.isArray(value)) return value.map((item) => blur(item, loose));
  if (value !== null && typeof value === 'object') {
    const kept = Object.entries(value).filter(([name]) => !loose || !OWN_FIELDS.has(name));
    return Object.fromEntries(kept.map(([name, item]) => [name, blur(item, loose)]));
  }
  if (typeof value !== 'string') return value;
  // pop-core ends its message with the URL it called.
  const text = value.replace(/, URL: \S+$/, ', URL: <url>');
  if (!loose) return text;
  return text
    .replace(UUID, '<request id>')
    .replace(new RegExp(bizIdShape, 'g'), '<biz id>')
    .replace(CALCULATION, '$1<calculation>');
};
