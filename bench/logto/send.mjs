// Verification codes through one of three senders in a process of its own: prints
// CPU, time and memory as one line of JSON. Run in a folder laid out like the one
// of Logto's core (`cargo xtask bench logto` makes it).
//
//   node send.mjs official|bare|ours URL SENDS IN_FLIGHT [FOLDER OF THE PLUGIN]

import { createHmac, randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';

const [subject, url, count, width, plugin] = process.argv.slice(2);
const sends = Number(count);
const inFlight = Number(width);

const config = {
  accessKeyId: 'testid',
  accessKeySecret: 'testsecret',
  signName: '阿里云短信测试',
  templates: ['Register', 'SignIn', 'ForgotPassword', 'Generic'].map((usageType) => ({
    usageType,
    templateCode: { china: 'SMS_154950909', overseas: 'SMS_154950910' },
  })),
  // Ours alone reads these.
  endpoint: url,
  timeoutMs: 60_000,
};
const getConfig = async () => config;

// A copy inside the core's folder, where its imports are found; it is gone before
// anything is measured. File by file: `cpSync` would leave more of Node in memory.
const loadCopy = async (from, change) => {
  const folder = mkdtempSync(path.join(process.cwd(), 'bench-'));
  try {
    for (const name of readdirSync(from, { recursive: true })) {
      const [source, copy] = [path.join(from, name), path.join(folder, name)];
      if (statSync(source).isDirectory()) mkdirSync(copy, { recursive: true });
      else copyFileSync(source, copy);
    }
    const file = path.join(folder, 'lib/index.js');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return (await import(pathToFileURL(file).href)).default;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

// A connector as Logto's core uses it: made anew for every send.
const through = (createConnector) => async (data) => {
  const { sendMessage } = { ...(await createConnector({ getConfig })) };
  return sendMessage(data);
};

const senders = {
  // Its address is a constant: over plain HTTP the constant is another one, over
  // TLS the connection is led elsewhere and nothing of it is changed.
  async official() {
    const address = 'https://dysmsapi.aliyuncs.com/';
    if (url.startsWith('https:')) leadTo(new URL(url));
    const change = (text) => {
      if (!text.includes(address)) throw new Error('the official connector has another address now');
      return url.startsWith('https:') ? text : text.replace(address, `${url}/`);
    };
    return through(await loadCopy(path.resolve('node_modules/@logto/connector-aliyun-sms'), change));
  },

  async ours() {
    return through(await loadCopy(plugin, (text) => text));
  },

  // As little as a connector can do: the same signature as the official one's, and
  // connections that are kept.
  bare() {
    const { Agent, request } = url.startsWith('https:') ? https : http;
    const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
    const post = (body) =>
      new Promise((resolve, reject) => {
        const headers = {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        };
        const sent = request(url, { method: 'POST', agent, headers }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve(JSON.parse(text)));
          response.on('error', reject);
        });
        sent.on('error', reject);
        sent.end(body);
      });
    return async ({ to, payload }) => {
      const answer = await post(signed(to, payload.code));
      if (answer.Code !== 'OK') throw new Error(answer.Code);
      return answer;
    };
  },
};

const encode = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const signed = (to, code) => {
  const query = Object.entries({
    AccessKeyId: config.accessKeyId,
    Action: 'SendSms',
    Format: 'json',
    PhoneNumbers: to,
    RegionId: 'cn-hangzhou',
    SignName: config.signName,
    SignatureMethod: 'HMAC-SHA1',
    SignatureNonce: randomUUID(),
    SignatureVersion: '1.0',
    TemplateCode: 'SMS_154950909',
    TemplateParam: JSON.stringify({ code }),
    Timestamp: new Date().toISOString().replace(/\.\d{3}Z$/, 'Z'),
    Version: '2017-05-25',
  })
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&');
  const signature = createHmac('sha1', `${config.accessKeySecret}&`).update(`POST&%2F&${encode(query)}`).digest('base64');
  return `${query}&Signature=${encode(signature)}`;
};

const leadTo = ({ hostname, port }) => {
  const { connect } = tls;
  tls.connect = (options, ...rest) =>
    connect(options.host === 'dysmsapi.aliyuncs.com' ? { ...options, host: hostname, port: Number(port) } : options, ...rest);
};

const send = await senders[subject]();
const times = new Float64Array(sends);
let made = 0;

const repeat = async (number, note) => {
  let next = 0;
  const worker = async () => {
    while (next < number) {
      const at = next++;
      const began = performance.now();
      made += 1;
      await send({ to: '8613800138000', type: 'SignIn', payload: { code: '123456', locale: 'zh-CN' }, ip: '::ffff:127.0.0.1' });
      if (note) times[at] = performance.now() - began;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
};

// What is measured are the last nine tenths.
const unseen = Math.ceil(sends / 10);
await repeat(unseen, false);
const cpuBefore = process.cpuUsage();
await repeat(sends - unseen, true);
const cpu = process.cpuUsage(cpuBefore);
const measured = times.subarray(0, sends - unseen).sort();
const quantile = (share) => measured[Math.min(measured.length - 1, Math.floor(measured.length * share))];
if (made !== sends) throw new Error(`${made} sends`);
console.log(
  JSON.stringify({
    cpu_micros: (cpu.user + cpu.system) / measured.length,
    p50_millis: quantile(0.5),
    p99_millis: quantile(0.99),
    rss_mib: process.memoryUsage.rss() / 1048576,
    node: process.version,
  }),
);
process.exit(0);
