// Logto's connector: what Logto calls, around the native addon. The rules are in
// Rust; here stand only the shapes that Logto asks for.

import { ConnectorError, ConnectorType } from '@logto/connector-kit';
import { ZodError } from 'zod';

import { metadata } from './metadata.js';
import { native } from './native.js';

const log = ({ level, text }) => console[level](text);

// A value as JSON, which is how it goes to Rust. What has no JSON becomes null.
const json = (value) => JSON.stringify(value) ?? 'null';

// Logto asks for nothing but `safeParse`, and needs core's own ZodError to show
// the issues to whoever is configuring.
const configGuard = {
  safeParse(config) {
    const { issues, log: line } = native.check(json(config));
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

const sender = new native.Sender((id, sent, failure, lines) => {
  const { resolve, reject } = pending.get(id);
  pending.delete(id);
  if (pending.size === 0) alive.unref();
  lines?.forEach(log);
  if (sent) resolve(sent);
  else reject(new ConnectorError(failure.code, failure.data));
});

const send = (config, { to, type, payload }) =>
  new Promise((resolve, reject) => {
    last = (last + 1) >>> 0;
    // Throws only where not even a thread can be started.
    sender.send(last, json(config), String(to), String(type), json(payload));
    if (pending.size === 0) alive.ref();
    pending.set(last, { resolve, reject });
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
