// Logto's connector: what Logto calls, around the native addon. The rules are in
// Rust; here stand only the shapes that Logto asks for.

import { ConnectorError, ConnectorErrorCodes, ConnectorType } from '@logto/connector-kit';
import { ZodError } from 'zod';

import { metadata } from './metadata.js';
import { native } from './native.js';

// Whoever has replaced the console may have broken it; that is not to be noticed
// by whoever waits for a message.
const log = ({ level, text }) => {
  try {
    console[level](text);
  } catch {}
};

// A copy down to some level of what any JSON can hold: no half characters, and no
// numbers but the usual ones. What lies deeper, no rule looks at.
const plain = (value, levels) => {
  switch (typeof value) {
    case 'string':
      return value.toWellFormed();
    case 'bigint':
      return String(value);
    case 'function':
      return undefined;
    case 'object':
      if (value === null) return null;
      if (levels === 0) return {};
      if (Array.isArray(value)) return value.map((element) => plain(element, levels - 1));
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toWellFormed(), plain(one, levels - 1)]));
    default:
      return value;
  }
};

// How deep `templates[0].templateCode.china.env` of a configuration stands.
const LEVELS = 5;

// A value as JSON, which is how it goes to Rust. What has none becomes null.
const json = (value, levels) => {
  try {
    return JSON.stringify(plain(value, levels)) ?? 'null';
  } catch {
    return 'null';
  }
};

// What should be a text; anything else is none that means anything.
const text = (value) => (['string', 'number', 'bigint'].includes(typeof value) ? String(value) : '');

// Whether a value is what was parsed from JSON: cheaper than writing it anew, and
// without lists of keys, which would be most of what a message leaves to collect.
const is = (value, parsed) => {
  if (value === parsed) return true;
  if (typeof value !== 'object' || typeof parsed !== 'object' || value === null || parsed === null) return false;
  if (Array.isArray(value) !== Array.isArray(parsed) || value.length !== parsed.length) return false;
  let missing = 0;
  for (const key in parsed) {
    if (!Object.hasOwn(value, key) || !is(value[key], parsed[key])) return false;
    missing += 1;
  }
  for (const key in value) missing -= 1;
  return missing === 0;
};

// Logto asks for nothing but `safeParse`, and needs core's own ZodError to show
// the issues to whoever is configuring.
const configGuard = {
  safeParse(config) {
    const { issues, log: line } = native.check(json(config, LEVELS));
    if (line) log(line);
    return issues
      ? { success: false, error: new ZodError(issues.map((issue) => ({ code: 'custom', ...issue }))) }
      : { success: true, data: config };
  },
};

// The messages under way, by number. While there are any, the timer keeps the
// process alive; the addon by itself does not.
const pending = new Map();
const alive = setInterval(() => {}, 2 ** 30).unref();
let last = 0;

const take = (id) => {
  const message = pending.get(id);
  pending.delete(id);
  if (pending.size === 0) alive.unref();
  return message;
};

const sender = new native.Sender((answers) => {
  for (const [id, { sent, failure, log: lines }] of JSON.parse(answers)) {
    const message = take(id);
    if (sent) message?.resolve(sent);
    else message?.reject(new ConnectorError(failure.code, failure.data));
    lines?.forEach(log);
  }
});

// The configuration that the sender holds.
let held;

const send = (config, data) =>
  new Promise((resolve, reject) => {
    const { to, type, payload } = data ?? {};
    const given = held && is(config, held) ? undefined : json(config, LEVELS);
    const id = (last = (last + 1) >>> 0);
    if (pending.size === 0) alive.ref();
    pending.set(id, { resolve, reject });
    try {
      const isHeld = sender.send(id, given, text(to), text(type), json(payload, 1));
      if (given) held = isHeld ? JSON.parse(given) : undefined;
    } catch {
      held = undefined;
      take(id)?.reject(new ConnectorError(ConnectorErrorCodes.General));
    }
  });

// Logto calls this for every message, and takes `sendMessage` off the object.
const createConnector = async ({ getConfig }) => ({
  type: ConnectorType.Sms,
  metadata,
  configGuard,
  sendMessage: async (data, inputConfig) =>
    send(inputConfig ?? (await getConfig(metadata.id)), data),
});

export default createConnector;
